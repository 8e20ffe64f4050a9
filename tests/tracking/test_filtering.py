import numpy as np
import pytest

from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.tracking.filtering import filtered_boxes
from hie_cli.tracking.settings import TrackConfig
from hie_cli.tracking.stage import describe, track


def test_a_box_goes_towards_the_filters_by_twice_what_its_score_lacks_and_at_most_half_way():
    """Detected at 100 to 140, in the filter 20 px to the right and as large."""
    boxes = np.tile([100.0, 100, 140, 200], (4, 1))
    centres = np.tile([140.0, 150, 40, 100], (4, 1))
    found = filtered_boxes(boxes, np.array([1.0, 0.9, 0.8, 0.1]), centres)
    assert found[:, 0] == pytest.approx([100, 104, 108, 110])
    assert found[:, 2] - found[:, 0] == pytest.approx(40)
    assert np.array_equal(found[:, 1::2], boxes[:, 1::2])


def walk(smooth, unsure):
    """Distances (T,) px between a walk of 4 px a frame and what is shown of it online; boxes jitter
    by 4 px, scores are .9 and, of every second frame, ``unsure``."""
    rng = np.random.default_rng(0)
    frames = []
    for t in range(100):
        left = 20 + 4 * t + rng.normal(0, 4)
        score = unsure if t % 2 else 0.9
        frames.append(FramePeople(t, People([[left, 100, left + 40, 200]], [score])))
    config = TrackConfig(online=True, smooth=smooth)
    video = VideoInfo("v", 640, 480, 25.0, 100)
    shown = list(track(describe(frames, config), video, config))
    return np.array([abs(f.people.boxes[0, 0] - 20 - 4 * f.index) for f in shown])


def test_online_unsure_boxes_are_filtered_and_sure_ones_stay():
    detected, filtered = walk(0.0, 0.5), walk(0.2, 0.5)
    assert np.array_equal(filtered[::2], detected[::2])
    assert filtered[1::2].mean() < 0.8 * detected[1::2].mean()
    assert np.array_equal(walk(0.2, 0.9), walk(0.0, 0.9))
