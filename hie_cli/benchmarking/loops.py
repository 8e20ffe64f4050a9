"""Simple loops over the same frames: what one writes first, to compare with."""

import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec

import numpy as np

from hie_cli.benchmarking.results import LoopSpeed
from hie_cli.core import geometry
from hie_cli.core.types import Image
from hie_cli.models import registry
from hie_cli.pipeline.settings import ChainConfig

_SURE = 0.3  # score from which the loop looks at a person
_SAME = 0.6  # IoU above which two boxes of one network are one person


def naive_loop(
    images: Sequence[Image], name: str, config: ChainConfig, device: str = "auto"
) -> LoopSpeed:
    """The preset's networks in float32, one frame and one crop after another.

    Every detector at its own size; then a crop of everybody found, if the preset has any.
    """
    detectors = [
        registry.load_detector(each, device, precision="fp32") for each in config.detect.models
    ]
    estimator = None
    if config.pose.mode != "one-pass":
        estimator = registry.load_estimator(config.pose.model, device, precision="fp32")

    def step(image: Image) -> None:
        boxes: list[np.ndarray] = []
        scores: list[np.ndarray] = []
        for detector in detectors:
            (found,) = detector.detect([image])
            boxes.append(found.boxes[found.scores >= _SURE])
            scores.append(found.scores[found.scores >= _SURE])
        every = np.concatenate(boxes)
        for k in geometry.nms(every, np.concatenate(scores), _SAME):
            if estimator is not None:
                estimator.estimate([image], [every[k : k + 1]])

    return _timed("naive", name, "same", images, step)


def peer_loops(images: Sequence[Image], name: str) -> list[LoopSpeed]:
    """Loops of other packages, where they are installed; their networks have random weights.

    Nothing is downloaded: the architecture alone decides the time a network takes (not that of
    what follows it, since random weights see nobody).
    """
    if find_spec("ultralytics") is None:
        return []
    from ultralytics import YOLO  # type: ignore[import-not-found,unused-ignore]

    model = YOLO("yolov8n-pose.yaml", verbose=False)
    return [
        _timed(
            "ultralytics yolov8n-pose",
            name,
            "random",
            images,
            lambda image: model.predict(image, verbose=False, device="cpu"),
        )
    ]


def _timed(
    loop: str, name: str, weights: str, images: Sequence[Image], step: Callable[[Image], object]
) -> LoopSpeed:
    """``step`` on every image, after one that is not counted."""
    step(images[0])
    start = time.perf_counter()
    for image in images:
        step(image)
    seconds = time.perf_counter() - start
    return LoopSpeed(
        loop, name, weights, len(images), round(seconds, 3), round(len(images) / seconds, 2)
    )
