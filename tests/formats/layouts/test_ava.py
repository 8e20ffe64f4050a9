from pathlib import Path

import numpy as np
import pytest

from hie_cli.core.errors import InputError
from hie_cli.formats.results import read_results
from hie_cli.formats.sequence import of_truth
from hie_cli.formats.truth import read_truth
from hie_cli.formats.writers import write as write_layout


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "ava.csv"
    path.write_text(text)
    return path


def test_nobody(tmp_path: Path) -> None:
    assert len(read_truth(write(tmp_path, ""))) == 0


def test_truth_in_pixels(tmp_path: Path) -> None:
    """0.1 of 200 px = 20; timestamps are frames, so frame 0 and 2 are annotated and 1 is not."""
    path = write(tmp_path, "v,0000,0.1,0.2,0.5,1,11,0\r\nv,0002,0,0,1,1,,5\r\n")
    sequence = read_truth(path, size=(200, 100))["v"]
    assert [f.annotated for f in sequence.frames] == [True, False, True]
    assert sequence.frames[0].boxes.tolist() == [[20, 20, 100, 100]]
    assert sequence.frames[0].actions.tolist() == [10]
    assert sequence.frames[0].track_ids.tolist() == [0]
    assert sequence.frames[2].actions.tolist() == [-1]


def test_without_a_size_the_image_is_1_by_1(tmp_path: Path) -> None:
    sequence = read_truth(write(tmp_path, "v,0,0.25,0,0.5,1,1,1\n"))["v"]
    assert (sequence.width, sequence.height) == (1, 1)
    assert sequence.frames[0].boxes.tolist() == [[0.25, 0, 0.5, 1]]


def test_seconds(tmp_path: Path) -> None:
    """0.8 s at 25 fps is frame 20."""
    sequence = read_truth(write(tmp_path, "v,0.8,0,0,1,1,1,1\n"), fps=25)["v"]
    assert len(sequence.frames) == 21


def test_results(tmp_path: Path) -> None:
    """Rows with one box are one person; a class without a row scores 0."""
    text = "v,3,0,0,.5,1,1,0.75\nv,3,0,0,.5,1,14,0.5\nv,3,0,0,.25,1,2,0.1\n"
    (item,) = read_results(write(tmp_path, text), size=(100, 100))["v"]
    assert item.index == 3
    assert len(item.people) == 2
    expected = np.zeros((2, 14))
    expected[0, [0, 13]], expected[1, 1] = (0.75, 0.5), 0.1
    np.testing.assert_array_equal(item.people.action_scores, expected)


BAD = {
    "fields": ("v,1,0,0,1\n", "line 1: 5 fields; expected video,timestamp"),
    "number": ("v,1,0,0,1,1,2,3\nv,1,0,zero,1,1,2,3\n", "line 2: y1 is 'zero'"),
    "nan": ("v,1,0,nan,1,1,2,3\n", "line 1: y1 is nan; numbers must be finite"),
    "reversed": ("v,1,0.5,0,0.4,1,2,3\n", "line 1: box 0.5,0,0.4,1; expected x1 <= x2"),
    "pixels": ("v,1,0,0,400,300,2,3\n", "fractions of the image"),
    "action": ("v,1,0,0,1,1,80,3\n", "line 1: action 80; expected HiEve's 1..14"),
    "time": ("v,1.5,0,0,1,1,1,3\n", "line 1: timestamp 1.5 is no frame number; if it is seconds"),
    "negative": ("v,-1,0,0,1,1,1,3\n", "timestamp -1"),
    "two": (
        "v,1,0,0,1,1,1,3\nv,1,0,0,1,1,2,3\n",
        "line 2: a second action for the person of line 1",
    ),
    "id": ("v,1,0,0,1,1,1,3\nv,1,0,0,.5,1,1,3\n", "line 2: person id of line 1 again"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_lines_are_named(tmp_path: Path, name: str) -> None:
    text, message = BAD[name]
    with pytest.raises(InputError) as error:
        list(read_truth(write(tmp_path, text), "ava").values())
    assert f"ava.csv: {message}" in str(error.value) or message in str(error.value)


def test_same_class_twice(tmp_path: Path) -> None:
    path = write(tmp_path, "v,1,0,0,1,1,1,0.5\nv,1,0,0,1,1,1,0.25\n")
    with pytest.raises(InputError, match="line 2: same box and action as line 1"):
        read_results(path)["v"]


def test_people_without_an_action_have_no_row(make_truth, tmp_path: Path) -> None:
    truth = make_truth(5)
    path = tmp_path / "v.csv"
    write_layout(of_truth(truth), path, layout="ava")
    rows = path.read_text()
    known = sum(int((a.actions >= 0).sum()) for a in truth.frames if a.actions is not None)
    assert len(rows.splitlines()) == known


def test_rows_of_two_columns_are_frames_with_nobody(tmp_path: Path) -> None:
    path = write(tmp_path, "v,0\nv,2,0,0,.5,1,1,1\n")
    truth = read_truth(path, size=(100, 100))["v"]
    assert [(len(f), f.annotated) for f in truth.frames] == [(0, True), (0, False), (1, True)]
    found = read_results(path, size=(100, 100))["v"]
    assert [(item.index, len(item.people)) for item in found] == [(0, 0), (2, 1)]
