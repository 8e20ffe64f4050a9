"""An exported file beside the torch network that it was made of, on the same pictures."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.geometry import iou
from hie_cli.core.types import Image
from hie_cli.models.base import Detector, PoseEstimator

SURE = 0.3  # raw score from which a person has to be found by both
_SAME = 0.5  # overlap of one person's boxes
_SEEN = 0.3  # raw score from which a joint is compared


@dataclass(frozen=True)
class Compared:
    """Of people (or joints) that both networks see: how far they lie apart, in picture pixels.

    worst, mean: pixels · count: compared · lost, extra: people that only the torch network, or only
    the exported file, is sure of · seconds, torch_seconds: of the exported file, and of torch, the
    median a picture.
    """

    worst: float
    mean: float
    count: int
    lost: int
    extra: int
    seconds: float
    torch_seconds: float = 0.0


def of_detectors(torch_one: Detector, other: Detector, images: Sequence[Image]) -> Compared:
    """Boxes on whole pictures."""
    apart: list[float] = []
    times: list[tuple[float, float]] = []
    lost = extra = 0
    for image in images:
        started = time.perf_counter()
        (a,) = torch_one.detect([image])
        between = time.perf_counter()
        (b,) = other.detect([image])
        times.append((time.perf_counter() - between, between - started))
        overlap = iou(a.boxes, b.boxes)
        for i in np.flatnonzero(a.scores >= SURE):
            j = int(overlap[i].argmax()) if len(b) else -1
            if j < 0 or overlap[i, j] < _SAME:
                lost += 1
            else:
                apart.append(float(np.abs(a.boxes[i] - b.boxes[j]).max()))
        for k in np.flatnonzero(b.scores >= SURE):
            extra += 1 if not len(a) or overlap[:, k].max() < _SAME else 0
    return _made(apart, lost, extra, times)


def of_estimators(
    torch_one: PoseEstimator, other: PoseEstimator, images: Sequence[Image],
    boxes: Sequence[NDArray[np.floating]],
) -> Compared:  # fmt: skip
    """Joints of the people in ``boxes``, (N, 4) px of each picture."""
    apart: list[float] = []
    times: list[tuple[float, float]] = []
    lost = extra = 0
    for image, own in zip(images, boxes, strict=True):
        if not len(own):
            continue
        started = time.perf_counter()
        ((points, scores),) = torch_one.estimate([image], [own])
        between = time.perf_counter()
        ((found, chances),) = other.estimate([image], [own])
        times.append((time.perf_counter() - between, between - started))
        seen, there = scores >= _SEEN, chances >= _SEEN / 2
        lost += int((seen & ~there).sum())
        extra += int((~(scores >= _SEEN / 2) & (chances >= _SEEN)).sum())
        distance = np.linalg.norm(points - found, axis=-1)
        apart += distance[seen & there].tolist()
    return _made(apart, lost, extra, times)


def _made(apart: list[float], lost: int, extra: int, times: list[tuple[float, float]]) -> Compared:
    seconds, torch_seconds = np.median(times, axis=0) if times else (0.0, 0.0)
    return Compared(
        round(max(apart, default=0.0), 3), round(float(np.mean(apart)) if apart else 0.0, 4),
        len(apart), lost, extra, round(float(seconds), 4), round(float(torch_seconds), 4),
    )  # fmt: skip
