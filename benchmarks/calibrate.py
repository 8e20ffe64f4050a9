"""Fit what detect and pose take on trust: calibrations of scores, recall by height, joint scores.

    python benchmarks/calibrate.py SAMPLES [--video VIDEO TRUTH EVERY]... [--long-sides 256 512 ...]

SAMPLES holds the pose samples (see ``stills.py``); each --video adds every EVERY-th labelled frame
of a video with box ground truth. Every image is looked at in every size, so that one data set shows
people of many heights. Groups (each video, all stills) weigh the same; the log loss of each group
is also given for a fit that has not seen it. The figures go into ``models/packaged`` by hand.
"""

import argparse
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from stills import Still, pose_stills, video_stills

from hie_cli.core import geometry
from hie_cli.core.types import People
from hie_cli.models import registry

DETECTORS = ("nanodet", "movenet-multipose")
ESTIMATORS = ("movenet-thunder", "movenet-lightning", "multipose-crop")
EDGES = (12, 25, 40, 60, 90, 130, 200, 300, 400, 650, 1000)  # of height bins, input pixels


@dataclass
class Table:
    """Rows of (group, raw score, height in input pixels, right or found)."""

    rows: list[tuple[str, float, float, bool]] = field(default_factory=list)

    def columns(self) -> tuple[Any, Any, Any, Any]:
        """Groups, logits of the scores, u = ln(height / 100 px), and right as 0 or 1."""
        group, score, height, right = zip(*self.rows, strict=True)
        s = np.clip(np.array(score, float), 1e-4, 1 - 1e-4)
        u = np.log(np.clip(np.array(height, float), 12, 900) / 100)
        return np.array(group), np.log(s / (1 - s)), u, np.array(right, float)


def matched(people: People, boxes: Any) -> Any:
    """For each of ``people``, best first, the truth it takes at IoU >= 0.5, else -1."""
    taken = np.full(len(people), -1)
    overlap = geometry.iou(people.boxes, boxes)
    for i in np.argsort(-people.scores, kind="stable"):
        if overlap.shape[1] and overlap[i].max() >= 0.5:
            taken[i] = overlap[i].argmax()
            overlap[:, taken[i]] = 0
    return taken


def look(
    still: Still, group: str, people: People, scale: float, score: Table, found: Table, joint: Table
) -> None:
    """Add one view of one image to the tables."""
    taken = matched(people, still.boxes)
    for i, j in enumerate(taken):
        height = float(people.boxes[i, 3] - people.boxes[i, 1]) * scale
        if j >= 0 and still.ignore[j]:
            continue
        score.rows.append((group, float(people.scores[i]), height, j >= 0))
        if j >= 0 and still.keypoints is not None and people.keypoints is not None:
            add_joints(joint, still, int(j), people.keypoints[i], people.keypoint_scores[i], height)
    best = {int(j): float(people.scores[i]) for i, j in enumerate(taken)}
    for j, box in enumerate(still.boxes):
        if not still.ignore[j]:
            height = float(box[3] - box[1]) * scale
            found.rows.append((group, best.get(j, 0.0), height, j in best))


def add_joints(
    table: Table, still: Still, person: int, points: Any, scores: Any, height: float
) -> None:
    """Add one person's labelled joints."""
    distance = np.linalg.norm(points - still.keypoints[person], axis=-1)
    for k in np.flatnonzero(np.isfinite(distance)):
        near = bool(distance[k] <= still.half_heads[person])
        table.rows.append((still.group, float(scores[k]), height, near))


def fit(design: Any, right: Any, weight: Any, ridge: float = 1e-4) -> Any:
    """Logistic regression by weighted maximum likelihood, slopes held a little."""

    def loss(b: Any) -> float:
        z = design @ b
        miss = np.logaddexp(0, z) - right * z
        return float((weight * miss).sum() / weight.sum() + ridge * (b[1:] ** 2).sum())

    return minimize(loss, np.zeros(design.shape[1]), method="BFGS").x


def log_loss(design: Any, right: Any, b: Any) -> float:
    z = design @ b
    return float((np.logaddexp(0, z) - right * z).mean())


def show_fit(name: str, table: Table, terms: Any) -> Any:
    """Fit, print coefficients and per-group log loss in and out of the fit."""
    group, z, u, right = table.columns()
    design = terms(z, u)
    weight = sum((group == g) / (group == g).sum() for g in set(group))
    b = fit(design, right, weight)
    print(f"{name}: {np.round(b, 3).tolist()}  rows {len(right)}")
    for g in sorted(set(group)):
        own, rest = group == g, group != g
        line = f"  {g:12s} log loss {log_loss(design[own], right[own], b):.3f}"
        if rest.any():
            other = fit(design[rest], right[rest], weight[rest])
            line += f"  left out {log_loss(design[own], right[own], other):.3f}"
        print(line)
    return b


def show_recall(table: Table, b: Any, terms: Any) -> None:
    """Share of people found with P(true) > 0.3, by height in input pixels and group."""
    group, z, u, found = table.columns()
    seen = (found > 0) & (1 / (1 + np.exp(-(terms(z, u) @ b))) > 0.3)
    height = 100 * np.exp(u)
    for low, high in pairwise(EDGES):
        cells = []
        for g in sorted(set(group)):
            chosen = (group == g) & (height >= low) & (height < high)
            if chosen.any():
                cells.append(f"{g} {seen[chosen].mean():.2f} ({chosen.sum()})")
        print(f"  recall {low:4d}..{high:4d} px: " + "  ".join(cells))


def of_score(z: Any, u: Any) -> Any:
    return np.stack((np.ones_like(z), z, u, u * u), 1)


def of_joint(z: Any, u: Any) -> Any:
    return np.stack((np.ones_like(z), z, np.minimum(u, 0)), 1)


def of_crop(z: Any, u: Any) -> Any:
    return np.stack((np.ones_like(z), z), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("samples", type=Path)
    parser.add_argument("--video", nargs=3, action="append", default=[])
    sides = [256, 384, 512, 640, 768, 1024, 1280]
    parser.add_argument("--long-sides", type=int, nargs="+", default=sides)
    args = parser.parse_args()

    stills = [("stills", still) for still in pose_stills(args.samples)]
    for video, truth, every in args.video:
        name = Path(video).stem
        stills += [(name, s) for s in video_stills(name, Path(video), Path(truth), int(every))]

    for name in DETECTORS:
        model = registry.load_detector(name, "cpu")
        score, found, joint = Table(), Table(), Table()
        for group, still in stills:
            for side in args.long_sides:
                (people,) = model.detect([still.image], side)
                scale = side / max(still.image.shape[:2])
                look(still, group, people[people.scores > 1e-3], scale, score, found, joint)
        show_recall(found, show_fit(f"{name} score", score, of_score), of_score)
        if joint.rows:
            show_fit(f"{name} joints", joint, of_joint)

    for name in ESTIMATORS:
        crops, joint = registry.load_estimator(name, "cpu"), Table()
        for _, still in stills:
            if still.keypoints is not None:
                ((points, scores),) = crops.estimate([still.image], [still.boxes])
                for person in range(len(points)):
                    add_joints(joint, still, person, points[person], scores[person], 100.0)
        show_fit(f"{name} joints", joint, of_crop)


if __name__ == "__main__":
    main()
