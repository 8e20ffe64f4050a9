"""Frame mAP by hand, against a slow reading of the AVA evaluator, and by its laws."""

import math

import numpy as np
import pytest

from hie_cli.core.annotations import Annotations
from hie_cli.core.types import ExactPeople, People
from hie_cli.evaluation.crowd_weights import ActionWeights
from hie_cli.evaluation.metrics.action_map import (
    NOBODY,
    ActionMapConfig,
    action_map,
    collect_actions,
    sampled_frames,
)
from hie_cli.evaluation.settings import EvalConfig

WALK, FIGHT = 0, 10
# A box of 10 x 10 moved right by d has IoU (10 - d) / (10 + d): 0.6 for 2.5, 0.538 for 3.
BOX = [0.0, 0.0, 10.0, 10.0]


def moved(by):
    return [by, 0.0, by + 10.0, 10.0]


def truth_of(boxes, actions, **fields):
    n = len(boxes)
    return Annotations(
        np.array(boxes, float).reshape(-1, 4), np.arange(n), fields.pop("ignore", [False] * n),
        actions=actions, **fields,
    )  # fmt: skip


def people_of(rows):
    """Rows of (box, {class: score}); classes left out get no row."""
    scores = np.full((len(rows), 14), np.nan)
    for i, (_, classes) in enumerate(rows):
        for c, score in classes.items():
            scores[i, c] = score
    boxes = np.array([box for box, _ in rows], float).reshape(-1, 4)
    return People(boxes, np.ones(len(rows)), action_scores=scores)


def run(frames, **options):
    config = ActionMapConfig(**{"stride": 1, **options})
    return action_map([collect_actions(frames, config)], config)


def test_empty():
    result = run([(truth_of([], []), people_of([]))])
    assert np.isnan(result.ap).all()
    assert np.isnan(result.mean).all()


def test_people_without_any_action_find_nothing():
    boxes_only = People(np.array([BOX]), [0.9])
    result = run([(truth_of([BOX], [WALK]), boxes_only)])
    assert result.mean.tolist() == [0.0, 0.0, 0.0]


def test_a_score_of_zero_is_no_detection():
    result = run([(truth_of([BOX], [WALK]), people_of([(BOX, {WALK: 0.0, FIGHT: 0.5})]))])
    assert result.mean.tolist() == [0.0, 0.0, 0.0]
    silent = collect_actions([(truth_of([BOX], [WALK]), people_of([(BOX, {}), (BOX, {WALK: 0})]))],
                             ActionMapConfig())  # fmt: skip
    assert silent.confusion.sum() == silent.confusion[WALK, NOBODY] == 1


def test_thresholds_by_hand():
    # IoU 7/13 = 0.538: right at 0.5, wrong at 0.6 and 0.75.
    result = run([(truth_of([BOX], [WALK]), people_of([(moved(3), {WALK: 0.9})]))])
    assert result.ap[:, WALK].tolist() == [1.0, 0.0, 0.0]
    # IoU 7.5/12.5 = 0.6 exactly counts.
    result = run([(truth_of([BOX], [WALK]), people_of([(moved(2.5), {WALK: 0.9})]))])
    assert result.ap[:, WALK].tolist() == [1.0, 1.0, 0.0]


def test_mean_is_over_classes_with_truth():
    frames = [
        (
            truth_of([BOX, moved(50)], [WALK, FIGHT]),
            people_of([(BOX, {WALK: 0.9, FIGHT: 0.8}), (moved(50), {FIGHT: 0.4})]),
        )
    ]
    result = run(frames)
    assert result.ap[0, WALK] == 1.0
    # Fighting, ranked: 0.8 on the walker is false, 0.4 true: recall 1 at precision 1/2.
    assert result.ap[0, FIGHT] == pytest.approx(1 / 2)
    assert result.mean[0] == pytest.approx((1 + 1 / 2) / 2)


def test_duplicates_wrong_or_next():
    # Two overlapping fighters; both detections overlap the first one most.
    near = [[0, 0, 10, 10], [2, 0, 12, 10]]
    found = people_of([([0, 0, 10, 10], {FIGHT: 0.9}), ([0.5, 0, 10.5, 10], {FIGHT: 0.8})])
    frames = [(truth_of(near, [FIGHT, FIGHT]), found)]
    # AVA: the second detection is false: recall 1/2 at precision 1.
    assert run(frames).ap[0, FIGHT] == pytest.approx(1 / 2)
    assert run(frames, duplicates="next").ap[0, FIGHT] == 1.0


