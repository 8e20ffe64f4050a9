import numpy as np
import pytest

from hie_cli.recognition.kinematic.ground import GroundLine


def people(count, eye, horizon, spread=0.0, seed=0):
    """Feet and heights of people seen from ``eye`` body heights up."""
    rng = np.random.default_rng(seed)
    feet = rng.uniform(horizon + 60, horizon + 500, count)
    return feet, (feet - horizon) / eye * (1 + spread * rng.normal(size=count))


def test_nobody_and_few_tell_nothing():
    assert np.isnan(GroundLine.empty().eye_height)
    assert np.isnan(GroundLine.empty().with_people(*people(7, 3, 100)).eye_height)


@pytest.mark.parametrize("eye", [1.0, 4.5])
def test_height_of_the_camera(eye):
    line = GroundLine.empty()
    for seed in range(10):  # people of different heights, added window by window
        line = line.with_people(*people(8, eye, 100, 0.08, seed))
    assert line.eye_height == pytest.approx(eye, rel=0.15)


def test_heights_that_do_not_follow_the_rows_tell_nothing():
    feet, heights = people(40, 3, 100)
    assert np.isnan(
        GroundLine.empty().with_people(feet, heights[::-1].mean() + 0 * feet).eye_height
    )
    assert np.isnan(GroundLine.empty().with_people(feet, -heights).eye_height)
