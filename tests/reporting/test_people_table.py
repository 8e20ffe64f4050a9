import numpy as np
import pytest

from hie_cli.core.errors import InputError
from hie_cli.reporting.people_table import _without_gaps, read_people
from tests.support.people_tables import box, table, write_results


def test_a_document_read_back(tmp_path):
    write_results(tmp_path, frames=40)
    told = read_people(tmp_path / "action" / "clip.json")
    assert (told.name, told.stage, told.width, told.height, told.fps) == (
        "clip",
        "action",
        320,
        240,
        10.0,
    )
    assert len(told.boxes) == 40 + 20  # person 2 comes in the second half
    assert {key: len(rows) for key, rows in told.rows_of.items()} == {1: 40, 2: 20}
    assert told.position[told.rows_of[2]].tolist() == list(range(20, 40))
    assert (told.stride, told.rate, told.seconds) == (1, 10.0, 4.0)


def test_nobody():
    told = table([], frames=3)
    assert told.rows_of == {}
    assert told.counts.tolist() == [0, 0, 0]
    assert told.best_action.tolist() == []
    assert told.action_step == 1


def test_what_an_action_stands_for_is_the_usual_step_between_scores():
    told = table([(t, 0, box(9, 99), "riding" if t % 4 == 0 else "") for t in range(13)])
    assert told.action_step == 4
    assert (told.best_action >= 0).sum() == 4  # frames 0, 4, 8 and 12
    once = table([(t, 0, box(9, 99), "" if t else "riding") for t in range(9)], frames=9)
    assert once.action_step == 9


def test_another_programs_annolist_has_its_size_from_its_boxes(tmp_path):
    path = tmp_path / "x.json"
    rect = '{"x1":[1],"y1":[2],"x2":[30.5],"y2":[40],"score":[1]}'
    path.write_text(f'{{"annolist":[{{"image":[{{"name":"7.jpg"}}],"annorect":[{rect}]}}]}}')
    told = read_people(path)
    assert (told.name, told.width, told.height, told.fps) == ("x", 31, 40, 25.0)
    assert told.frames.tolist() == [7]
    assert told.track_ids is None
    assert told.actions is None
    assert np.isclose(told.heights, [38]).all()


def test_a_broken_document(tmp_path):
    (tmp_path / "x.json").write_text('{"hie":1,"annolist":[')
    with pytest.raises(InputError, match=r"x\.json"):
        read_people(tmp_path / "x.json")


def test_frames_that_a_live_source_dropped_take_their_time():
    """Every second frame at 10 a second; 6 and 8 are missing, and all from 12 to 58."""
    frames, counts = np.array([0, 2, 4, 10, 60]), np.array([1, 1, 3, 2, 4])
    whole, people, row = _without_gaps(frames, counts, 10.0)
    assert whole.tolist() == list(range(0, 61, 2))
    assert row.tolist() == [0, 1, 2, 5, 30]
    # Three stay in 6 and 8; the two of frame 10 for two seconds, to frame 30, and then nobody.
    assert people.tolist() == [1, 1, 3, 3, 3, 2, *[2] * 10, *[0] * 14, 4]


@pytest.mark.parametrize("frames", [[], [7], [0, 2, 4], [0, 3, 5], [4, 2, 9]])
def test_frames_without_a_gap_stay_as_they_are(frames):
    counts = np.arange(len(frames))
    whole, people, row = _without_gaps(np.array(frames, np.int64), counts, 10.0)
    assert (whole.tolist(), people.tolist(), row.tolist()) == (frames, [*counts], [*counts])
