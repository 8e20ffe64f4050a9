"""Simple loops over the same frames: what one writes first, to compare with."""

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hie_cli.benchmarking.results import LoopSpeed
from hie_cli.core import geometry
from hie_cli.core.progress import note
from hie_cli.core.types import Image
from hie_cli.models import registry
from hie_cli.pipeline.settings import ChainConfig

_SURE = 0.3  # score from which the loop looks at a person
_SAME = 0.6  # IoU above which two boxes of one network are one person
# Of rtmlib's modes: YOLOX's width and input, RTMPose's width, and the depth of both.
_RTMLIB = {"lightweight": (0.375, 416, 0.5, 0.33), "balanced": (0.75, 640, 0.75, 0.67)}
Boxes = NDArray[np.float32]


def naive_loop(
    images: Sequence[Image], name: str, config: ChainConfig, device: str = "auto"
) -> tuple[LoopSpeed, list[Boxes]]:
    """The preset's networks in float32, one frame and one crop after another; whom it saw.

    Every detector at its own size; then, if the preset has crops, one of everybody found, or of as
    many as it has. Boxes (N, 4) of each image.
    """
    detectors = [
        registry.load_detector(each, device, precision="fp32") for each in config.detect.models
    ]
    estimator, most = None, config.pose.most_crops or None
    if config.pose.mode != "one-pass":
        estimator = registry.load_estimator(config.pose.model, device, precision="fp32")

    seen: list[Boxes] = []

    def step(image: Image) -> None:
        boxes: list[np.ndarray] = []
        scores: list[np.ndarray] = []
        for detector in detectors:
            (found,) = detector.detect([image])
            boxes.append(found.boxes[found.scores >= _SURE])
            scores.append(found.scores[found.scores >= _SURE])
        every = np.concatenate(boxes)
        single = every[geometry.nms(every, np.concatenate(scores), _SAME)]
        seen.append(single)
        for box in single[:most]:
            if estimator is not None:
                estimator.estimate([image], [box[None]])

    return _timed("naive", name, "same", images, step), seen[1:]


def peer_loops(images: Sequence[Image], name: str, people: Sequence[Boxes]) -> Iterator[LoopSpeed]:
    """Loops of other packages, where they are installed; their networks have random weights.

    Nothing is downloaded: the architecture alone decides the time a network takes. Since random
    weights see nobody, top-down loops are given the boxes ``people`` (N, 4) of each image.
    """
    loops: list[tuple[str, Callable[[], LoopSpeed]]] = []
    if find_spec("rtmlib") and find_spec("onnx"):
        for mode in _RTMLIB:
            loops.append((f"rtmlib {mode}", partial(_rtmlib, images, name, people, mode)))
    if find_spec("ultralytics"):
        loops.append(("ultralytics", partial(_ultralytics, images, name)))
    for package, loop in loops:
        try:
            yield loop()
        except Exception as error:  # another package's, of whatever type
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            note(f"{package} does not run here ({reason}); left out")


def _ultralytics(images: Sequence[Image], name: str) -> LoopSpeed:
    from ultralytics import YOLO  # type: ignore[import-not-found,unused-ignore]

    model = YOLO("yolov8n-pose.yaml", verbose=False)
    return _timed(
        "ultralytics yolov8n-pose",
        name,
        "random",
        images,
        lambda image: model.predict(image, verbose=False, device="cpu"),
    )


def _rtmlib(images: Sequence[Image], name: str, people: Sequence[Boxes], mode: str) -> LoopSpeed:
    """rtmlib's own loop, as its ``Body`` of that ``mode`` runs it: YOLOX, then RTMPose a person."""
    from rtmlib import YOLOX, RTMPose  # type: ignore[import-not-found,unused-ignore]

    from hie_cli.benchmarking.peer_networks import RtmPose, Yolox, write

    wide, side, pose_wide, depth = _RTMLIB[mode]
    with tempfile.TemporaryDirectory() as folder, _quiet():  # it prints what it loads
        file = write(Yolox(wide, depth), (side, side), Path(folder) / "yolox.onnx")
        detector = YOLOX(file, (side, side))
        file = write(RtmPose(pose_wide, depth), (192, 256), Path(folder) / "rtmpose.onnx")
        pose = RTMPose(file, (192, 256))
    boxes = iter([people[0], *people])  # the first image runs once before

    def step(image: Image) -> None:
        detector(image)
        if len(found := next(boxes)):
            pose(image, bboxes=found)

    return _timed(f"rtmlib {mode}", name, "random", images, step)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what others print."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        yield


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
