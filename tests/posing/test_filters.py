import numpy as np
import pytest

from hie_cli.core.types import FramePeople, People
from hie_cli.posing.filters import one_euro, polynomial_at_zero, savgol

NO_IMAGE = np.zeros((1, 1, 3), np.uint8)


def people(*xs: float) -> People:
    """People 40 x 120 px around each x, joints on their middle line."""
    boxes = np.array([[x - 20, 60, x + 20, 180] for x in xs]).reshape(-1, 4)
    y = np.linspace(60, 180, 14)
    points = np.array([np.stack([np.full(14, x), y], -1) for x in xs]).reshape(-1, 14, 2)
    return People(boxes, np.ones(len(xs)), None, points, np.ones((len(xs), 14)))


def stream(items: list[People]) -> list[FramePeople]:
    return [FramePeople(t, p, NO_IMAGE) for t, p in enumerate(items)]


@pytest.mark.parametrize("smooth", [lambda s: one_euro(s, 0.15, 20.0), lambda s: savgol(s, 2, 2)])
def test_nothing_and_nobody(smooth):
    assert list(smooth([])) == []
    out = list(smooth(stream([people(), people(10), people()])))
    assert [len(item.people) for item in out] == [0, 1, 0]
    assert [item.index for item in out] == [0, 1, 2]


def test_frames_without_poses_pass_between():
    bare = People(people(104).boxes, np.ones(1))
    frames = [people(100), bare, people(108, 300), people(112, 300)]
    for smooth in (one_euro(stream(frames), 0.05, 0.0), savgol(stream(frames), 1, 1)):
        out = [item.people for item in smooth]
        assert out[1] is bare
        assert out[2].keypoints[1, 0, 0] == pytest.approx(300)


def test_polynomial_by_hand():
    # Values 1, 0, 1 at -1, 0, 1 under a line: the mean, 2/3. Under a parabola: exactly 0.
    values = np.zeros((3, 1, 14, 2))
    values[1:] = 1.0
    times = np.array([0, -1, 1])
    assert polynomial_at_zero(times, values, 1) == pytest.approx(2 / 3)
    assert polynomial_at_zero(times, values, 2) == pytest.approx(0.0, abs=1e-12)


def test_polynomial_leaves_missing_and_lonely_joints():
    values = np.full((3, 1, 14, 2), np.nan)
    values[1:] = 5.0
    assert np.isnan(polynomial_at_zero(np.array([0, -1, 1]), values, 1)).all()
    values = np.full((3, 1, 14, 2), np.nan)
    values[0] = 5.0
    assert (polynomial_at_zero(np.array([0, -1, 1]), values, 1) == 5.0).all()


def test_savgol_keeps_straight_motion_and_damps_noise():
    straight = list(savgol(stream([people(100 + 4 * t) for t in range(9)]), 2, 2))
    for t, item in enumerate(straight):
        assert np.abs(item.people.keypoints[0, :, 0] - (100 + 4 * t)).max() < 1e-3
    wobble = [100 + 4 * t + (3 if t == 4 else 0) for t in range(9)]
    out = list(savgol(stream([people(x) for x in wobble]), 2, 1))
    # Five samples on a line, the middle one 3 off: the fit moves by 3/5.
    assert out[4].people.keypoints[0, 0, 0] == pytest.approx(116 + 3 / 5, abs=1e-3)


def test_one_euro_starts_at_the_first_value_and_damps_jitter():
    noise = np.random.default_rng(0).normal(0, 2, 60)
    raw = [people(100 + n) for n in noise]
    out = [item.people.keypoints[0, 0, 0] for item in one_euro(stream(raw), 0.05, 0.0)]
    assert out[0] == pytest.approx(100 + noise[0], abs=1e-3)
    assert np.std(np.diff(out)) < 0.5 * np.std(np.diff(noise))


def test_one_euro_follows_fast_motion_when_beta_is_high():
    raw = stream([people(100 + 8 * t) for t in range(20)])
    slow = [item.people.keypoints[0, 0, 0] for item in one_euro(raw, 0.05, 0.0)][-1]
    quick = [item.people.keypoints[0, 0, 0] for item in one_euro(raw, 0.05, 50.0)][-1]
    assert abs(quick - 252) < abs(slow - 252)
