import json

import numpy as np
import pytest

from hie_cli.core.action_classes import ACTIONS, NUM_ACTIONS
from hie_cli.core.errors import ModelError
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.recognition.kinematic.decision import (
    AdditiveSoftmax,
    Curve,
    Decision,
    belief,
    few_queues,
    hats,
    load,
    no_calm_fights,
)
from hie_cli.recognition.kinematic.measures import FARTHEST, Measures
from hie_cli.recognition.kinematic.recogniser import Kinematic
from hie_cli.recognition.kinematic.settings import KinematicConfig
from hie_cli.recognition.window import windows

KNOTS = np.array([0.0, 1.0, 3.0])


def told(*rows):
    """Columns speed and torso_lean, of people whose agitation is not known."""
    table = np.array(rows, float).reshape(-1, 2)
    others = np.broadcast_to([np.nan, 0.5], table.shape)
    return Measures(
        ("speed", "torso_lean", "both_agitated", "distance"), np.concatenate((table, others), 1)
    )


def softmax(action: int, gain: float = 2.0):
    """Speaks for one action by ``gain`` for each unit of speed."""
    values = np.zeros((4, NUM_ACTIONS))
    values[:3, action] = gain * KNOTS
    return AdditiveSoftmax((Curve("speed", KNOTS, values),), np.zeros(NUM_ACTIONS))


def test_hats_by_hand():
    found = hats(np.array([-1.0, 0.25, 2.0, 9.0, np.nan]), KNOTS)
    assert found.tolist() == [
        [1, 0, 0, 0],  # flat beyond the first knot
        [0.75, 0.25, 0, 0],
        [0, 0.5, 0.5, 0],  # half way from 1 to 3
        [0, 0, 1, 0],
        [0, 0, 0, 1],  # unknown
    ]


def test_scores_by_hand():
    decision = Decision(softmax(4), softmax(5))
    scores = decision.scores(told([1.0, np.nan], [1.0, 10.0]), np.array([1.0, 0.5]))
    # logit 2 against thirteen of 0
    top = np.exp(2) / (np.exp(2) + 13)
    assert scores[0, 4] == pytest.approx(top)
    # joints are trusted: the other softmax; half believed: half of it and half of 1/14
    assert scores[1, 5] == pytest.approx(top / 2 + 1 / 28)
    assert scores.sum(1) == pytest.approx([1, 1])


def test_a_fight_needs_two_who_are_agitated_by_hand():
    # Taken fully at 0.24 + 4 x 0.03 (1 / (1 + exp(-4)) = 0.982), half at 0.24, by 0.069 at 2.6
    # widths below; not at all of who is alone, fully of who is too new to tell.
    close = Measures(
        ("both_agitated", "distance"),
        np.array([[0.36, 0.3], [0.24, 0.3], [0.162, 0.3], [np.nan, FARTHEST], [np.nan, 0.3]]),
    )
    scores = np.full((5, NUM_ACTIONS), 0.4 / 13)
    fighting = ACTIONS.index("fighting")
    scores[:, fighting] = 0.6
    held = no_calm_fights(scores, close)
    shares = [0.982, 0.5, 0.069, 0.0, 1.0]
    np.testing.assert_allclose(held[:, fighting], 0.6 * np.array(shares), atol=5e-4)
    np.testing.assert_allclose(held.sum(1), 1.0)
    # The others rise in proportion: 0.7 instead of 0.4 for thirteen.
    np.testing.assert_allclose(held[1, 0 if fighting else 1], 0.7 / 13)


def test_of_a_row_of_people_few_queue_by_hand():
    scores = np.zeros((2, NUM_ACTIONS))
    queuing, alone, gathering = (
        ACTIONS.index(name) for name in ("queuing", "standing-alone", "gathering")
    )
    scores[0, [queuing, alone, gathering, 0]] = 0.5, 0.1, 0.3, 0.1
    scores[1, 0] = 1.0  # nobody stands: nothing to give, nobody to give to
    found = few_queues(scores)
    # Odds of 1 to 1 become 1 to 20: 1 / 21. The rest, 19 / 42, goes to the two as 1 to 3.
    given = 19 / 42
    expected = [1 / 21, 0.1 + given / 4, 0.3 + given * 3 / 4, 0.1]
    assert found[0, [queuing, alone, gathering, 0]] == pytest.approx(expected)
    assert found[1].tolist() == scores[1].tolist()


def test_nobody_has_no_scores():
    assert Decision(softmax(1), softmax(1)).scores(told(), np.zeros(0)).shape == (0, NUM_ACTIONS)


def test_weak_boxes_are_believed_in_proportion():
    assert belief(np.array([0.0, 0.25, 0.5, 1.0])).tolist() == [0, 0.5, 1, 1]


def test_a_decision_survives_its_file(tmp_path):
    decision = Decision(softmax(4), softmax(7))
    path = tmp_path / "kinematic.json"
    path.write_text(json.dumps(decision.record()))
    rows = told([0.4, np.nan], [np.nan, 3.0])
    ones = np.ones(2)
    assert load(path).scores(rows, ones) == pytest.approx(decision.scores(rows, ones))


@pytest.mark.parametrize("text", ["", "{}", '{"actions": [], "boxes": {}, "posed": {}}'])
def test_a_damaged_file_is_refused(tmp_path, text):
    path = tmp_path / "kinematic.json"
    path.write_text(text)
    with pytest.raises(ModelError, match="not a fitted decision"):
        load(path)


def test_the_packaged_decision_knows_every_measure_it_asks_for():
    decision = load()
    item = FramePeople(0, People(np.array([[10.0, 10, 30, 70]]), np.ones(1)))
    video = VideoInfo("v", 640, 480, 25.0, None)
    [(_, window)] = windows([item], video, 2.0, 1)
    names = set(Kinematic(video, KinematicConfig()).observe(window).measures.names)
    assert {curve.name for curve in decision.boxes.curves} <= names
    assert {curve.name for curve in decision.posed.curves} <= names
