import numpy as np
import pytest

from hie_cli.recognition.kinematic.motion import jitter


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
