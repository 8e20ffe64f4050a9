"""Poses on stills with ground truth: OKS AP and joints within half a head, per data set and mode.

    python benchmarks/pose.py SAMPLES [--mode ...] [--given | --own] [--preset balanced]

SAMPLES holds the pose samples (see ``stills.py``). With given boxes the people are the labelled
ones (score 1) and the detector's poses are matched to them; with own detections the whole chain
runs. OKS uses the 14 HiEve sigmas; joints a data set does not label do not count. ``near`` is the
share of labelled joints within half a head length, a missing pose counting as missed.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from stills import Still, pose_stills, run_coco

from hie_cli.core import geometry
from hie_cli.core.skeletons import NUM_JOINTS, OKS_SIGMAS
from hie_cli.core.types import Frame, People
from hie_cli.detection.stage import detect
from hie_cli.models import registry
from hie_cli.pipeline.settings import load_chain
from hie_cli.posing.settings import PoseConfig
from hie_cli.posing.stage import pose

MODES = {
    "one-pass": PoseConfig(mode="one-pass"),
    "lightning": PoseConfig(mode="top-down", model="movenet-lightning"),
    "thunder": PoseConfig(mode="top-down", model="movenet-thunder"),
    "thunder flip": PoseConfig(mode="top-down", model="movenet-thunder", flip=True),
    "multipose-crop": PoseConfig(mode="top-down", model="multipose-crop"),
    "fused": PoseConfig(),
    "fused all": PoseConfig(trust=1.0),
    "fused lightning": PoseConfig(model="movenet-lightning"),
}


def on_labelled_boxes(still: Still, found: People) -> People:
    """The labelled people with score 1 and the poses of the detections that overlap them most."""
    n = len(still.boxes)
    points, scores = np.full((n, NUM_JOINTS, 2), np.nan), np.zeros((n, NUM_JOINTS))
    overlap = geometry.iou(still.boxes, found.boxes)
    while found.keypoints is not None and overlap.max(initial=0.0) >= 0.5:
        i, j = np.unravel_index(overlap.argmax(), overlap.shape)
        points[i], scores[i] = found.keypoints[j], found.keypoint_scores[j]
        overlap[i], overlap[:, j] = 0, 0
    return People(still.boxes, np.ones(n), None, points, scores)


def oks_ap(stills: list[Still], found: list[People]) -> tuple[float, float]:
    """OKS AP and AP50 by pycocotools, people ranked by box score times mean joint score."""
    labels: list[Any] = []
    results: list[Any] = []
    for image, (still, people) in enumerate(zip(stills, found, strict=True), 1):
        for i, box in enumerate(still.boxes):
            there = np.isfinite(still.keypoints[i]).all(-1)
            row = np.column_stack((np.nan_to_num(still.keypoints[i]), 2 * there)).ravel()
            labels.append(
                {"id": len(labels) + 1, "image_id": image, "category_id": 1,
                 "keypoints": row.tolist(), "num_keypoints": int(there.sum()),
                 "area": float(still.areas[i]), "iscrowd": int(still.ignore[i]),
                 "bbox": [*box[:2].tolist(), *(box[2:] - box[:2]).tolist()]}
            )  # fmt: skip
        for points, joint_scores, score in zip(
            people.keypoints, people.keypoint_scores, people.scores, strict=True
        ):
            row = np.column_stack((np.nan_to_num(points), joint_scores)).ravel()
            results.append(
                {"image_id": image, "category_id": 1, "keypoints": row.tolist(),
                 "score": float(score * joint_scores.mean())}
            )  # fmt: skip
    stats, _ = run_coco(labels, results, len(found), "keypoints", OKS_SIGMAS)
    return stats[0], stats[1]


def near(stills: list[Still], found: list[People]) -> float:
    """Share of labelled joints that the person's pose has within half a head length."""
    hit = total = 0
    for still, people in zip(stills, found, strict=True):
        posed = on_labelled_boxes(still, people)
        distance = np.linalg.norm(posed.keypoints - still.keypoints, axis=-1)
        labelled = np.isfinite(still.keypoints).all(-1)
        hit += int((distance <= still.half_heads[:, None])[labelled].sum())
        total += int(labelled.sum())
    return hit / total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("samples", type=Path)
    parser.add_argument("--preset", default="balanced", help="for the detections")
    parser.add_argument("--mode", nargs="+", choices=list(MODES), default=list(MODES))
    boxes = parser.add_mutually_exclusive_group()
    boxes.add_argument("--given", action="store_true", help="labelled boxes only")
    boxes.add_argument("--own", action="store_true", help="own detections only")
    args = parser.parse_args()

    stills = list(pose_stills(args.samples))
    settings = replace(load_chain(args.preset, [], []).detect, segment=1)
    detectors = [registry.load_detector(name, "cpu") for name in settings.models]
    frames = [Frame(i, still.image) for i, still in enumerate(stills)]
    own = list(detect(frames, settings, detectors))
    given = [
        replace(item, people=on_labelled_boxes(still, item.people))
        for still, item in zip(stills, own, strict=True)
    ]
    groups = sorted({still.group for still in stills})
    print(f"{'boxes':6s}{'mode':16s}" + "".join(f"{g:>22s}" for g in [*groups, "all"]))
    print(f"{'':22s}" + f"{'AP   AP50  near':>22s}" * (len(groups) + 1))
    chosen = {"given": given} if args.given else {"own": own} if args.own else None
    for kind, seen in (chosen or {"given": given, "own": own}).items():
        for mode in args.mode:
            config = MODES[mode]
            one_pass = config.mode == "one-pass"
            model = None if one_pass else registry.load_estimator(config.model, "cpu")
            found = [item.people for item in pose(seen, config, model)]
            cells = []
            for group in [*groups, None]:
                rows = [i for i, s in enumerate(stills) if group in (None, s.group)]
                part, people = [stills[i] for i in rows], [found[i] for i in rows]
                ap, at50 = oks_ap(part, people)
                cells.append(f"{ap:10.3f} {at50:5.3f} {near(part, people):5.3f}")
            print(f"{kind:6s}{mode:16s}" + "".join(cells), flush=True)


if __name__ == "__main__":
    main()
