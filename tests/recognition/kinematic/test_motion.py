import numpy as np
import pytest

from hie_cli.recognition.kinematic.motion import jitter, slope, slope_error


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_too_few_rows_have_no_jitter(rows):
    assert jitter(np.ones((rows, 2))) == 0


def test_steady_motion_has_no_jitter():
    times = np.arange(50.0)
    assert jitter(np.column_stack((3 * times, 100 - times))) == pytest.approx(0)


def test_noise_of_a_known_size():
    noise = np.random.default_rng(0).normal(0, 2.0, (4000, 1))
    assert jitter(noise) == pytest.approx(2.0, rel=0.05)
    # Columns add up: two of spread 2 are sqrt(8).
    both = np.random.default_rng(1).normal(0, 2.0, (4000, 2))
    assert jitter(both) == pytest.approx(8**0.5, rel=0.05)


def test_a_straight_line_has_no_error_and_three_rows_tell_none():
    times = np.arange(10.0)
    line = np.column_stack((2 * times, -times))
    assert slope_error(times, line, np.array([2.0, -1.0])) == 0
    assert slope_error(times[:3], line[:3] ** 2, np.array([2.0, -1.0])) == 0


def test_error_of_a_slope_is_what_slopes_of_noise_spread_by():
    rng = np.random.default_rng(0)
    times = np.arange(50) / 25
    found = []
    for _ in range(200):
        noise = rng.normal(0, 1.0, (50, 2))
        rate = slope(times, noise)
        found.append((rate, slope_error(times, noise, rate)))
    spread = np.std([rate for rate, _ in found])
    assert np.mean([error for _, error in found]) == pytest.approx(spread, rel=0.2)


def test_noise_that_lasts_makes_a_slope_less_sure():
    rng = np.random.default_rng(0)
    times = np.arange(50) / 25
    fresh = rng.normal(0, 1.0, (50, 2))
    lasting = np.repeat(fresh[::5], 5, axis=0)
    none = np.zeros(2)
    assert slope_error(times, lasting, none) > 1.5 * slope_error(times, fresh, none)
