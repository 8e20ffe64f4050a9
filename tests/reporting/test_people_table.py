import numpy as np
import pytest

from hie_cli.core.errors import InputError
from hie_cli.reporting.people_table import read_people
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