def test_row_limit_cuts_the_lowest_scores_of_a_frame():
    frames = [(truth_of([BOX], [FIGHT]), people_of([(BOX, {WALK: 0.9, FIGHT: 0.5})]))]
    assert run(frames).ap[0, FIGHT] == 1.0
    assert run(frames, max_rows=1).ap[0, FIGHT] == 0.0


def test_unlabelled_and_ignored_people_take_their_detections_with_them():
    right = (BOX, {WALK: 0.5})
    beside = (moved(50), {WALK: 0.9})
    unlabelled = [(truth_of([BOX, moved(50)], [WALK, -1]), people_of([right, beside]))]
    ignored = [
        (truth_of([BOX, moved(50)], [WALK, WALK], ignore=[False, True]), people_of([right, beside]))
    ]
    assert run(unlabelled).ap[0, WALK] == 1.0
    assert run(ignored).ap[0, WALK] == 1.0
    assert run(unlabelled, unlabelled="wrong").ap[0, WALK] == pytest.approx(1 / 2)


def test_score_may_include_the_persons():
    people = people_of([(BOX, {WALK: 0.5}), (moved(50), {WALK: 0.6})])
    people = people.replace(scores=np.array([0.9, 0.1]))
    frames = [(truth_of([BOX], [WALK]), people)]
    assert run(frames).ap[0, WALK] == pytest.approx(1 / 2)
    assert run(frames, score="product").ap[0, WALK] == 1.0


def test_only_sampled_frames_are_scored():
    labelled, empty = truth_of([BOX], [WALK]), truth_of([], [])
    assert sampled_frames([labelled] + [empty] * 44, 20) == [0, 20, 40]
    unlabelled = Annotations.empty(annotated=False)
    assert sampled_frames([labelled] + [unlabelled] * 44, 20) == [0]
    # Labels everywhere: still every 20th.
    assert sampled_frames([labelled] * 25, 20) == [0, 20]
    # No label on the grid: the labelled frames are taken.
    assert sampled_frames([empty, labelled, empty, labelled], 20) == [1, 3]
    # A sample of its own, such as AVA's seconds from 902 on: all of it.
    assert sampled_frames([unlabelled] * 19 + [labelled] * 3, 20) == [19, 20, 21]


def test_compat_ava_counts_frames_without_truth():
    config = EvalConfig(compat="ava").effective_action
    assert (config.max_rows, config.ties, config.duplicates) == (50, "last", "wrong")
    frames = [
        (truth_of([BOX], [WALK]), people_of([(BOX, {WALK: 0.5})])),
        (Annotations.empty(annotated=False), people_of([(BOX, {WALK: 0.9})])),
    ]
    assert run(frames).ap[0, WALK] == 1.0
    assert action_map([collect_actions(frames, config)], config).ap[0, WALK] == pytest.approx(1 / 2)


def test_weighted_mean_by_hand():
    # Class weights n^-1/2: walking 4 instances -> 1/2, fighting 1 -> 1. Frame weights: people.
    walkers = [moved(50.0 * i) for i in range(4)]
    frames = [
        (truth_of(walkers, [WALK] * 4), people_of([(box, {WALK: 0.9}) for box in walkers])),
        (truth_of([BOX], [FIGHT]), people_of([(moved(50), {FIGHT: 0.9})])),
    ]
    result = run(frames, weights=ActionWeights(frame="people"))
    assert result.weighted_mean[0] == pytest.approx((1 / 2 * 1 + 1 * 0) / (1 / 2 + 1))
    assert result.mean[0] == pytest.approx((1 + 0) / 2)


def test_crowded_frames_weigh_more():
    # Walking: right in a frame of three people, missed and falsely found in a frame of one.
    three = [BOX, moved(50), moved(100)]
    frames = [
        (truth_of(three, [WALK] * 3), people_of([(box, {WALK: 0.5}) for box in three])),
        (truth_of([BOX], [WALK]), people_of([(moved(50), {WALK: 0.9})])),
    ]
    result = run(frames, weights=ActionWeights(frame="people"))
    # Weights 3 and 1: false of 1 first, then three true of 3; truth 3 * 3 + 1 = 10.
    # Precision at the end 9/10, recall 9/10; it falls nowhere on the way: area 9/10 * 9/10.
    assert result.weighted_ap[0, WALK] == pytest.approx(9 / 10 * 9 / 10)
    assert result.ap[0, WALK] == pytest.approx(3 / 4 * 3 / 4)


