import numpy as np

from hie_cli.core.types import People, VideoInfo
from hie_cli.tracking.score_scale import ScoreScale
from hie_cli.tracking.settings import Observation, TrackConfig
from hie_cli.tracking.tracker import Tracker

VIDEO = VideoInfo("v", 640, 480, 10.0, None)
PLACES = np.array([[60.0, 100], [160, 130], [270, 90], [380, 120], [470, 100]])


def seen(t, shift=0.0, camera=None):
    """Five people, 100 px high, moved to the right by ``shift`` px."""
    corners = PLACES + [shift, 0]
    people = People(np.concatenate([corners, corners + [40, 100]], axis=1), np.full(5, 0.9))
    return Observation(t, people, camera=camera)


def test_a_sudden_jump_of_a_camera_that_stood_still_loses_nobody():
    """By 60 px, more than anybody is wide."""
    tracker = Tracker(TrackConfig(), VIDEO, ScoreScale())
    for t in range(20):
        camera = tracker.step(seen(t)).camera
        assert camera is None or not camera[:2, 2].any()
    after = tracker.step(seen(20, 60.0))
    assert after.numbers.tolist() == [1, 2, 3, 4, 5]
    assert after.camera is not None
    assert 50 < after.camera[0, 2] < 62


def test_without_the_camera_a_jump_makes_new_people():
    tracker = Tracker(TrackConfig(camera=False), VIDEO, ScoreScale())
    for t in range(20):
        tracker.step(seen(t))
    assert min(tracker.step(seen(20, 60.0)).numbers.tolist()) > 0
    assert tracker.step(seen(21, 60.0)).numbers.tolist() != [1, 2, 3, 4, 5]


def test_an_observed_camera_moves_the_tracks_of_its_chunk_alone():
    """Two chunks: one pans by 60 px a frame, as observed; in the other everybody stays."""
    tracker = Tracker(TrackConfig(), VIDEO, ScoreScale(), chunks=2)
    pan = np.array([[1.0, 0, 60], [0, 1, 0], [0, 0, 1]])
    for t in range(2):
        one, other = tracker.steps([[seen(t, 60.0 * t, pan if t else None), seen(t + 50)]])[0]
        assert one.numbers.tolist() == [1, 2, 3, 4, 5]
        assert other.numbers.tolist() == [6, 7, 8, 9, 10]
    assert one.camera is not None
    assert other.camera is None or abs(other.camera[0, 2]) < 1
