"""Detection figures by hand, and against pycocotools on random crowds."""

import contextlib
import io

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.errors import InputError
from hie_cli.core.types import FramePeople
from hie_cli.evaluation.metrics import detection_ap
from hie_cli.evaluation.metrics.accumulators import pooled
from hie_cli.evaluation.metrics.detection_ap import IOUS
from tests.support.annotated_crowds import annotations, crowd, people


def world(*frames, **options):
    """Frames of (true boxes, [(box, score), ...])."""
    truth = tuple(annotations(true) for true, _ in frames)
    found = [
        FramePeople(t, people([b for b, _ in seen], scores=[s for _, s in seen]))
        for t, (_, seen) in enumerate(frames)
    ]
    return detection_ap.accumulate(TruthSequence("w", truth), found, **options)


def at(x, width=10):
    return [x, 0, x + width, 20]


def test_nobody():
    sums = world()
    assert np.isnan([sums.ap(), sums.recall(), sums.miss_rate()]).all()
    false = world(([], [(at(0), 0.9)]))
    assert (false.num_truth, len(false.scores)) == (0, 1)
    assert np.isnan(false.ap(0.5))
    missed = world(([at(0)], []))
    assert (missed.ap(), missed.recall(), missed.miss_rate()) == (0, 0, 1)


def test_perfect():
    sums = world(([at(0), at(50)], [(at(0), 0.9), (at(50), 0.2)]), ([at(9)], [(at(9), 0.5)]))
    assert (sums.ap(), sums.recall()) == (1, 1)
    assert sums.miss_rate() == pytest.approx(1e-10)  # the floor that keeps the logarithm finite


def test_precision_at_101_recalls():
    # Four people; by score: right, wrong, right; two are missed.
    seen = [(at(0), 0.9), (at(500), 0.8), (at(50), 0.7)]
    sums = world(([at(0), at(50), at(100), at(150)], seen))
    # Recall 0 .. 0.25 (26 points) at precision 1, up to 0.5 (25 points) at 2/3, then 0.
    assert sums.ap(0.5) == pytest.approx((26 * 1 + 25 * 2 / 3) / 101)
    assert sums.recall(0.5) == 2 / 4
    recalls, precision = sums.curve(0.5)
    assert (recalls[25], precision[25], precision[26]) == (0.25, 1, pytest.approx(2 / 3))


def test_a_second_detection_is_false():
    sums = world(([at(0)], [(at(0), 0.5), (at(0), 0.9)]))
    right, wrong = sums.counts(0.5)
    assert (right.tolist(), wrong.tolist()) == ([1, 1], [0, 1])


def test_miss_rate():
    # Two frames, four people. Score .9 right, .8 wrong (0.5 per frame), .7 right, .6 wrong (1.0).
    seen = [(at(0), 0.9), (at(500), 0.8), (at(50), 0.7), (at(600), 0.6)]
    sums = world(([at(0), at(50), at(100)], seen), ([at(0)], []))
    # FPPI 10^-2 .. 10^-0.5 (seven points): misses 3 / 4; 10^-0.25 = 0.56 and 1: misses 2 / 4.
    assert sums.miss_rate() == pytest.approx((0.75**7 * 0.5**2) ** (1 / 9))


def test_best_detection_false_from_the_start():
    sums = world(([at(0)], [(at(500), 0.9), (at(0), 0.8)]))
    # One false positive per frame before anything is found: only the last point sees the match.
    assert sums.miss_rate() == pytest.approx((1e-10) ** (1 / 9))


def test_only_the_best_detections_of_a_frame():
    seen = [(at(500), 0.9), (at(0), 0.8)]
    assert world(([at(0)], seen), max_detections=1).recall(0.5) == 0
    assert world(([at(0)], seen), max_detections=None).recall(0.5) == 1


def test_readings_of_ignored_boxes():
    truth = TruthSequence("w", (annotations([at(0), at(100)], ignore=[False, True]),))
    seen = people([at(0), at(100), at(100), at(102, 5)], scores=[0.4, 0.9, 0.8, 0.7])
    found = [FramePeople(0, seen)]

    def wrong(reading):
        return detection_ap.accumulate(truth, found, reading).counts(0.5)[1].max()

    assert wrong("drop") == 3
    assert wrong("match") == 2  # one is absorbed
    assert wrong("crowd") == 0  # all lie inside it


