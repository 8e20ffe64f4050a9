import numpy as np
import pytest

from hie_cli.core.action_classes import ACTIONS, NUM_ACTIONS
from hie_cli.recognition.kinematic.decision import AdditiveSoftmax, Curve, Decision
from hie_cli.recognition.kinematic.measures import Measures
from hie_cli.training.action.kinematic_data import label_step, measured, simulated
from hie_cli.training.action.kinematic_fit import (
    OWN_KNOTS,
    RARE,
    Examples,
    adjusted,
    asking,
    fit,
    joined,
    knots_of,
    loss,
    of_classes,
)

NAMES = ("speed", "torso_lean")


def people(count, seed):
    """Class 0 walks, class 8 stands, class 11 lies (told by joints only)."""
    rng = np.random.default_rng(seed)
    labels = rng.choice([0, 8, 11], count)
    speed = np.where(labels == 0, 0.8, 0.05) + rng.normal(0, 0.05, count)
    lean = np.where(labels == 11, 85.0, 5.0) + rng.normal(0, 3, count)
    lean[::2] = np.nan
    return np.stack([speed, lean], 1), labels


def test_it_learns_from_boxes_and_from_joints():
    values, labels = people(600, 0)
    decision = fit(NAMES, of_classes(values, labels), 1e-4)
    fresh, truth = people(300, 1)
    scores = decision.scores(Measures(NAMES, fresh), np.ones(300))
    right = scores.argmax(1) == truth
    posed = np.isfinite(fresh[:, 1])
    assert right[posed].mean() > 0.98
    assert right[~posed & (truth == 0)].mean() > 0.98
    # Boxes alone cannot tell who lies: unsure, and standing is commoner.
    assert 0.5 < scores[~posed & (truth == 8), 8].mean() < 0.9


def test_a_group_of_actions_is_accepted_as_a_whole():
    values, labels = people(200, 2)
    accepted = np.eye(NUM_ACTIONS, dtype=bool)[labels]
    accepted[labels == 0, 1] = True
    decision = fit(NAMES, Examples(values, accepted, np.ones(200)), 1e-4)
    scores = decision.scores(Measures(NAMES, values), np.ones(200))[labels == 0]
    assert np.allclose(scores[:, 0], scores[:, 1])  # nothing tells the two apart
    assert (scores[:, :2].sum(1) > 0.9).all()


def test_shares_by_hand():
    values, labels = people(10, 3)
    two = joined([of_classes(values, labels), of_classes(values, labels)], [1.0, 3.0])
    assert len(two) == 20
    assert np.isclose(two.weights[:10].sum(), 1)
    assert np.isclose(two.weights[10:].sum(), 3)


def test_knots_of_one_value_and_of_none():
    assert knots_of("any", np.array([2.0, 2.0, np.nan])).tolist() == [2, 3]
    assert knots_of("any", np.full(3, np.nan)).tolist() == [0, 1]
    assert knots_of("speed", np.full(3, np.nan)).tolist() == list(OWN_KNOTS["speed"])


def test_rarer_and_sharper_by_hand():
    zero = AdditiveSoftmax((Curve("speed", np.array([0.0, 1]), np.zeros((3, 14))),), np.zeros(14))
    found = adjusted(Decision(zero, zero), 0.5, 2.0).boxes.probabilities(
        Measures(NAMES, np.array([[0.5, np.nan]]))
    )[0]
    # Eight rare actions at half, sharpened: a quarter each against one.
    rare = [action in RARE for action in ACTIONS]
    assert sum(rare) == 8
    assert np.allclose(found[rare], 0.25 / (6 + 8 * 0.25))
    assert np.allclose(found[np.logical_not(rare)], 1 / (6 + 8 * 0.25))


def test_loss_by_hand():
    zero = AdditiveSoftmax((Curve("speed", np.array([0.0, 1]), np.zeros((3, 14))),), np.zeros(14))
    accepted = np.zeros((2, 14), bool)
    accepted[0, :2] = accepted[1, 3] = True
    examples = Examples(np.array([[0.5, np.nan]] * 2), accepted, np.array([3.0, 1.0]))
    expected = (3 * np.log(7) + np.log(14)) / 4
    assert np.isclose(loss(Decision(zero, zero), NAMES, examples, 1.0), expected)


def test_stairs_ask_for_a_climb():
    knots = np.array(OWN_KNOTS["climb"])
    zero = AdditiveSoftmax((Curve("climb", knots, np.zeros((len(knots) + 1, 14))),), np.zeros(14))
    told = Measures(("climb", "torso_lean"), np.array([[0.0, 0], [0.6, 0], [np.nan, 0]]))
    stairs = asking(Decision(zero, zero)).posed.probabilities(told)[:, 12]
    assert stairs[0] < 0.01
    assert stairs[2] < 0.01
    assert np.isclose(stairs[1], 1 / 14)


def test_walking_and_running_ask_for_speed():
    def shares(measure: str, values: list[float], action: str) -> list[float]:
        knots = np.array(OWN_KNOTS[measure])
        curve = Curve(measure, knots, np.zeros((len(knots) + 1, 14)))
        zero = AdditiveSoftmax((curve,), np.zeros(14))
        told = Measures((measure, "torso_lean"), np.array([[value, 0] for value in values]))
        likely = asking(Decision(zero, zero)).posed.probabilities(told)
        return likely[:, ACTIONS.index(action)].tolist()

    # Two ways of walking and two of running beside 10 other actions. Walking costs 3 at rest, 1 at
    # .17 heights a second and nothing from a quarter on; running 3 up to there, 2 at .5, 0 at 1.1.
    e = np.exp([-3.0, -2.0, -1.0, 0.0])
    slow, drifting, walking = shares("speed", [0.0, 0.17, 0.25], "walking-alone")
    assert slow == pytest.approx(e[0] / (10 + 4 * e[0]))
    assert drifting == pytest.approx(e[2] / (10 + 2 * e[2] + 2 * e[0]))
    assert walking == pytest.approx(1 / (12 + 2 * e[0]))
    standing, strolling, running = shares("speed", [0.03, 0.5, 1.1], "running-together")
    assert standing == pytest.approx(slow)
    assert strolling == pytest.approx(e[1] / (12 + 2 * e[1]))
    assert running == pytest.approx(1 / 14)


def test_simulated_people_are_measured_with_their_labels():
    clip = simulated(3, "train", "ceiling")
    found = measured(clip, label_step(clip.video.fps))
    assert found is not None
    assert found.values.shape == (len(found.labels), len(found.names))
    assert (found.labels >= 0).any()
    assert np.allclose(found.rules.sum(1), 1)
    assert ((found.belief > 0) & (found.belief <= 1)).all()
    known = found[found.labels >= 0]
    assert len(known.values) == len(known.rules) == len(known.belief) == (found.labels >= 0).sum()
    assert (known.labels >= 0).all()
