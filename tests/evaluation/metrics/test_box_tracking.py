"""All Track 1 figures against TrackEval and motmetrics on random crowds, and their laws."""

import dataclasses

import motmetrics
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.errors import InputError
from hie_cli.core.geometry import iou
from hie_cli.core.types import FramePeople, People
from hie_cli.evaluation.metrics import box_tracking
from hie_cli.evaluation.metrics.accumulators import pooled
from tests.support import trackeval_oracle
from tests.support.annotated_crowds import annotations, crowd, people


def test_nobody_anywhere():
    sums = box_tracking.accumulate(TruthSequence("empty", ()), [])
    assert sums.clear.mota == 0
    assert sums.identity.idf1 == 0
    assert (sums.hota.hota == 0).all()
    frames = (annotations([]), annotations([]))
    sums = box_tracking.accumulate(TruthSequence("empty", frames), [FramePeople(0, People.empty())])
    assert (sums.clear.tp, sums.clear.fn, sums.clear.fp, sums.clear.frames) == (0, 0, 0, 2)


def test_one_side_empty():
    box = [[0, 0, 10, 20]]
    truth = TruthSequence("a", (annotations(box, [7]), annotations(box, [7])))
    missed = box_tracking.accumulate(truth, [])
    assert (missed.clear.fn, missed.clear.ml, missed.identity.idfn) == (2, 1, 2)
    assert (missed.hota.fn == 2).all()
    found = [FramePeople(t, people(box, [0])) for t in range(2)]
    false = box_tracking.accumulate(TruthSequence("b", (annotations([]), annotations([]))), found)
    assert (false.clear.fp, false.identity.idfp) == (2, 2)
    assert false.clear.mota == 0  # nothing to divide by
    both = missed + false
    assert both.clear.mota == 1 - (2 + 2) / 2  # misses + false positives over truth


@pytest.mark.parametrize("grid", [None, 5.0, 20.0])
@pytest.mark.parametrize("seed", range(12))
def test_equals_trackeval(seed, grid):
    truth, found = crowd(seed, persons=4 + seed, grid=grid, unannotated=0.1)
    sums = box_tracking.accumulate(truth, found)
    trackeval_oracle.assert_equal(sums, trackeval_oracle.evaluate(truth, found))


@pytest.mark.parametrize(("ignore", "benchmark"), [("drop", "MOT15"), ("match", "MOT17")])
@pytest.mark.parametrize("seed", range(8))
def test_ignored_boxes_as_in_trackeval(seed, ignore, benchmark):
    truth, found = crowd(seed, persons=10, ignored=0.3, grid=[None, 10.0][seed % 2])
    sums = box_tracking.accumulate(truth, found, ignore)
    trackeval_oracle.assert_equal(sums, trackeval_oracle.evaluate(truth, found, benchmark))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    persons=st.integers(1, 6),
    frames=st.integers(1, 8),
    grid=st.sampled_from([None, 10.0, 40.0]),
)
def test_equals_trackeval_on_small_worlds(seed, persons, frames, grid):
    truth, found = crowd(seed, frames, persons, grid=grid, size=80)
    if not all(f.people.boxes.size for f in found):  # covered above; keeps examples interesting
        return
    sums = box_tracking.accumulate(truth, found)
    theirs = trackeval_oracle.evaluate(truth, found)
    if sums.clear.tp + sums.clear.fn:  # without truth TrackEval leaves its figures unset
        trackeval_oracle.assert_equal(sums, theirs)


def test_pooled_as_in_trackeval():
    worlds = [crowd(seed, persons=5 + seed) for seed in range(5)]
    sums = pooled(box_tracking.accumulate(*world) for world in worlds)
    results = [trackeval_oracle.evaluate(*world) for world in worlds]
    trackeval_oracle.assert_equal(sums, trackeval_oracle.combined(results))


@pytest.mark.parametrize("seed", range(4))
def test_identity_equals_motmetrics(seed):
    truth, found = crowd(seed, persons=7)
    accumulator = motmetrics.MOTAccumulator(auto_id=True)
    for a, entry in zip(truth.frames, found, strict=True):
        overlap = iou(
            np.round(a.boxes.astype(float), 3), np.round(entry.people.boxes.astype(float), 3)
        )
        distance = np.where(overlap >= 0.5, 1 - overlap, np.nan)
        accumulator.update(a.track_ids, entry.people.track_ids, distance)
    names = ["idtp", "idfp", "idfn", "idf1", "idp", "idr"]
    theirs = motmetrics.metrics.create().compute(accumulator, metrics=names, return_dataframe=False)
    ours = box_tracking.accumulate(truth, found).identity
    assert [ours.idtp, ours.idfp, ours.idfn] == [theirs[n] for n in names[:3]]
    assert [ours.idf1, ours.idp, ours.idr] == pytest.approx([theirs[n] for n in names[3:]])


