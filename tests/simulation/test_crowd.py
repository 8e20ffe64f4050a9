import numpy as np
import pytest

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.errors import ConfigError
from hie_cli.simulation.crowd import CrowdConfig, simulate, truth
from hie_cli.simulation.groups import GROUP_SIZE, GROUPS
from hie_cli.simulation.style import split_of


@pytest.fixture(scope="module")
def crowd():
    return simulate(CrowdConfig(seed=1, people=15, frames=80))


def test_nobody():
    empty = simulate(CrowdConfig(people=0, frames=3))
    assert empty.boxes.shape == (0, 3, 4)
    assert [len(f) for f in truth(empty).frames] == [0, 0, 0]


def test_one_frame():
    assert simulate(CrowdConfig(people=30, frames=1)).present.shape == (30, 1)


def test_the_same_seed_gives_the_same_crowd(crowd):
    again = simulate(crowd.config)
    assert np.array_equal(crowd.pixels, again.pixels, equal_nan=True)
    assert np.array_equal(crowd.seen, again.seen)


def test_splits_differ_in_style(crowd):
    other = simulate(CrowdConfig(seed=1, people=5, frames=10, split="test"))
    assert split_of(crowd.style) == "train"
    assert split_of(other.style) == "test"


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_shown_and_labelled(action):
    crowd = simulate(CrowdConfig(seed=2, people=8, frames=150, actions=(action,)))
    shown = crowd.actions[crowd.present]
    assert (shown == ACTIONS.index(action)).mean() > 0.35


def test_every_action_has_a_group():
    assert tuple(GROUPS) == tuple(GROUP_SIZE) == ACTIONS


def test_truth_of_every_frame_is_consistent(crowd):
    for t, frame in enumerate(truth(crowd).frames):
        annotated = frame.visibility >= 0
        assert np.array_equal(np.isfinite(frame.keypoints).all(-1), annotated)
        low, high = frame.boxes[:, None, :2], frame.boxes[:, None, 2:]
        inside = (frame.keypoints >= low - 0.01) & (frame.keypoints <= high + 0.01)
        assert inside[annotated].all()
        assert len(set(frame.track_ids)) == len(frame)
        assert (frame.boxes[:, 2:] <= [1280, 720]).all()
        assert np.array_equal(frame.track_ids, np.flatnonzero(crowd.present[:, t]))


def test_walkers_leave_and_return_with_the_same_id():
    config = CrowdConfig(
        seed=4, people=12, frames=600, actions=("walking-alone",), returning=1.0, pillars=0
    )
    present = simulate(config).present
    runs = (np.diff(present.astype(int), axis=1) == 1).sum(1) + present[:, 0]
    assert (runs >= 2).sum() >= 4


def test_unknown_action_and_sizes_are_refused():
    with pytest.raises(ConfigError, match="did you mean 'fighting'"):
        CrowdConfig(actions=("fightin",))
    with pytest.raises(ConfigError, match="frames: 0"):
        CrowdConfig(frames=0)
