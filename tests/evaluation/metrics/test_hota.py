"""HOTA by hand."""

import numpy as np
import pytest

from hie_cli.evaluation.metrics import hota
from hie_cli.evaluation.sequence_pairs import matrix_pairs


def sums_of(*frames):
    """Frames of (true ids, predicted ids, similarity matrix)."""
    return hota.accumulate(
        matrix_pairs(
            "x",
            [
                (i, np.array(a, int), np.array(b, int), np.array(s, float).reshape(len(a), len(b)))
                for i, (a, b, s) in enumerate(frames)
            ],
        )
    )


def test_empty():
    sums = sums_of()
    assert (sums.hota == 0).all()
    assert (sums.loc_a == 1).all()  # TrackEval's 0 / 0
    assert len(hota.ALPHAS) == 19


def test_a_track_broken_in_two():
    # One person, four frames, called 5 in three of them and 6 in one; boxes overlap by 0.8.
    sums = sums_of(*(([0], [n], [[0.8]]) for n in (5, 5, 5, 6)))
    below = hota.ALPHAS <= 0.8 + 1e-9
    assert (sums.tp == np.where(below, 4, 0)).all()
    assert sums.det_a[0] == 1
    # Each match: boxes of this pair of tracks over boxes of either track. With 5: 3 / 4 (three
    # times), with 6: 1 / 4 (once).
    assert sums.ass_a[0] == pytest.approx((3 * 3 / 4 + 1 * 1 / 4) / 4)
    assert sums.ass_re[0] == pytest.approx((3 * 3 / 4 + 1 * 1 / 4) / 4)
    assert sums.ass_pr[0] == pytest.approx((3 * 3 / 3 + 1 * 1 / 1) / 4)
    assert sums.loc_a[0] == pytest.approx(0.8)
    assert sums.hota[0] == pytest.approx(np.sqrt(1 * (3 * 3 / 4 + 1 / 4) / 4))
    assert sums.hota[~below].sum() == 0


def test_misses_and_false_positives():
    sums = sums_of(([0, 1], [7], [[1], [0]]), ([0], [7, 8], [[1, 0]]))
    assert (sums.tp[0], sums.fn[0], sums.fp[0]) == (2, 1, 1)
    assert sums.det_a[0] == 2 / 4
    assert (sums.det_re[0], sums.det_pr[0]) == (2 / 3, 2 / 3)
    assert sums.ass_a[0] == 1  # 7 and 0 are together in both frames


def test_the_track_that_fits_best_overall_is_matched():
    # In frame 0 both predictions lie on the person equally well; 5 stays, 6 does not.
    sums = sums_of(([0], [5, 6], [[0.9, 0.9]]), ([0], [5], [[0.9]]), ([0], [5], [[0.9]]))
    assert sums.ass_a[0] == 1
    assert sums.fp[0] == 1


def test_sums_add_up():
    a = sums_of(([0], [5], [[1.0]]))
    b = sums_of(([0], [5], [[0.0]]), ([0], [6], [[1.0]]))
    both = a + b
    assert (both.tp[0], both.fn[0], both.fp[0]) == (2, 1, 1)
    # b's match: 0 has two boxes, 6 one: 1 / (2 + 1 - 1).
    assert both.ass_a[0] == pytest.approx((1 + 1 / 2) / 2)
