"""The packaged decision on stick people whose action is beyond doubt, and its explanation."""

import dataclasses

import numpy as np
import pytest

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.types import FramePeople
from hie_cli.recognition.kinematic.explanation import explain
from hie_cli.recognition.stage import ActionConfig, recognise
from tests.support import actors
from tests.support.actors import Actor, film, going, stepping, still

WALKING, STANDING = ("walking-alone", "walking-together"), ("standing-alone", "gathering")


def scored(frames, every=50):
    found = recognise(frames, actors.video(25.0), ActionConfig(every=every))
    return {item.index: item.people for item in found if item.index % every == 0}


def share(people, person, actions):
    return float(people.action_scores[person, [ACTIONS.index(name) for name in actions]].sum())


@pytest.mark.parametrize("poses", [True, False])
def test_who_walks_and_who_stands(poses):
    walker = Actor(going(100, 80), stepping(), poses=poses)
    found = scored(film([walker, Actor(still(900), poses=poses)], 4.0))[50]
    assert share(found, 0, WALKING) > 0.6
    assert share(found, 1, STANDING) > 0.6
    assert found.action_scores.sum(1) == pytest.approx([1, 1], abs=1e-5)


def test_who_lies_after_a_fall_has_fallen():
    found = scored(film([Actor(still(600), actors.falling(2.0))], 6.0), every=25)
    assert share(found[100], 0, ("fall-over",)) > 0.5


def test_weak_boxes_give_unsure_actions():
    frames = film([Actor(going(100, 80), stepping(), poses=False)], 4.0)
    weak = [
        FramePeople(f.index, dataclasses.replace(f.people, scores=np.full(1, 0.1))) for f in frames
    ]
    assert scored(frames)[50].action_scores.max() > 0.4
    assert scored(weak)[50].action_scores.max() < 0.4


def test_a_newcomer_has_an_action_from_the_first_sampled_frame_on():
    frames = film([Actor(going(100, 80), stepping()), Actor(still(900))], 4.0)
    late = [f if f.index >= 50 else FramePeople(f.index, f.people[:1]) for f in frames]
    found = scored(late)[50]
    assert np.isfinite(found.action_scores).all()
    assert share(found, 1, STANDING) > 0.5


def test_an_explanation_adds_up():
    frames = film([Actor(going(100, 80), stepping()), Actor(still(900))], 4.0)
    [_, found, _] = explain(frames, actors.video(25.0), ActionConfig(every=50), 1)
    assert found.frame == 50
    assert found.rules == "standing-alone"
    assert found.first_score >= found.second_score
    amounts = [abs(part.speaks_for) for part in found.parts]
    assert amounts == sorted(amounts, reverse=True)
    assert not list(explain(frames, actors.video(25.0), ActionConfig(every=50), 99))
