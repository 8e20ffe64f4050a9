"""People and black frames for pictures."""

from dataclasses import replace

import numpy as np

from hie_cli.core.types import FramePeople, People, VideoInfo

VIDEO = VideoInfo("tiny", 160, 120, 10.0, 3)


def person(track_id: int | None = 0, **changes) -> People:
    """Somebody from (40, 20) to (80, 100), of whom nose and chest are known."""
    keypoints = np.full((1, 14, 2), np.nan)
    keypoints[0, 0], keypoints[0, 1] = (60, 30), (60, 50)
    ids = None if track_id is None else [track_id]
    people = People(
        np.array([[40, 20, 80, 100]]), np.array([0.9]), ids, keypoints, np.ones((1, 14))
    )
    return replace(people, **changes)


def doing(action: int, score: float) -> np.ndarray:
    """Scores (1, 14) of one person; the other actions share what is left."""
    scores = np.full((1, 14), (1 - score) / 13)
    scores[0, action] = score
    return scores


def crowd(count: int, seed: int, width: int = 640, height: int = 480) -> People:
    """``count`` identities at random places of a picture."""
    rng = np.random.default_rng(seed)
    size = np.stack([rng.uniform(10, 40, count), rng.uniform(40, 140, count)], axis=1)
    corner = rng.uniform(-10, (width - 20, height - 40), (count, 2))
    scores = np.tile(doing(0, 0.9), (count, 1))
    return People(
        np.concatenate([corner, corner + size], axis=1),
        np.full(count, 0.9),
        np.arange(count),
        action_scores=scores,
    )


def black(index: int = 0, people: People | None = None) -> FramePeople:
    """A black frame of ``VIDEO``."""
    return FramePeople(index, people or People.empty(), np.zeros((120, 160, 3), np.uint8))
