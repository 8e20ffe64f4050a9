import numpy as np
import pytest

from hie_cli.core.types import People, VideoInfo
from hie_cli.tracking.detections import detected
from hie_cli.tracking.score_scale import ScoreScale
from hie_cli.tracking.settings import Observation, TrackConfig
from hie_cli.tracking.tracker import Tracker
from tests.support.observations import observation

VIDEO = VideoInfo("v", 640, 480, 10.0, None)


def detections(*frames, seconds):
    """The detections of frames, at times in seconds since the one before."""
    boxes = np.concatenate([item.people.boxes for item in frames]).astype(float)
    noise = TrackConfig().motion
    seen = [[frame] for frame in frames]
    return detected(
        seen, boxes, np.ones(len(boxes), bool), np.ones(len(boxes)), seconds, VIDEO, noise
    )


def test_speed_is_flow_less_the_cameras_motion():
    pan = np.array(
        [[1.0, 0, -45], [0, 1, 0], [0, 0, 1]]
    )  # all that stands still moves left by 45 px
    boxes = [[300.0, 100, 340, 200], [100.0, 100, 140, 200]]
    (found,) = detections(observation(boxes, 1, [[-45, 0], [-40, 2]], pan), seconds=[0.1])
    assert np.allclose(found.speed, [[0, 0], [50, 20]])  # px/s at a tenth of a second


def test_the_flow_of_somebody_covered_is_not_theirs():
    """The taller box is nearer; it covers half of the other one, which is too much."""
    boxes = [[300.0, 100, 340, 220], [320.0, 110, 360, 210]]
    (found,) = detections(observation(boxes, 1, [[4, 0], [4, 0]]), seconds=[0.1])
    assert found.occlusion == pytest.approx([0, 0.5])
    assert found.speed[0] == pytest.approx([40, 0])
    assert np.isnan(found.speed[1]).all()


def test_people_of_other_frames_cover_nobody():
    """The same two boxes in one frame, and each in a frame of its own with an empty one between."""
    taller, behind = [300.0, 100, 340, 220], [320.0, 110, 360, 210]
    frames = [observation(boxes) for boxes in ([taller, behind], [taller], [], [behind])]
    hidden = [found.occlusion.tolist() for found in detections(*frames, seconds=[0.1] * 4)]
    assert hidden == [[0, 0.5], [0], [], [0]]


def test_frames_are_joined_in_blocks_as_one_by_one():
    rng = np.random.default_rng(0)
    walks = np.array([[100.0, 100, 140, 200], [300, 100, 350, 220]])
    seen = []
    for t in range(250):  # two blocks and a half
        walks = walks + rng.normal(0, 1, (2, 1)) + rng.normal(0, 0.5, (2, 4))
        seen.append(observation(walks[rng.random(2) < 0.9], t))
    alone, together = (Tracker(TrackConfig(), VIDEO, ScoreScale()) for _ in range(2))
    ones = [alone.step(item) for item in seen]
    for one, (other,) in zip(ones, together.steps([[item] for item in seen]), strict=True):
        assert one.numbers.tolist() == other.numbers.tolist()
        assert one.occlusion.tolist() == other.occlusion.tolist()


def test_a_detectors_box_at_the_edge_is_no_sign_of_who_was_there():
    """The same two boxes at the lower edge, once of one score and once of two."""
    low, tall = [[100.0, 470, 120, 480]], [[96.0, 420, 124, 480]]
    for scores, number in (((0.9, 0.9), 1), ((0.9, 0.8), 2)):
        tracker = Tracker(TrackConfig(), VIDEO)
        frames = [Observation(0, People(np.array(low), np.array(scores[:1])))]
        frames += [Observation(1, People(np.array(tall), np.array(scores[1:])))]
        assert [tracker.step(item).numbers.tolist() for item in frames] == [[1], [number]]
