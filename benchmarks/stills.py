"""Stills and video frames with ground truth, as the other benchmarks need them.

The pose samples are laid out as MMPose's test data: one folder per data set with its own JSON.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from hie_cli.core.skeletons import KEYPOINT_SETS, to_hieve
from hie_cli.core.types import People
from hie_cli.formats.truth import read_truth

# Data set: annotation file, image folder, keypoint set, and the two head joints if it has them.
DATA_SETS = {
    "coco": ("coco/test_coco.json", "coco", "coco17", None),
    "aic": ("aic/test_aic.json", "aic", "aic14", (12, 13)),
    "crowdpose": ("crowdpose/test_crowdpose.json", "crowdpose", "crowdpose14", (12, 13)),
    "ochuman": ("ochuman/test_ochuman.json", "ochuman", "coco17", None),
    "posetrack18": (
        "posetrack18/annotations/test_posetrack18_val.json", "posetrack18", "posetrack17", (1, 2),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Still:
    """One labelled image: boxes (N, 4) xyxy, ignore (N,), and where there are poses keypoints
    (N, 14, 2) NaN where not labelled, areas (N,) and half_heads (N,) in pixels.
    """

    group: str
    image: Any
    boxes: Any
    ignore: Any
    keypoints: Any = None
    areas: Any = None
    half_heads: Any = None


def pose_stills(root: Path) -> Iterator[Still]:
    """Every labelled image of the pose samples under ``root``."""
    for group, (labels, images, kind, head) in DATA_SETS.items():
        data = json.loads((root / labels).read_text())
        for entry in data["images"]:
            image = cv2.imread(str(root / images / entry["file_name"]))
            rows = [a for a in data["annotations"] if a["image_id"] == entry["id"]]
            if image is not None and rows:
                yield _still(group, image, rows, KEYPOINT_SETS[kind], head)


def _still(group: str, image: Any, rows: list[Any], kind: Any, head: Any) -> Still:
    boxes = np.array([r["bbox"] for r in rows], float)
    boxes[:, 2:] += boxes[:, :2]
    labels = np.array([r["keypoints"] for r in rows], float).reshape(len(rows), -1, 3)
    there = labels[..., 2] > 0
    points = np.where(there[..., None], labels[..., :2], np.nan)
    keypoints, _ = to_hieve(kind, points, labels[..., 2])
    size = boxes[:, 2:] - boxes[:, :2]
    areas = np.array([r.get("area") or 0.5 * w * h for r, (w, h) in zip(rows, size, strict=True)])
    crowd = np.array([bool(r.get("iscrowd", 0)) for r in rows])
    known = (
        None if head is None else np.linalg.norm(points[:, head[0]] - points[:, head[1]], axis=1)
    )
    return Still(group, image, boxes, crowd, keypoints, areas, half_heads(keypoints, size, known))


def half_heads(keypoints: Any, size: Any, known: Any) -> Any:
    """Half a head: as labelled, else 0.45 of the torso or 0.52 of the shoulders' width, else 0.13
    of the box's height (proportions of Winter's segment table).
    """
    torso = (keypoints[:, 2] + keypoints[:, 5] - keypoints[:, 8] - keypoints[:, 11]) / 2
    shoulders = keypoints[:, 2] - keypoints[:, 5]
    head = np.fmax(0.45 * np.linalg.norm(torso, axis=1), 0.52 * np.linalg.norm(shoulders, axis=1))
    if known is not None:
        head = np.where(np.isfinite(known) & (known > 0), known, head)
    return np.where(np.isfinite(head), head, 0.13 * size[:, 1]) / 2


def video_stills(group: str, video: Path, truth: Path, every: int = 1) -> Iterator[Still]:
    """Every ``every``-th of the frames of ``video`` that ``truth`` has boxes for."""
    (sequence,) = read_truth(truth).values()
    labelled = [t for t, a in enumerate(sequence.frames) if len(a)][::every]
    capture = cv2.VideoCapture(str(video))
    for index in range(labelled[-1] + 1):
        ok, image = capture.read()
        if ok and index in labelled:
            a = sequence.frames[index]
            yield Still(group, image, a.boxes.astype(float), a.ignore)
    capture.release()


def box_figures(found: list[People], truth: list[tuple[Any, Any]]) -> dict[str, float]:
    """AP50, AP, and recall at IoU 0.5 over everything found, by pycocotools.

    ``truth`` holds (boxes, ignore) of each image.
    """
    labels, results = [], []
    for image, (people, (boxes, ignore)) in enumerate(zip(found, truth, strict=True), 1):
        for box, ignored in zip(boxes, ignore, strict=True):
            labels.append(_box_row(image, box) | {"iscrowd": int(ignored), "id": len(labels) + 1})
        for box, score in zip(people.boxes, people.scores, strict=True):
            results.append(_box_row(image, box) | {"score": float(score)})
    stats, recall = run_coco(labels, results, len(found), "bbox")
    return {"AP50": stats[1], "AP": stats[0], "recall50": recall}


def _box_row(image: int, box: Any) -> dict[str, Any]:
    x1, y1, x2, y2 = (float(v) for v in box)
    w, h = x2 - x1, y2 - y1
    return {"image_id": image, "category_id": 1, "bbox": [x1, y1, w, h], "area": w * h}


def run_coco(
    labels: list[Any], results: list[Any], images: int, kind: str, sigmas: Any = None
) -> tuple[list[float], float]:
    """pycocotools' AP and AP50, and the recall at the lowest threshold; no limit on detections."""
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": i} for i in range(1, images + 1)],
            "categories": [{"id": 1, "name": "person"}],
            "annotations": labels,
        }
        truth.createIndex()
        if not results:
            return [0.0, 0.0], 0.0
        judge = COCOeval(truth, truth.loadRes(results), kind)
        judge.params.maxDets = [1, 10, 1000] if kind == "bbox" else [1000]
        if kind == "keypoints":
            judge.params.kpt_oks_sigmas = sigmas
        judge.evaluate()
        judge.accumulate()
    precision, recall = judge.eval["precision"], judge.eval["recall"]
    mean, at50 = (
        float(p[p > -1].mean()) for p in (precision[..., 0, -1], precision[0, ..., 0, -1])
    )
    return [mean, at50], float(recall[0, 0, 0, -1])
