"""pycocotools: average precision and recall of boxes, and of poses by OKS with our 14 sigmas."""

import contextlib
import io
from collections.abc import Iterable
from typing import Any

import numpy as np

from hie_cli.core.annotations import Annotations
from hie_cli.core.geometry import known
from hie_cli.core.skeletons import OKS_SIGMAS
from hie_cli.core.types import FloatArray, People
from hie_cli.evaluation.matching import decimals, true_joints
from hie_cli.evaluation.settings import DetectionConfig, EvalConfig
from hie_cli.evaluation.tracks import Loaded
from hie_cli.evaluation.verification.reference import POOLED, Figures, Reference

# Larger than any area range of COCO: how its files say that an object counts neither way.
_OUT_OF_RANGE = 1e11
# A joint that is not predicted is as far away as can be.
_NOWHERE = -1e9
_AREAS = ("all", "medium", "large")

Records = list[dict[str, Any]]


def detection(sequences: Iterable[tuple[str, Loaded]], config: EvalConfig) -> Figures:
    """Figures of boxes, all sequences pooled."""
    images, truth, found = _records(
        sequences,
        lambda true: _true_boxes(true, config.detection),
        lambda people: [{"bbox": b, "area": b[2] * b[3]} for b in _xywh(people.boxes)],
    )
    most = config.detection.max_detections or max(1, len(found))
    precision, recall = _run(images, truth, found, "bbox", most, [[0, 1e10]], ["all"])
    yield (
        POOLED,
        {
            "AP": _mean(precision),
            "AP50": _mean(precision[0]),
            "AP75": _mean(precision[5]),
            "AR": _mean(recall),
            "recall@0.5": _mean(recall[0]),
        },
    )


def poses(sequences: Iterable[tuple[str, Loaded]], config: EvalConfig) -> Figures:
    """OKS figures, all sequences pooled."""
    images, truth, found = _records(sequences, lambda true: _true_poses(true, config), _found_poses)
    ranges = [[0, 1e10], [32.0**2, 96.0**2], [96.0**2, 1e10]]
    most = config.oks.max_people
    precision, recall = _run(images, truth, found, "keypoints", most, ranges, list(_AREAS))
    figures = {}
    for a, area in enumerate(_AREAS):
        suffix = "" if area == "all" else f"_{area}"
        figures[f"OKS_AP{suffix}"] = _mean(precision[..., a])
        figures[f"OKS_AR{suffix}"] = _mean(recall[..., a])
    for name, values in (("AP", precision), ("AR", recall)):
        figures[f"OKS_{name}50"] = _mean(values[0, ..., 0])
        figures[f"OKS_{name}75"] = _mean(values[5, ..., 0])
    yield POOLED, figures


def _records(sequences: Iterable[tuple[str, Loaded]], of_truth: Any, of_people: Any) -> Any:
    """Images, true and predicted objects of all annotated frames, as COCO's records."""
    images: Records = []
    truth: Records = []
    found: Records = []
    for _, sequence in sequences:
        for true, people in sequence.frames:
            if not true.annotated:
                continue
            image = {"image_id": len(images) + 1, "category_id": 1}
            images.append({"id": len(images) + 1})
            truth += [{**image, "id": len(truth) + k, **r} for k, r in enumerate(of_truth(true), 1)]
            for record, score in zip(of_people(people), people.scores.tolist(), strict=True):
                if record:
                    own = {"id": len(found) + 1, "score": score, "iscrowd": 0}
                    found.append({**image, **own, **record})
    return images, truth, found


def _xywh(boxes: FloatArray) -> list[list[float]]:
    exact = decimals(boxes)
    rows: list[list[float]] = np.concatenate(
        [exact[:, :2], exact[:, 2:] - exact[:, :2]], axis=1
    ).tolist()
    return rows


def _true_boxes(true: Annotations, config: DetectionConfig) -> Records:
    records = []
    for box, ignored in zip(_xywh(true.boxes), true.ignore.tolist(), strict=True):
        if ignored and config.ignore == "drop":
            continue
        size = _OUT_OF_RANGE if ignored and config.ignore == "match" else box[2] * box[3]
        crowd = int(ignored and config.ignore == "crowd")
        records.append({"bbox": box, "area": size, "iscrowd": crowd})
    return records


def _true_poses(true: Annotations, config: EvalConfig) -> Records:
    has = true_joints(true, config.oks.joints)
    points = np.zeros((*has.shape, 3))
    if true.keypoints is not None:
        points[..., :2] = np.where(has[..., None], decimals(true.keypoints), 0)
    points[..., 2] = np.where(has, 2, 0)
    boxes = _xywh(true.boxes)
    stated = [float("nan")] * len(boxes) if true.areas is None else true.areas.tolist()
    return [
        {
            "bbox": box,
            "area": box[2] * box[3] * config.oks.area_factor if np.isnan(area) else area,
            "iscrowd": int(ignored),
            "keypoints": joints.ravel().tolist(),
            "num_keypoints": int((joints[:, 2] > 0).sum()),
        }
        for box, area, ignored, joints in zip(boxes, stated, true.ignore, points, strict=True)
    ]


def _found_poses(people: People) -> Records:
    """A record per person, empty for one without any joint, which is no prediction."""
    if people.keypoints is None:
        return [{} for _ in range(len(people))]
    records: Records = []
    for joints in decimals(people.keypoints):
        there = known(joints)
        if not there.any():
            records.append({})
            continue
        side = joints[there].max(axis=0) - joints[there].min(axis=0)
        filled = np.column_stack([np.where(there[:, None], joints, _NOWHERE), np.ones(14)])
        records.append({"keypoints": filled.ravel().tolist(), "area": float(side[0] * side[1])})
    return records


def _run(
    images: Records,
    truth: Records,
    found: Records,
    kind: str,
    most: int,
    ranges: list[list[float]],
    names: list[str],
) -> tuple[FloatArray, FloatArray]:
    """Precision (10, 101, A) and recall (10, A) at the area ranges; -1 where there is no truth."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    sides = []
    with contextlib.redirect_stdout(io.StringIO()):
        for records in (truth, found):
            side = COCO()
            side.dataset = {
                "images": images,
                "annotations": records,
                "categories": [{"id": 1, "name": "person"}],
            }
            side.createIndex()
            sides.append(side)
        judge = COCOeval(*sides, kind)
        judge.params.maxDets = [most]
        judge.params.areaRng, judge.params.areaRngLbl = ranges, names
        if kind == "keypoints":
            judge.params.kpt_oks_sigmas = OKS_SIGMAS
        judge.evaluate()
        judge.accumulate()
    return judge.eval["precision"][:, :, 0, :, 0], judge.eval["recall"][:, 0, :, 0]


def _mean(values: FloatArray) -> float:
    """Mean of the defined values; NaN where there is none."""
    defined = values[values > -1]
    return float(defined.mean()) if defined.size else float("nan")


REFERENCES = (
    Reference("pycocotools", "detection", detection),
    Reference("pycocotools", "2", poses),
)
