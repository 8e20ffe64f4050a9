import base64

import cv2
import numpy as np
import pytest

from hie_cli.core.errors import InputError
from hie_cli.reporting.events import find_events
from hie_cli.reporting.stills import frames_at, heat_picture, read_stills
from tests.support.people_tables import SIZE, box, table


@pytest.fixture
def overlay(tmp_path):
    """40 frames of a still texture with a white square that moves."""
    rng = np.random.default_rng(1)
    scene = cv2.resize(rng.integers(0, 120, (24, 32), np.uint8), SIZE)
    writer = cv2.VideoWriter(str(tmp_path / "x.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, SIZE)
    for t in range(40):
        image = np.dstack([scene] * 3)
        image[150:200, 5 * t + 20 : 5 * t + 45] = 255
        writer.write(image)
    writer.release()
    return tmp_path / "x.avi"


def picture(address):
    data = base64.b64decode(address.partition("base64,")[2])
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def test_frames_by_number(overlay):
    rows = [row for row, _ in frames_at(overlay, [0, 3, 39, 99])]
    assert rows == [0, 3, 39], "the video ends before 99"


def test_a_still_camera_its_scene_and_an_event(overlay):
    acts = ["fall-over" if t < 20 else "riding" for t in range(40)]
    told = table([(t, 0, box(32 + 5 * t, 200, 50), act) for t, act in enumerate(acts)])
    events = find_events(told)
    stills = read_stills(overlay, told, events)
    assert stills.shift < 0.002
    assert picture(stills.scene)[150:200].max() < 200, "the square is in no place for long"
    (thumb,) = stills.thumbs
    assert picture(thumb).max() > 240, "the square is the person"


def test_no_video(tmp_path):
    (tmp_path / "x.mp4").write_text("no")
    with pytest.raises(InputError):
        read_stills(tmp_path / "x.mp4", table([(0, 0, box(9, 99), "")], frames=1), [])


def test_a_heat_map_is_see_through_where_nobody_was():
    grid = np.zeros((3, 4), np.float32)
    assert picture(heat_picture(grid))[..., 3].max() == 0
    grid[0, 0] = 2
    drawn = picture(heat_picture(grid))
    assert drawn.shape == (12, 16, 4)
    assert drawn[0, 0, 3] > 200
    assert drawn[-1, -1, 3] == 0
