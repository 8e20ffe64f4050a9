import io
from pathlib import Path

import pytest

from hie_cli.core.errors import InputError
from hie_cli.core.types import FramePeople, People
from hie_cli.formats.layouts import table, table_files
from hie_cli.formats.results import read_results
from hie_cli.formats.sequence import ResultSequence, VideoSequence, of_results
from hie_cli.formats.truth import read_truth

HEAD = "sequence,frame,person,x1,y1,x2,y2,track_id\n"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(text)
    return path


def test_nobody(tmp_path: Path) -> None:
    """A frame without people is a row with empty cells."""
    file = io.StringIO()
    clip = of_results(ResultSequence("v", (FramePeople(4, People.empty()),)))
    table_files.write_csv(table.rows_of([clip, VideoSequence("w", (), 0)]), file)
    assert file.getvalue() == "sequence,frame,person,x1,y1,x2,y2\nv,4,,,,,\n"
    (item,) = read_results(write(tmp_path, file.getvalue()))["v"]
    assert (item.index, len(item.people)) == (4, 0)


def test_rows(tmp_path: Path) -> None:
    (one, two) = read_results(write(tmp_path, HEAD + "v,1,0,1,2,3,4,0\nv,7,0,1,2,3,4,\n"))["v"]
    assert one.people.boxes.tolist() == [[1, 2, 3, 4]]
    assert one.people.track_ids.tolist() == [0]
    assert two.people.track_ids.tolist() == [-1]
    assert one.people.keypoints is None


def test_one_row_reads_as_in_a_spreadsheet(make_people) -> None:
    file = io.StringIO()
    people = make_people(0, 1)
    table_files.write_csv(
        table.rows_of([of_results(ResultSequence("v", (FramePeople(2, people),)))]), file
    )
    head, row = (line.split(",") for line in file.getvalue().splitlines())
    cells = dict(zip(head, row, strict=True))
    assert cells["sequence"] == "v"
    assert float(cells["left_shoulder_x"]) == pytest.approx(people.keypoints[0, 5, 0], abs=1e-3)
    assert float(cells["action_riding"]) == pytest.approx(people.action_scores[0, 4], abs=1e-6)


def test_unknown_action(tmp_path: Path) -> None:
    text = "sequence,frame,x1,y1,x2,y2,annotated,action\nv,0,1,1,2,2,1,flying\n"
    with pytest.raises(InputError, match="action 'flying': none of the 14"):
        read_truth(write(tmp_path, text))["v"]


def test_a_joint_without_a_place_is_not_annotated(tmp_path: Path) -> None:
    """Whatever its cell of visibility says; other layouts would have to write its place."""
    head = HEAD.replace("track_id", "track_id,annotated,nose_x,nose_y,nose_visibility")
    text = head + "v,0,0,1,2,3,4,0,1,,,1\nv,1,0,1,2,3,4,0,1,2,3,1\n"
    one, two = read_truth(write(tmp_path, text))["v"].frames
    assert one.visibility is not None
    assert two.visibility is not None
    assert (one.visibility[0, 0], two.visibility[0, 0]) == (-1, 1)
