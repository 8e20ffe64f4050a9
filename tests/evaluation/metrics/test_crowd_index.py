"""Crowd Index by hand."""

import numpy as np
import pytest

from hie_cli.evaluation.metrics.crowd_index import crowd_index
from tests.support.annotated_crowds import annotations


def person(box, points, flags=None):
    """A box with some labelled joints; the rest is not annotated."""
    keypoints = np.full((14, 2), np.nan)
    keypoints[: len(points)] = np.reshape(points, (-1, 2))
    visibility = np.full(14, -1)
    visibility[: len(points)] = 1 if flags is None else flags
    return box, keypoints, visibility


def index_of(*persons, **fields):
    boxes, keypoints, visibility = zip(*persons, strict=True) if persons else ([], [], [])
    return crowd_index(
        annotations(
            boxes,
            keypoints=np.array(keypoints).reshape(-1, 14, 2),
            visibility=np.array(visibility).reshape(-1, 14),
            **fields,
        )
    )


def test_nobody():
    assert index_of() == 0
    assert crowd_index(annotations([[0, 0, 9, 9]])) == 0  # no poses at all
    assert index_of(person([0, 0, 9, 9], [])) == 0  # nothing labelled


def test_alone():
    assert index_of(person([0, 0, 10, 10], [(1, 1), (2, 2)])) == 0


def test_mean_of_intruders_over_own_joints():
    # Three of b's joints lie in a's box, one on its very edge; none of a's in b's.
    a = person([0, 0, 10, 10], [(1, 1), (2, 2)])
    b = person([8, 8, 30, 30], [(9, 9), (10, 10), (9.5, 9), (20, 20)])
    assert index_of(a, b) == pytest.approx((3 / 2 + 0 / 4) / 2)


def test_no_cap():
    a = person([0, 0, 10, 10], [(50, 50)])
    b = person([40, 40, 60, 60], [(k, k) for k in range(1, 10)])
    assert index_of(a, b) == pytest.approx((9 / 1 + 1 / 9) / 2)


def test_invisible_joints_are_labelled_and_persons_without_joints_take_no_part():
    a = person([0, 0, 10, 10], [(1, 1), (2, 2)], [1, 0])
    b = person([0, 0, 10, 10], [(3, 3)], [0])
    nobody = person([0, 0, 10, 10], [(4, 4)], [-1])
    assert index_of(a, b) == pytest.approx((1 / 2 + 2 / 1) / 2)
    assert index_of(a, b, nobody) == index_of(a, b)
    assert index_of(nobody, b, a) == index_of(a, b)
    assert index_of(a, b, ignore=[True, False]) == index_of(a, b)