def test_frames_without_labels_do_not_count():
    truth = TruthSequence("w", (annotations([], annotated=False), annotations([at(0)])))
    found = [FramePeople(0, people([at(0)])), FramePeople(1, people([at(0)]))]
    sums = detection_ap.accumulate(truth, found)
    assert (sums.frames, len(sums.scores), sums.ap()) == (1, 1, 1)


def test_unknown_frame_is_named():
    with pytest.raises(InputError, match="w: frame 2"):
        detection_ap.accumulate(TruthSequence("w", ()), [FramePeople(2, people([[0, 0, 9, 9]]))])


def coco(truth, found, reading, most):
    """pycocotools' precision (10, 101) and recall (10,) of one crowd."""
    images, objects, results = [], [], []
    for t, (a, entry) in enumerate(zip(truth.frames, found, strict=True), start=1):
        if not a.annotated:
            continue
        images.append({"id": t})
        for (x1, y1, x2, y2), ignored in zip(
            np.round(a.boxes.astype(float), 3), a.ignore, strict=True
        ):
            if ignored and reading == "drop":
                continue
            area = (x2 - x1) * (y2 - y1)
            objects.append(
                {
                    "id": len(objects) + 1,
                    "image_id": t,
                    "category_id": 1,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    # An area out of range is COCO's way to ignore an object that is no crowd.
                    "area": 1e11 if ignored and reading == "match" else area,
                    "iscrowd": int(ignored and reading == "crowd"),
                }
            )
        for (x1, y1, x2, y2), score in zip(
            np.round(entry.people.boxes.astype(float), 3), entry.people.scores, strict=True
        ):
            box = [x1, y1, x2 - x1, y2 - y1]
            results.append({"image_id": t, "category_id": 1, "bbox": box, "score": float(score)})
    with contextlib.redirect_stdout(io.StringIO()):
        data = COCO()
        data.dataset = {
            "images": images,
            "annotations": objects,
            "categories": [{"id": 1, "name": "person"}],
        }
        data.createIndex()
        evaluation = COCOeval(data, data.loadRes(results), "bbox")
        evaluation.params.maxDets = [most]
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"][:, :, 0, 0, 0], evaluation.eval["recall"][:, 0, 0, 0]


@pytest.mark.parametrize("reading", ["drop", "match", "crowd"])
@pytest.mark.parametrize("grid", [None, 10.0, 20.0])
@pytest.mark.parametrize("seed", range(5))
def test_equals_pycocotools(seed, grid, reading):
    truth, found = crowd(seed, persons=5 + 2 * seed, grid=grid, ignored=0.25, unannotated=0.1)
    most = (4, 100)[seed % 2]
    precision, recall = coco(truth, found, reading, most)
    sums = detection_ap.accumulate(truth, found, reading, most)
    np.testing.assert_allclose([sums.curve(i)[1] for i in IOUS], precision, atol=1e-9)
    np.testing.assert_allclose([sums.recall(i) for i in IOUS], recall, atol=1e-12)
    assert sums.ap() == pytest.approx(precision.mean(), abs=1e-9)


def test_pooled_is_one_long_sequence():
    worlds = [crowd(seed, 10) for seed in range(3)]
    frames = [a for truth, _ in worlds for a in truth.frames]
    found = [f for _, found in worlds for f in found]
    joined = [FramePeople(t, f.people) for t, f in enumerate(found)]
    whole = detection_ap.accumulate(TruthSequence("all", tuple(frames)), joined)
    parts = pooled(detection_ap.accumulate(*world) for world in worlds)
    assert (whole.ap(), whole.miss_rate()) == (parts.ap(), parts.miss_rate())


@pytest.mark.parametrize("seed", range(4))
def test_one_more_false_positive_only_hurts(seed):
    truth, found = crowd(seed)
    rng = np.random.default_rng(seed)
    place = int(rng.integers(len(found)))
    there = found[place].people
    worse = list(found)
    worse[place] = FramePeople(
        place,
        people(
            np.concatenate([there.boxes, [[4000, 0, 4010, 20]]]),
            scores=np.append(there.scores, rng.random()),
        ),
    )
    before = detection_ap.accumulate(truth, found)
    after = detection_ap.accumulate(truth, worse)
    assert after.ap() <= before.ap()
    assert after.recall() == before.recall()
    assert after.miss_rate() >= before.miss_rate()
