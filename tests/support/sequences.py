"""Random sequences that use every field a format may hold."""

import dataclasses

import numpy as np

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.types import FramePeople, People


def _boxes(rng: np.random.Generator, n: int) -> np.ndarray:
    corner, size = rng.uniform(0, 600, (n, 2)), rng.uniform(1, 300, (n, 2))
    return np.round(np.concatenate([corner, corner + size], 1), 2)


def _annotations(rng: np.random.Generator, frame: int) -> Annotations:
    if rng.random() < 0.3:
        nobody = Annotations.empty(annotated=bool(rng.random() < 0.5))
        return dataclasses.replace(nobody, image=f"pictures/{frame:06d}.jpg")
    n = int(rng.integers(1, 5))
    visibility = rng.integers(-1, 2, (n, 14)).astype(np.int8)
    visibility[:, 5] = 1  # every person has a visible joint
    points = np.round(rng.uniform(1, 900, (n, 14, 2)), 2)
    points[visibility < 0] = np.nan
    distractor = rng.random(n) < 0.2
    corner = rng.uniform(0, 500, (1, 2))
    return Annotations(
        _boxes(rng, n),
        rng.permutation(50)[:n],
        distractor | (rng.random(n) < 0.3),
        points,
        visibility,
        rng.integers(-1, 14, n),
        ignore_regions=(np.round(corner + [[0, 0], [9.5, 0], [9.5, 7.25]], 2),),
        head_boxes=_boxes(rng, n),
        distractor=distractor,
        areas=np.round(rng.uniform(1, 9999, n), 2),
        crowd_index=round(float(rng.uniform(0, 2)), 4),
        image=f"pictures/{frame:06d}.jpg",
    )


def random_truth(seed: int) -> TruthSequence:
    """Ground truth by seed: 1 to 6 frames, some empty, some not annotated."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 7))
    frames = tuple(_annotations(rng, t) for t in range(count))
    return TruthSequence("clip", frames, 1280, 720, 25.0)


def random_people(rng: np.random.Generator, n: int) -> People:
    points = np.round(rng.uniform(1, 900, (n, 14, 2)), 2)
    scores = np.round(rng.uniform(0.01, 1, (n, 14)), 4)
    missing = rng.random((n, 14)) < 0.2
    missing[:, 5] = False
    points[missing], scores[missing] = np.nan, 0
    return People(
        _boxes(rng, n),
        np.round(rng.uniform(0.01, 0.99, n), 4),
        rng.permutation(50)[:n],
        points,
        scores,
        np.round(rng.uniform(0, 1, (n, 14)), 4),
    )


def random_results(seed: int) -> tuple[FramePeople, ...]:
    """Results by seed: 1 to 6 frames of 0 to 4 people, the first never empty."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 7))
    return tuple(
        FramePeople(t, random_people(rng, int(rng.integers(t == 0, 5)))) for t in range(count)
    )
