"""The paired comparison of trackers that ``test_published`` judges by, on made-up tracks."""

import numpy as np
import pytest

from hie_cli.core.annotations import Annotations
from hie_cli.core.types import People
from tests.support import paired

IDS = np.arange(1, 9)
BOXES = np.array([[100 * k, 0, 100 * k + 40, 100] for k in range(8)], float)
TRUTH = [Annotations(BOXES, IDS, np.zeros(8, bool)) for _ in range(10)]


def tracks(*seen, ghosts=0):
    """Ten frames in which the people ``seen`` are tracked, and ``ghosts`` that are nobody."""
    boxes = np.concatenate([BOXES[list(seen)], 900 + BOXES[:ghosts]])
    ids = np.concatenate([np.array(seen, int) + 21, 51 + np.arange(ghosts)])
    return [People(boxes, np.ones(len(boxes)), ids)] * 10


STEADY = (np.zeros((4, 2)), np.zeros((4, 2)))  # runs on shaken detections that do not differ


def clusters(found):
    return paired.clusters(TRUTH, found, IDS)


def test_sums_by_person_and_ghost():
    """Six of eight people in 10 frames: 20 missed, and 10 of a ghost, of 80: MOTA 1 - 30 / 80; 60
    right of 80 true and 70 found: IDF1 120 / 150.
    """
    found = clusters(tracks(*range(6), ghosts=1))
    assert found.errors.tolist() == [0.0] * 6 + [10.0, 10.0, 10.0]
    assert found.draw(np.ones(9)) == pytest.approx((1 - 30 / 80, 120 / 150))


def test_a_changed_id_is_an_error():
    first, then = tracks(0)[:5], [p.replace(track_ids=[77]) for p in tracks(0)[5:]]
    assert clusters(first + then).errors[0] == 1


def test_one_person_of_eight_is_no_difference():
    less, highest = paired.difference(
        clusters(tracks(*range(8))), clusters(tracks(*range(7))), 8, STEADY
    )
    assert less[0] == pytest.approx(-10 / 80)
    assert (highest >= 0).all()


def test_five_people_of_eight_are():
    less, highest = paired.difference(
        clusters(tracks(*range(8))), clusters(tracks(*range(3))), 8, STEADY
    )
    assert less[0] == pytest.approx(-50 / 80)
    assert (highest < 0).all()


def test_runs_that_differ_leave_more_open():
    """Everybody found twice, eight ghosts on one side, whose runs differ."""
    sides = clusters(tracks(*range(8))), clusters(tracks(*range(8), ghosts=8))
    _, steady = paired.difference(*sides, 8, STEADY)
    runs = np.array([[0.0, 0.0], [0.4, 0.0]])  # .2 to either side of their mean
    _, unsteady = paired.difference(*sides, 8, (STEADY[0], runs))
    assert unsteady[0] == pytest.approx(steady[0] + 0.2, abs=0.02)
    assert unsteady[1] == pytest.approx(steady[1])


def test_shaken_as_by_another_run_of_a_detector():
    rng = np.random.default_rng(0)
    people = People(np.tile([0.0, 0.0, 50.0, 100.0], (4000, 1)), np.full(4000, 0.5))
    again = paired.shaken(people, rng)
    assert 0.94 < len(again) / len(people) < 0.96
    assert again.boxes[:, 0].std() == pytest.approx(1.5, rel=0.05)  # 1.5 % of 100 px
    assert again.scores.std() == pytest.approx(0.03, rel=0.05)
