"""What the tracker is told of detections: how far each is covered."""

import numpy as np
import pytest

from hie_cli.core.types import People, VideoInfo
from hie_cli.tracking.detections import detected
from hie_cli.tracking.kalman import MotionNoise
from hie_cli.tracking.settings import Observation

VIDEO = VideoInfo("v", 1000, 1000, 25.0, None)


def covered_one_by_one(boxes: np.ndarray) -> np.ndarray:
    """The largest share of each box (N, 4) under one that ends lower, pair by pair."""
    most = np.zeros(len(boxes))
    for i, box in enumerate(boxes):
        for other in boxes:
            if other[3] > box[3]:
                low, high = np.maximum(box[:2], other[:2]), np.minimum(box[2:], other[2:])
                shared = np.prod(np.maximum(high - low, 0))
                most[i] = max(most[i], shared / max(np.prod(box[2:] - box[:2]), 1e-9))
    return most


@pytest.mark.parametrize("counts", [[0], [1], [12], [3, 0, 7, 30]])
def test_occlusion_in_several_frames_is_that_of_each_pair(counts):
    """Whole numbers, so that sides coincide too; some boxes have no width."""
    rng = np.random.default_rng(len(counts))
    frames = []
    for count in counts:
        corners = rng.integers(400, 480, (count, 2))
        frames.append(np.hstack([corners, corners + rng.integers(0, 40, (count, 2))]).astype(float))
    seen = [[Observation(t, People(b, np.ones(len(b))))] for t, b in enumerate(frames)]
    every = np.concatenate(frames)
    found = detected(
        seen,
        every,
        np.ones(len(every), bool),
        np.ones(len(every)),
        [0.04] * len(seen),
        VIDEO,
        MotionNoise(),
    )
    for there, boxes in zip(found, frames, strict=True):
        np.testing.assert_array_equal(there.occlusion, covered_one_by_one(boxes))
