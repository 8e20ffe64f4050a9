"""OKS AP and AR against pycocotools with 14 sigmas, and by hand."""

import contextlib
import io

import numpy as np
import pytest

from hie_cli.core.annotations import Annotations
from hie_cli.core.skeletons import OKS_SIGMAS
from hie_cli.core.types import People
from hie_cli.evaluation.metrics.oks_ap import OksConfig, collect_oks, oks_ap

NAMES = (
    "AP", "AP50", "AP75", "AP_medium", "AP_large", "AR", "AR50", "AR75", "AR_medium", "AR_large"
)  # fmt: skip


def figures(frames, **options):
    return oks_ap([collect_oks(frames, OksConfig(**options))]).figures


def world(seed, frames=12):
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(frames):
        g = int(rng.integers(0, 6))
        corner = rng.uniform(0, 300, (g, 2)).round(2)
        size = rng.uniform(20, 160, (g, 2)).round(2)
        poses = (corner[:, None] + rng.random((g, 14, 2)) * size[:, None]).round(2)
        seen = rng.choice([1, 0, -1], (g, 14), p=[0.7, 0.2, 0.1])
        seen[rng.random(g) < 0.15] = -1
        poses[seen == -1] = np.nan
        truth = Annotations(
            np.concatenate([corner, corner + size], 1),
            np.arange(g),
            rng.random(g) < 0.15,
            poses,
            seen,
        )
        full = np.where(np.isnan(poses), 0.0, poses)
        found = np.concatenate([full, full[rng.random(g) < 0.3]])
        found = (found + rng.normal(0, 5, found.shape)).round(2)
        found = np.concatenate([found, rng.uniform(0, 400, (2, 14, 2)).round(2)])
        n = len(found)
        scores = rng.random(n).round(2)
        people = People(np.zeros((n, 4)), scores, None, found, np.ones((n, 14)))
        made.append((truth, people))
    return made


def coco(frames, max_people=20):
    """The same frames through pycocotools."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    images = [{"id": t} for t in range(len(frames))]
    annotations, results = [], []
    for t, (truth, people) in enumerate(frames):
        for g in range(len(truth)):
            x1, y1, x2, y2 = truth.boxes[g].astype(float).round(3)
            flags = truth.visibility[g]
            points = np.nan_to_num(truth.keypoints[g].astype(float).round(3))
            points = np.where(flags[:, None] >= 0, points, 0)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": t,
                    "category_id": 1,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": (x2 - x1) * (y2 - y1),
                    "iscrowd": int(truth.ignore[g]),
                    "keypoints": np.column_stack([points, flags + 1]).ravel().tolist(),
                    "num_keypoints": int((flags >= 0).sum()),
                }
            )
        for p in range(len(people)):
            points = people.keypoints[p].astype(float).round(3)
            results.append(
                {
                    "image_id": t,
                    "category_id": 1,
                    "keypoints": np.column_stack([points, np.ones(14)]).ravel().tolist(),
                    "score": float(people.scores[p]),
                }
            )
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "info": {}, "images": images, "annotations": annotations, "categories": [{"id": 1}]
        }  # fmt: skip
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(results), "keypoints")
        evaluation.params.kpt_oks_sigmas = OKS_SIGMAS
        evaluation.params.maxDets = [max_people]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return dict(zip(NAMES, evaluation.stats.tolist(), strict=True))


@pytest.mark.parametrize("seed", range(12))
def test_equals_pycocotools(seed):
    frames = world(seed)
    got, expected = figures(frames), coco(frames)
    assert {n: got[n] for n in NAMES} == pytest.approx(expected, abs=1e-9)


def test_two_sequences_pool_as_one():
    frames = world(3) + world(4)
    config = OksConfig()
    pooled = oks_ap([collect_oks(world(3), config), collect_oks(world(4), config)]).figures
    assert pooled == pytest.approx(figures(frames), nan_ok=True)


def one_joint(distance, area_side=100.0, **fields):
    """A person of area 10,000 px² with a nose alone, found ``distance`` px away."""
    pose = np.full((1, 14, 2), np.nan)
    pose[0, 0] = 50.0
    box = np.array([[0, 0, area_side, area_side]])
    truth = Annotations(box, [0], [False], pose, np.isfinite(pose[..., 0]) * 2 - 1, **fields)
    people = People(np.zeros((1, 4)), [0.9], None, pose + [distance, 0], np.ones((1, 14)))
    return [(truth, people)]


def test_oks_by_hand():
    # Nose: e = d² / (2 sigma)² / area / 2 = d² / 0.052² / 10000 / 2; OKS 0.6 wants e = 0.5108.
    distance = (0.5108 * 2 * 10_000 * 0.052**2) ** 0.5
    got = figures(one_joint(distance))
    # Right at 0.50, 0.55 and 0.60 of the ten thresholds (a hair below 0.6 counts no more).
    assert np.exp(-(distance**2) / 0.052**2 / 10_000 / 2) == pytest.approx(0.6, abs=1e-4)
    assert got["AP"] == pytest.approx(3 / 10, abs=1e-9)
    assert (got["AP50"], got["AP75"]) == (1.0, 0.0)


def test_stated_area_goes_before_the_box():
    assert figures(one_joint(5.0))["AP50"] == 1.0
    assert figures(one_joint(5.0, areas=[100.0]))["AP50"] == 0.0


def test_crowd_index_splits():
    easy, hard = one_joint(0.0, crowd_index=0.05), one_joint(999.0, crowd_index=0.9)
    got = figures(easy + hard)
    assert got["AP_easy_crowd"] == pytest.approx(1.0)
    assert np.isnan(got["AP_medium_crowd"])
    assert got["AP_hard_crowd"] == 0.0


def test_empty():
    assert np.isnan(list(figures([(Annotations.empty(), People.empty())]).values())).all()
    missed = [(one_joint(0.0)[0][0], People.empty())]
    assert figures(missed)["AP"] == 0.0
    assert figures(missed)["AR"] == 0.0


def test_boxes_without_a_pose_are_not_predictions():
    truth, _ = one_joint(0.0)[0]
    blank = People(np.zeros((1, 4)), [0.99], None, np.full((1, 14, 2), np.nan), np.zeros((1, 14)))
    assert figures([(truth, blank)])["AP"] == 0.0
