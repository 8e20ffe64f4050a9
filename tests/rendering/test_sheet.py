import cv2
import numpy as np
import pytest

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.types import FramePeople, People
from hie_cli.rendering.action_memory import Doing
from hie_cli.rendering.settings import RenderConfig
from hie_cli.rendering.sheet import ContactSheet, interest, least_telling
from hie_cli.rendering.view import View
from tests.support.drawing import VIDEO, doing, person

VIEW = View(0, 0, 160, 120, 1.0, 160, 120)
FIGHTING = ACTIONS.index("fighting")


def sheet(num_frames: int, columns: int = 2, rows: int = 1) -> ContactSheet:
    config = RenderConfig(sheet_columns=columns, sheet_rows=rows, sheet_width=480)
    return ContactSheet(VIDEO, VIEW, num_frames, config)


def frame(index: int, people: People) -> FramePeople:
    return FramePeople(index, people, np.full((120, 160, 3), 90, np.uint8))


def test_interest():
    """Two people, one of them quarter covered by the other, who fights with .9."""
    pair = People(np.array([[0, 0, 20, 40], [15, 0, 35, 40]]), np.ones(2), [0, 1])
    assert interest(People.empty(), []) == 0
    assert interest(pair, []) == pytest.approx(2 + 0.25 + 0.25)
    assert interest(pair, [Doing(FIGHTING, 0.9, 0)]) == pytest.approx(2.5 + 4 * 0.9)
    assert interest(pair, [Doing(ACTIONS.index("walking-alone"), 0.9, 0)]) == pytest.approx(2.5)


def test_left_out_is_what_tells_little_or_is_close_to_another_frame():
    # all gaps are 10: 4/4 + 1.25, 1/4 + 1, 2/4 + 1.25
    assert least_telling([(4, 0), (1, 10), (2, 20)]) == 1
    # gaps 1 and 9, mean 5: 2/4 + 1.25 * 1/5, 4/4 + 5/5, 2/4 + 2
    assert least_telling([(2, 0), (4, 1), (2, 10)]) == 0


def test_the_frames_with_an_event_are_on_the_sheet():
    made = sheet(100)
    for index in range(100):
        event = doing(FIGHTING, 0.95) if 60 <= index < 65 else np.full((1, 14), np.nan)
        made.add(frame(index, person(3, action_scores=event)))
    assert any(60 <= index < 85 for index in made.indices())
    assert len(made.indices()) == 2


def test_where_nothing_differs_the_frames_are_spread():
    made = sheet(100, 2, 2)
    for index in range(100):
        made.add(frame(index, person(3)))
    gaps = np.diff(made.indices())
    assert len(gaps) == 3
    assert gaps.min() >= 12
    assert made.indices()[-1] > 60


def test_a_video_without_people_and_of_unknown_length():
    made = sheet(0)
    for index in range(30):
        made.add(frame(index, People.empty()))
    assert len(made.indices()) == 2


def test_the_sheet_is_one_picture(tmp_path):
    made = sheet(3)
    for index in range(3):
        made.add(frame(index, person(3)))
    made.save(tmp_path / "sheet.png")
    image = cv2.imread(str(tmp_path / "sheet.png"))
    assert image.shape[1] == 2 * 480
    assert image.shape[0] > 480 * 120 / 160, "a caption above the picture"


def test_no_frame_no_sheet(tmp_path):
    sheet(0).save(tmp_path / "sheet.png")
    assert list(tmp_path.iterdir()) == []
