import numpy as np
import pytest

from hie_cli.tracking.score_scale import ScoreScale


def scale(*seen):
    """A scale of groups (count, score, height)."""
    made = ScoreScale()
    for count, score, height in seen:
        made.add(np.full(count, score), np.full(count, height))
    return made


def share(of, score, height):
    return float(of.shares(np.array([score]), np.array([height]))[0])


def test_before_anybody_was_seen_scores_are_shares():
    assert share(scale(), 0.7, 100.0) == pytest.approx(0.7)
    assert len(scale().shares(np.zeros(0), np.zeros(0))) == 0
    assert share(scale((5, 0.0, 100.0)), 0.7, 100.0) == pytest.approx(0.7)


@pytest.mark.parametrize("factor", [1.0, 0.5])
def test_the_top_follows_the_detectors_scale(factor):
    """Ten people of .8 weigh 6.4 by their squares; ninety false boxes of .1 only .9."""
    of = scale((10, 0.8 * factor, 100.0), (90, 0.1 * factor, 100.0))
    assert share(of, 0.4 * factor, 100.0) == pytest.approx(0.5)
    assert share(of, 0.9, 100.0) == 1.0


def test_it_learns_as_frames_come():
    of = scale((1, 0.3, 100.0))
    assert share(of, 0.3, 100.0) == pytest.approx(1.0)
    of.add(np.array([0.9, 0.9]), np.array([100.0, 100.0]))
    assert share(of, 0.3, 100.0) == pytest.approx(1 / 3)


def test_small_people_need_less():
    """Far people, 20 px, reach .6 where near ones, 200 px, reach .9."""
    of = scale((500, 0.9, 200.0), (500, 0.6, 20.0))
    assert share(of, 0.6, 20.0) == pytest.approx(1.0, abs=0.02)
    assert share(of, 0.6, 200.0) == pytest.approx(0.6 / 0.9, abs=0.02)


def test_where_only_weak_boxes_are_seen_the_top_is_not_theirs():
    of = scale((500, 0.9, 200.0), (20000, 0.1, 20.0))
    assert share(of, 0.1, 20.0) == pytest.approx(0.1 / (0.6 * 0.9), abs=0.01)


@pytest.mark.parametrize(("score", "doubtful"), [(1.0, False), (0.97, False), (0.9, True)])
def test_given_boxes_are_known_by_scores_that_hardly_differ(score, doubtful):
    """Half of the people at 1, half at ``score``: of the weights 1 and .97² on average .49 times
    .03 are lacking, .015; at .9 .45 times .1, .045."""
    of = scale((50, 1.0, 100.0), (50, score, 100.0))
    assert of.doubtful is doubtful
    assert not scale().doubtful
