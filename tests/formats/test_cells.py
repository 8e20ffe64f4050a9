import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.formats.cells import escaped, plain
from hie_cli.formats.readers import read
from hie_cli.formats.sequence import of_truth
from hie_cli.formats.writers import write


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("", ""),
        ("crowd", "crowd"),
        ("20-32", "20-32"),
        ("=1+1", "'=1+1"),
        ("+49", "'+49"),
        ("-5KQ66BBWC4", "'-5KQ66BBWC4"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("'quoted'", "'quoted'"),
        ("'=1", "''=1"),
    ],
)
def test_what_a_spreadsheet_would_run_is_escaped(text, cell):
    assert escaped(text) == cell
    assert plain(cell) == text


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="'=+-@\ta1", max_size=6))
def test_there_and_back(text):
    assert plain(escaped(text)) == text
    assert not escaped(text).startswith(("=", "+", "-", "@", "\t"))


@pytest.mark.parametrize("target", ["csv", "ava"])
@pytest.mark.parametrize("name", ["=cmd", "+1", "-5KQ66BBWC4", "-1+1", "@x", "plain"])
def test_names_that_spreadsheets_would_run_come_back(target, name, tmp_path):
    """Escaped in the file; AVA's ids, which may begin with a dash, stay."""
    labels = np.array([0])
    truth = Annotations(np.array([[10, 10, 50, 50]]), labels, np.array([False]), actions=labels)
    sequence = of_truth(TruthSequence(name, (truth,), 100, 100, 25.0))
    [path] = write(sequence, tmp_path, layout=target).files
    cells = [line.split(",")[0] for line in path.read_text().splitlines()]
    as_it_is = name == "plain" or (target == "ava" and name == "-5KQ66BBWC4")
    assert cells[-1] == (name if as_it_is else f"'{name}")
    assert read(path, size=(100, 100)).name == name