def test_confusion_of_matched_persons():
    frames = [
        (
            truth_of([BOX, moved(50), moved(100)], [WALK, FIGHT, FIGHT]),
            people_of(
                [
                    (BOX, {WALK: 0.2, FIGHT: 0.7}),
                    (moved(50), {FIGHT: 1.0}),
                    (moved(300), {WALK: 1.0}),
                ]
            ),
        )
    ]
    matrix = collect_actions(frames, ActionMapConfig()).confusion
    expected = np.zeros((15, 15), int)
    expected[WALK, FIGHT] = 1
    expected[FIGHT, FIGHT] = 1
    expected[FIGHT, NOBODY] = 1
    expected[NOBODY, WALK] = 1
    assert matrix.tolist() == expected.tolist()


def crowd(seed, frames=8):
    rng = np.random.default_rng(seed)
    world = []
    for _ in range(frames):
        g = int(rng.integers(1, 6))
        corner = rng.uniform(0, 60, (g, 2))
        boxes = np.concatenate([corner, corner + rng.uniform(15, 40, (g, 2))], 1)
        truth = truth_of(boxes, rng.integers(0, 14, g))
        found = np.concatenate([boxes, boxes[rng.random(g) < 0.4], boxes[:1] + 200])
        found = found + rng.normal(0, 2, found.shape)
        scores = rng.random((len(found), 14))
        world.append((truth, People(found, np.ones(len(found)), action_scores=scores)))
    return world


def slow_ava(frames, threshold, limit):
    """The AVA evaluator's protocol in plain loops: AP of each class."""

    def overlap(a, b):
        w = min(a[2], b[2]) - max(a[0], b[0])
        h = min(a[3], b[3]) - max(a[1], b[1])
        if w <= 0 or h <= 0:
            return 0.0
        area = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
        return w * h / (area - w * h)

    ranked = [[] for _ in range(14)]
    total = [0] * 14
    for truth, people in frames:
        for c in truth.actions:
            total[c] += 1
        rows = [
            (float(people.action_scores[p, c]), c, people.boxes[p].astype(float))
            for p in range(len(people))
            for c in range(14)
        ]
        rows.sort(key=lambda row: -row[0])
        taken = set()
        for score, c, box in rows[:limit] if limit else rows:
            of_class = [g for g in range(len(truth)) if truth.actions[g] == c]
            overlaps = [overlap(box, truth.boxes[g].astype(float)) for g in of_class]
            hit = False
            if overlaps and max(overlaps) >= threshold:
                g = of_class[overlaps.index(max(overlaps))]
                hit = g not in taken
                taken.add(g)
            ranked[c].append((score, hit))
    result = []
    for c in range(14):
        if total[c] == 0:
            result.append(math.nan)
            continue
        points, true = [], 0
        for n, (_, hit) in enumerate(sorted(ranked[c], key=lambda row: -row[0]), 1):
            true += hit
            points.append((true / total[c], true / n))
        area, before = 0.0, 0.0
        for i, (recall, _) in enumerate(points):
            if recall > before:
                area += (recall - before) * max(precision for _, precision in points[i:])
                before = recall
        result.append(area)
    return result


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("limit", [0, 50])
def test_equals_the_slow_reading_of_ava(seed, limit):
    world = crowd(seed)
    got = run(world, max_rows=limit)
    for k, threshold in enumerate((0.5, 0.6, 0.75)):
        expected = slow_ava(world, threshold, limit)
        np.testing.assert_allclose(got.ap[k], expected, atol=1e-9)
        assert got.mean[k] == pytest.approx(np.nanmean(expected))


@pytest.mark.parametrize("seed", range(5))
def test_perfect_is_one_and_order_does_not_matter(seed):
    world = crowd(seed)
    perfect = [
        (t, ExactPeople(t.boxes, np.ones(len(t)), action_scores=np.eye(14)[t.actions]))
        for t, _ in world
    ]
    result = run(perfect, ious=(1.0,))
    assert result.mean.tolist() == [1.0]
    assert result.weighted_mean == pytest.approx([1.0])
    rng = np.random.default_rng(seed)
    tied = [(t, p.replace(action_scores=p.action_scores.round(1))) for t, p in world]
    shuffled = [(t, p[rng.permutation(len(p))]) for t, p in tied[::-1]]
    np.testing.assert_allclose(run(tied).ap, run(shuffled).ap)


@pytest.mark.parametrize("seed", range(5))
def test_a_far_away_person_can_only_hurt(seed):
    world = crowd(seed)
    truth, people = world[0]
    more = People(
        np.concatenate([people.boxes, [[900, 900, 950, 950]]]),
        np.ones(len(people) + 1),
        action_scores=np.concatenate([people.action_scores, np.full((1, 14), 0.999)]),
    )
    before, after = run(world).ap, run([(truth, more), *world[1:]]).ap
    assert (np.nan_to_num(after) <= np.nan_to_num(before) + 1e-12).all()