def perfect(truth: TruthSequence) -> list[FramePeople]:
    return [FramePeople(t, people(a.boxes, a.track_ids + 40)) for t, a in enumerate(truth.frames)]


def test_perfect_tracks_score_one():
    truth, _ = crowd(3)
    sums = box_tracking.accumulate(truth, perfect(truth))
    ids = len(np.unique(np.concatenate([a.track_ids for a in truth.frames])))
    assert (sums.clear.mota, sums.clear.motp, sums.identity.idf1) == (1, 1, 1)
    assert (sums.clear.mt, sums.clear.ml, sums.clear.idsw) == (ids, 0, 0)
    np.testing.assert_allclose(sums.hota.hota, 1)
    np.testing.assert_allclose(sums.hota.loc_a, 1)


def figures(sums: box_tracking.TrackSums) -> list[float]:
    return [sums.clear.mota, sums.clear.motp, sums.identity.idf1, *sums.hota.hota]


@pytest.mark.parametrize("seed", range(4))
def test_order_of_people_and_of_frames_is_irrelevant(seed):
    truth, found = crowd(seed)
    rng = np.random.default_rng(seed)
    shuffled = [FramePeople(f.index, f.people[rng.permutation(len(f.people))]) for f in found]
    rng.shuffle(shuffled)
    expected = figures(box_tracking.accumulate(truth, found))
    assert figures(box_tracking.accumulate(truth, shuffled)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_names_of_tracks_are_irrelevant(seed):
    truth, found = crowd(seed)
    names = np.random.default_rng(seed).permutation(10**5)[:200]
    renamed = [
        FramePeople(f.index, f.people.replace(track_ids=names[f.people.track_ids])) for f in found
    ]
    true = TruthSequence(
        truth.name,
        tuple(dataclasses.replace(a, track_ids=names[a.track_ids]) for a in truth.frames),
    )
    expected = figures(box_tracking.accumulate(truth, found))
    assert figures(box_tracking.accumulate(true, renamed)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_one_more_false_positive_only_hurts(seed):
    truth, found = crowd(seed)
    far = people([[5000, 5000, 5050, 5100]], [10**6], [1.0])
    place = len(found) // 2
    there = found[place].people
    worse = list(found)
    worse[place] = FramePeople(
        place,
        people(
            np.concatenate([there.boxes, far.boxes]),
            np.concatenate([there.track_ids, far.track_ids]),
        ),
    )
    before, after = box_tracking.accumulate(truth, found), box_tracking.accumulate(truth, worse)
    assert after.clear.fp == before.clear.fp + 1
    truth_boxes = before.clear.tp + before.clear.fn
    assert before.clear.mota - after.clear.mota == pytest.approx(1 / truth_boxes)
    assert after.identity.idf1 < before.identity.idf1
    assert (after.hota.hota <= before.hota.hota).all()


def test_wrong_input_is_named():
    truth = TruthSequence("20", (annotations([[0, 0, 9, 9]], [1]),))
    with pytest.raises(
        InputError, match=r"20: frame 3: predicted, but the truth has frames 0\.\.0"
    ):
        box_tracking.accumulate(truth, [FramePeople(3, people([[0, 0, 9, 9]], [1]))])
    box_tracking.accumulate(truth, [FramePeople(3, People.empty())])  # named, with nobody in it
    with pytest.raises(InputError, match="20: frame 0: predicted twice"):
        box_tracking.accumulate(truth, [FramePeople(0, People.empty())] * 2)
    with pytest.raises(InputError, match="20: frame 0: people without track ids"):
        box_tracking.accumulate(truth, [FramePeople(0, people([[0, 0, 9, 9]]))])
    twice = people([[0, 0, 9, 9], [5, 5, 9, 9]], [4, 4])
    with pytest.raises(InputError, match="20: frame 0: track id 4 occurs twice in the predictions"):
        box_tracking.accumulate(truth, [FramePeople(0, twice)])
    with pytest.raises(InputError, match="20: frame 0: a person of the truth has no track id"):
        box_tracking.accumulate(TruthSequence("20", (annotations([[0, 0, 9, 9]], [-1]),)), [])


def test_ignored_boxes_need_no_id():
    frame = annotations([[0, 0, 9, 9], [20, 0, 29, 9]], [-1, 3], [True, False])
    sums = box_tracking.accumulate(TruthSequence("a", (frame,)), [])
    assert sums.clear.fn == 1
