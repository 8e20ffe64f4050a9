"""Time stamps of a source against the clock of this machine."""

import pytest

from hie_cli.video.stream_clock import StreamClock, measured_rate


def test_stamps_count_from_the_first_arrival_and_tell_bursts_apart():
    clock = StreamClock()
    arrivals = [1.0, 1.5, 1.5, 1.5]  # the network held three frames back
    stamps = [100.0, 100.1, 100.2, 100.3]
    times = [clock.seconds(s, a) for s, a in zip(stamps, arrivals, strict=True)]
    assert times == pytest.approx([1.0, 1.1, 1.2, 1.3])


def test_without_stamps_a_frame_is_taken_when_it_arrives():
    clock = StreamClock()
    assert [clock.seconds(None, a) for a in (0.0, 0.25, 0.2)] == [0.0, 0.25, 0.25]


@pytest.mark.parametrize("stamp", [0.0, 500.0])
def test_stamps_that_jump_count_anew(stamp):
    clock = StreamClock()
    clock.seconds(100.0, 0.0)
    assert clock.seconds(stamp, 3.0) == pytest.approx(3.0)
    assert clock.seconds(stamp + 0.1, 3.4) == pytest.approx(3.1)


def test_a_restart_counts_anew_and_never_backwards():
    clock = StreamClock()
    clock.seconds(5.0, 0.0)
    clock.seconds(7.0, 0.5)  # early: two seconds after the first
    clock.restart()
    assert clock.seconds(7.5, 1.0) == pytest.approx(2.0)


def test_a_slow_clock_is_put_right_after_ten_seconds():
    """Stamps advance by 0.9 a second: after 20 s they would be 2 s behind."""
    clock = StreamClock()
    lags = [a - clock.seconds(0.9 * a, float(a)) for a in range(60)]
    assert max(lags) < 2.1
    # One late frame in ten seconds is the network's doing and changes nothing.
    calm = StreamClock()
    for arrival in range(30):
        late = 3.0 if arrival == 15 else 0.0
        seconds = calm.seconds(float(arrival), arrival + late)
        assert seconds == pytest.approx(arrival)


def test_a_measured_rate_leaves_the_first_burst_out():
    burst = [0.0, 0.001, 0.002, 0.003]
    assert measured_rate(burst + [0.1 * k for k in range(1, 12)]) == 10.0
    assert measured_rate([]) is None
    assert measured_rate([0.0, 0.0, 0.0]) is None
