import numpy as np
import pytest

from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.recognition.camera import CameraTracker, common_motion, path
from hie_cli.recognition.kinematic.body import steadied
from hie_cli.recognition.window import windows

VIDEO = VideoInfo("v", 1280, 720, 25.0, None)


def boxes(shift=(0.0, 0.0), heights=(60, 100, 140, 200, 80)):
    x = 100.0 + 150 * np.arange(len(heights))
    low = np.stack([x, np.full(len(x), 300.0)], 1) + shift
    return {k: np.array([*low[k], low[k, 0] + h / 3, low[k, 1] + h]) for k, h in enumerate(heights)}


def test_a_pan_moves_near_and_far_people_alike():
    assert common_motion(boxes(), boxes((12, -5))) == 12 - 5j


def test_people_who_walk_the_same_way_are_no_pan():
    before, after = boxes(), boxes()
    for k, h in enumerate((60, 100, 140, 200, 80)):
        after[k] = before[k] + np.tile([0.2 * h, 0], 2)  # each by its own height
    assert common_motion(before, after) == 0


def test_few_people_and_people_who_stand_say_nothing():
    few = dict(list(boxes((12, 0)).items())[:3])
    assert common_motion(boxes(), few) == 0
    assert common_motion(boxes(), boxes((0.5, 0))) == 0


def film(shift_of, camera=None):
    frames = []
    for t in range(50):
        now = boxes(shift_of(t))
        people = People(np.array(list(now.values())), np.ones(5), np.arange(5))
        frames.append(FramePeople(t, people, camera=None if t == 0 or camera is None else camera))
    return frames


def middle_window(frames):
    return next(w for item, w in windows(frames, VIDEO, 1.0, 1) if item.index == 25)


def test_under_a_still_camera_nothing_changes():
    window = middle_window(film(lambda t: (0, 0)))
    assert window.camera is None
    assert steadied(window.tracks[0], window.camera) is window.tracks[0]


def test_who_stands_stands_under_a_camera_that_pans():
    window = middle_window(film(lambda t: (4.0 * t, 0)))  # estimated from the boxes
    assert np.ptp(window.tracks[0].boxes[:, 0]) == 4 * 49
    steady = steadied(window.tracks[0], window.camera)
    # The first frames of a video say too little for so slow a pan.
    assert np.ptp(steady.boxes[steady.near(0.8), 0]) < 1e-6
    now = window.tracks[0].now
    assert steady.boxes[now] == pytest.approx(window.tracks[0].boxes[now])


def test_a_measured_camera_is_believed_at_once():
    pan = np.array([[1.0, 0, 4], [0, 1, 0], [0, 0, 1]])
    steady = [steadied(t, w.camera) for w in [middle_window(film(lambda t: (4.0 * t, 0), pan))]
              for t in w.tracks]  # fmt: skip
    assert all(np.ptp(track.boxes[:, 0]) < 1e-6 for track in steady)


def test_zoom_by_hand():
    # Twice as large about the origin: what was at (10, 10) is at (20, 20).
    tracker = CameraTracker(25.0)
    steps = [tracker.step(FramePeople(0, People.empty()))]
    steps.append(tracker.step(FramePeople(1, People.empty(), camera=np.diag([2.0, 2, 1]))))
    found = path(np.array([0.0, 0.04]), steps, 1)
    assert found is not None
    turn, shift = found.at(np.array([0.0]))
    assert turn[0] * (10 + 10j) + shift[0] == 20 + 20j
