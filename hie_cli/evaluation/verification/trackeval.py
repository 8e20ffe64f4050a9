"""TrackEval: CLEAR, Identity and HOTA of boxes, with its preprocessing of MOTChallenge."""

import contextlib
import io
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from hie_cli.core.annotations import Annotations
from hie_cli.core.types import FloatArray, IntArray, People
from hie_cli.evaluation.matching import decimals
from hie_cli.evaluation.settings import EvalConfig
from hie_cli.evaluation.tracks import Loaded
from hie_cli.evaluation.verification.reference import POOLED, Figures, Reference

_CLASSES = {
    "pedestrian": 1,
    "person_on_vehicle": 2,
    "static_person": 7,
    "distractor": 8,
    "reflection": 12,
}
_COUNTS = {
    "TP": "CLR_TP", "FP": "CLR_FP", "FN": "CLR_FN", "IDSW": "IDSW", "Frag": "Frag", "MT": "MT",
    "PT": "PT", "ML": "ML", "IDTP": "IDTP", "IDFP": "IDFP", "IDFN": "IDFN",
}  # fmt: skip
_RATIOS = {
    "MOTA": "MOTA", "MOTP": "MOTP", "recall": "CLR_Re", "precision": "CLR_Pr", "IDF1": "IDF1",
    "IDP": "IDP", "IDR": "IDR",
}  # fmt: skip
_MEANS = ("HOTA", "DetA", "AssA", "LocA", "DetRe", "DetPr", "AssRe", "AssPr")


def boxes(sequences: Iterable[tuple[str, Loaded]], config: EvalConfig) -> Figures:
    """Track 1 of every sequence and pooled."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        import trackeval

        options = {"THRESHOLD": config.box.iou, "PRINT_CONFIG": False}
        metrics = (
            trackeval.metrics.CLEAR(options),
            trackeval.metrics.Identity(options),
            trackeval.metrics.HOTA(),
        )
        kind = trackeval.datasets.MotChallenge2DBox
        dataset = kind.__new__(kind)
    # The benchmark whose distractors take matched detections along; ``_class_of`` names them.
    dataset.benchmark, dataset.do_preproc = "MOT17", True
    dataset.valid_class_numbers = sorted(_CLASSES.values())
    dataset.class_name_to_class_id = _CLASSES
    results: list[dict[str, Any]] = [{} for _ in metrics]
    for name, sequence in sequences:
        data = dataset.get_preprocessed_seq_data(
            _raw(name, sequence, config, dataset), "pedestrian"
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # divisions by zero of empty sequences
            found = [metric.eval_sequence(data) for metric in metrics]
        for kept, one in zip(results, found, strict=True):
            kept[name] = one
        yield name, _named(found)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pooled = [m.combine_sequences(kept) for m, kept in zip(metrics, results, strict=True)]
    yield POOLED, _named(pooled)


def _raw(name: str, sequence: Loaded, config: EvalConfig, dataset: Any) -> dict[str, Any]:
    """One sequence as its reader of files would hand it on."""
    frames = [(true, people) for true, people in sequence.frames if true.annotated]
    true_boxes = [_xywh(true.boxes) for true, _ in frames]
    found_boxes = [_xywh(people.boxes) for _, people in frames]
    return {
        "seq": name,
        "num_timesteps": len(frames),
        "gt_ids": [_numbered(true.track_ids) for true, _ in frames],
        "gt_dets": true_boxes,
        "gt_classes": [_class_of(true, config) for true, _ in frames],
        "gt_extras": [{"zero_marked": (~true.ignore).astype(int)} for true, _ in frames],
        "tracker_ids": [_ids(people) for _, people in frames],
        "tracker_dets": found_boxes,
        "tracker_classes": [np.ones(len(people), int) for _, people in frames],
        "tracker_confidences": [people.scores for _, people in frames],
        "similarity_scores": [
            dataset._calculate_similarities(a, b)
            for a, b in zip(true_boxes, found_boxes, strict=True)
        ],
    }


def _xywh(boxes: FloatArray) -> FloatArray:
    exact = decimals(boxes)
    return np.concatenate([exact[:, :2], decimals(exact[:, 2:] - exact[:, :2])], axis=1)


def _ids(people: People) -> IntArray:
    return np.zeros(0, int) if people.track_ids is None else people.track_ids


def _numbered(ids: IntArray) -> IntArray:
    """Ids that are unique in the frame; ignored people need none of their own."""
    missing = ids < 0
    return np.where(missing, 10**9 + np.cumsum(missing), ids)


def _class_of(true: Annotations, config: EvalConfig) -> IntArray:
    absorbing = true.ignore if config.ignore == "match" else np.zeros(len(true), np.bool_)
    if true.distractor is not None:
        absorbing = absorbing | true.distractor
    return np.where(absorbing, _CLASSES["distractor"], _CLASSES["pedestrian"])


def _named(found: list[dict[str, Any]]) -> dict[str, float]:
    theirs = {name: value for result in found for name, value in result.items()}
    figures = {ours: float(theirs[name]) for ours, name in (_COUNTS | _RATIOS).items()}
    return figures | {name: float(np.mean(theirs[name])) for name in _MEANS}


REFERENCES = (Reference("trackeval", "1", boxes),)
