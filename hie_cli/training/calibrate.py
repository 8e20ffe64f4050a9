"""Calibrating an imported detector or pose network on labelled videos."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.core.annotations import Annotations
from hie_cli.core.errors import ConfigError, InputError, ModelError
from hie_cli.core.progress import progress
from hie_cli.core.types import Image
from hie_cli.formats.truth import read_truth
from hie_cli.models import registry, user_models
from hie_cli.models.base import Detector, PoseEstimator
from hie_cli.models.calibration import JointCalibration, ScoreCalibration
from hie_cli.models.calibration_fit import (
    Fit,
    Samples,
    average_precision,
    fit_joints,
    fit_scores,
)  # fmt: skip
from hie_cli.models.spec import ModelSpec
from hie_cli.video.sources import VideoSource
from hie_cli.video.video_files import find_videos, video_name

LONG_SIDES = (256, 384, 512, 640, 768, 1024, 1280)
_AS_GOOD = 0.005  # average precisions nearer than this are as good as each other
_HALF_HEAD = 0.065  # of a person's height; see posing.calibration


@dataclass(frozen=True)
class Calibrated:
    """What was fitted and stored: the model's new record, the frames and people it rests on.

    ``losses``: for each fit its log loss on videos left out of it, and that of the raw scores
    (None for one video) · ``precision``: of a detector, its average precision at IoU 0.5 by long
    side (None: its only size), the mean over the videos.
    """

    spec: ModelSpec
    frames: int
    people: int
    losses: Mapping[str, tuple[float | None, float | None]]
    precision: Mapping[int | None, float] = field(default_factory=dict)


def calibrate_model(
    name: str,
    truth: Path | str,
    video: Sequence[str | Path],
    *,
    frames: int = 60,
    sizes: bool = False,
    device: str = "auto",
) -> Calibrated:
    """Fit what the scores of the imported model ``name`` mean and store it with the model.

    Scores and recall by height of a detector, joint scores of whatever sees poses. A detector of
    any size gets the size at which its average precision is best, one pass a frame; with ``sizes``
    its cost is measured, and the detect stage chooses one or several sizes within its budget.
    ``truth`` holds boxes (for poses, keypoints) of the videos, matched by name; of each, ``frames``
    labelled ones are looked at, spread evenly. Raises ModelError for a packaged model or one of
    another task, InputError where truth and videos do not meet or show too few people.
    """
    spec = registry.find(name)
    if spec.packaged or user_models.find(name) is None:
        raise ModelError(f"model {name!r} is not an imported one; only those are calibrated")
    if frames < 1:
        raise ConfigError(f"--frames {frames}: expected 1 or more")
    labelled = list(_labelled(Path(truth), [str(each) for each in video], frames))
    samples, people = Samples(), sum(int((~a.ignore).sum()) for _, _, a in labelled)
    cost, by_side = None, {}
    if spec.task == "detect":
        detector = registry.load_detector(name, device)
        by_side = {side: Samples() for side in (LONG_SIDES if spec.input.any_size else (None,))}
        for group, image, annotations in progress(labelled, f"calibrate {name}"):
            for side, own in by_side.items():
                _look(own, detector, group, image, annotations, side)
        for own in by_side.values():
            samples.extend(own)
        cost = _cost(detector, labelled[0][1]) if spec.input.any_size and sizes else None
    elif spec.task == "pose":
        estimator = registry.load_estimator(name, device)
        for group, image, annotations in labelled:
            _pose(samples, estimator, group, image, annotations)
    else:
        raise ModelError(f"model {name!r} is for {spec.task}; nothing is calibrated there")
    return _stored(name, spec, samples, by_side, cost, len(labelled), people)


def _labelled(
    truth: Path, patterns: Sequence[str], most: int
) -> Iterator[tuple[str, Image, Annotations]]:
    """Video name, image and labels of the chosen frames of every video with truth."""
    sequences = read_truth(truth)
    any_seen = False
    for path in find_videos(patterns):
        name = video_name(path)
        if name not in sequences and len(sequences) == 1 and len(patterns) == 1:
            name = next(iter(sequences))
        if name not in sequences:
            continue
        annotated = sequences[name].frames
        there = [t for t, each in enumerate(annotated) if each.annotated and len(each)]
        picks = np.linspace(0, len(there) - 1, min(most, len(there))).round().astype(int)
        chosen = {there[i] for i in picks}
        for frame in VideoSource(path):
            if frame.index in chosen:
                any_seen = True
                yield name, frame.image, annotated[frame.index]
            if chosen and frame.index >= max(chosen):
                break
    if not any_seen:
        raise InputError(
            f"{truth}: holds labels of none of the videos; give those of its sequences "
            f"({', '.join(list(sequences)[:5])})"
        )


def _look(
    samples: Samples, model: Detector, group: str, image: Image, truth: Annotations,
    side: int | None,
) -> None:  # fmt: skip
    (found,) = model.detect([image], side)
    scale = model.spec.input.scale(image.shape[:2], side)
    taken = samples.add_people(group, found, truth.boxes, truth.ignore, scale)
    if found.keypoints is None or found.keypoint_scores is None or truth.keypoints is None:
        return
    for i, j in enumerate(taken):
        if j >= 0:
            height = float(truth.boxes[j, 3] - truth.boxes[j, 1])
            samples.add_joints(
                group, found.keypoints[i], found.keypoint_scores[i], truth.keypoints[j],
                _HALF_HEAD * height, height * scale,
            )  # fmt: skip


def _pose(
    samples: Samples, model: PoseEstimator, group: str, image: Image, truth: Annotations
) -> None:
    if truth.keypoints is None:
        return
    ((points, scores),) = model.estimate([image], [truth.boxes])
    for i, box in enumerate(truth.boxes):
        near = _HALF_HEAD * float(box[3] - box[1])
        samples.add_joints(group, points[i], scores[i], truth.keypoints[i], near, 100.0)


def _cost(model: Detector, image: Image) -> float:
    """CPU time per megapixel over NanoDet's, at a long side of 640, the least of three rounds.

    Of one thread each: on a busy machine the clock on the wall measures the neighbours.
    """
    times = []
    for name in ("nanodet", model.name):
        each = registry.load_detector(name, "cpu", threads=1)
        rounds = []
        for _ in range(4):
            start = time.process_time()
            each.detect([image], 640)
            rounds.append(time.process_time() - start)
        times.append(min(rounds[1:]))
    return round(max(times[1] / times[0], 0.01), 2)


def _stored(
    name: str, spec: ModelSpec, samples: Samples, by_side: Mapping[int | None, Samples],
    cost: float | None, frames: int, people: int,
) -> Calibrated:  # fmt: skip
    fits: dict[str, Fit | None] = {
        "scores": fit_scores(samples, spec.score),
        "joints": fit_joints(samples, crops=spec.task == "pose"),
    }
    if not any(fits.values()):
        raise InputError(
            f"model {name!r}: {frames} frames with {people} people (and {len(samples.joints)} "
            "labelled joints seen) are too few to fit anything; give more labelled frames"
        )
    changes: dict[str, Any] = {}
    for fit in fits.values():
        if fit is not None and isinstance(fit.record, ScoreCalibration):
            changes["score_calibration"] = list(fit.record.coefficients)
            changes["recall"] = list(fit.record.recall)
            changes["raw_weight"] = fit.record.raw_weight
        if fit is not None and isinstance(fit.record, JointCalibration):
            changes["joint_calibration"] = list(fit.record.coefficients)
    changes["cost"] = cost or 0.0
    precision: dict[int | None, float] = {}
    if fits["scores"] is not None:
        side, precision = _best_side(by_side, fits["scores"].record)
        if side is not None:
            changes["input_size"] = [side, side]
    losses = {key: (f.left_out, f.raw) for key, f in fits.items() if f is not None}
    return Calibrated(user_models.change(name, changes), frames, people, losses, precision)


def _best_side(
    by_side: Mapping[int | None, Samples], record: ScoreCalibration
) -> tuple[int | None, dict[int | None, float]]:
    """The long side of the best average precision (of near equals the smallest), and all."""
    precision = {side: average_precision(own, record) for side, own in by_side.items()}
    enough = max(precision.values()) - _AS_GOOD
    return next(side for side, value in precision.items() if value >= enough), precision
