"""Two classes that a small pose stream can tell apart within a few steps."""

import numpy as np
import torch

from hie_cli.core.types import People
from hie_cli.recognition.learned.pose_clips import PoseClip
from hie_cli.recognition.learned.pose_stream import PoseStream
from hie_cli.training.action.samples import Sample
from hie_cli.training.action.settings import TrainConfig

CONFIG = TrainConfig(epochs=4, batch=8, learning_rate=0.01)


def samples(count, seed=0):
    """Two classes told apart by the sign of one box channel."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        labels = rng.integers(0, 2, 3)
        boxes = rng.normal(0, 0.3, (3, 5, 8)).astype(np.float32)
        boxes[..., 4] += np.where(labels, 1.0, -1.0)[:, None]
        clip = PoseClip(
            np.zeros((3, 5, 14, 6), np.float32), boxes, np.zeros((3, 3, 11), np.float32)
        )
        place = np.arange(3)[:, None] * 20 + np.array([0.0, 0, 9, 9])
        out.append(Sample(clip, labels, People(place, np.ones(3))))
    return out


def network():
    torch.manual_seed(5)
    return PoseStream(width=16, channels=(4, 4))
