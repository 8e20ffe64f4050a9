import numpy as np
import pytest

from hie_cli.recognition.kinematic.features import _agitation

TIMES = np.arange(51) / 25  # two seconds
LAG = 0.2


def outline(width, height):
    return np.column_stack((np.broadcast_to(width, 51), np.broadcast_to(height, 51))).astype(float)


def test_a_steady_change_is_no_agitation():
    """Who is covered little by little loses .3 heights a second, who comes nearer gains; only the
    ends, where means are taken of fewer rows, change at another rate.
    """
    assert _agitation(TIMES, outline(0.4, 1 - 0.3 * TIMES), LAG) < 0.05
    assert _agitation(TIMES, outline(0.4 + 0.1 * TIMES, 1 + 0.2 * TIMES), LAG) < 0.05


def test_to_and_fro_is():
    """A width that swings by .1 once a second changes by .2 pi cos: a standard deviation of .44,
    less what means over .2 s and differences .2 s apart take off: a factor of .935 each.
    """
    swinging = outline(0.4 + 0.1 * np.sin(2 * np.pi * TIMES), 1.0)
    found = _agitation(TIMES, swinging, LAG)
    assert found == pytest.approx(0.444 * 0.935**2, rel=0.1)
    # The same beside a steady change.
    both = swinging + outline(0.0, -0.3 * TIMES)
    assert _agitation(TIMES, both, LAG) == pytest.approx(found, rel=0.05)


def test_too_short_a_time_shows_none():
    assert _agitation(TIMES[:3], outline(0.4, 1.0)[:3], LAG) == 0
