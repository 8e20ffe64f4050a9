"""The notebook's cells run in order, as Jupyter would run them, without Jupyter."""

import json

import pytest

from tests.support.paths import ROOT

PATH = ROOT / "notebooks" / "quickstart.ipynb"


def test_the_notebook_runs(monkeypatch, capsys):
    from hie_cli.core import libraries

    libraries.matplotlib()
    notebook = json.loads(PATH.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(cells) > 5
    monkeypatch.chdir(PATH.parent)
    session: dict[str, object] = {}
    for number, cell in enumerate(cells):
        exec(compile("".join(cell["source"]), f"{PATH.name}: cell {number}", "exec"), session)
    assert "HOTA" in capsys.readouterr().out


def test_no_output_is_committed():
    """Pictures of a clip and paths of a machine do not belong into the repository."""
    notebook = json.loads(PATH.read_text(encoding="utf-8"))
    kept = [cell.get("outputs") or cell.get("execution_count") for cell in notebook["cells"]]
    if any(kept):
        pytest.fail("clear the notebook's outputs")
