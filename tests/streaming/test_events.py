"""Events of a live stream: once each, as soon as they are known."""

import numpy as np

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.types import People
from hie_cli.streaming.events import LiveEvents


def doing(*actions: str) -> People:
    """People 1, 2, ... each with a score of .6 for an action; "" was not scored."""
    scores = np.full((len(actions), len(ACTIONS)), np.nan)
    for row, name in enumerate(actions):
        if name:
            scores[row] = 0.0
            scores[row, ACTIONS.index(name)] = 0.6
    boxes = np.tile([0.0, 0.0, 10.0, 20.0], (len(actions), 1))
    return People(boxes, np.full(len(actions), 0.9), np.arange(1, len(actions) + 1),
                  action_scores=scores)  # fmt: skip


def told(frames, every=0.25):
    events = LiveEvents(every)
    return [
        (seconds, event.kind, event.track_id, event.seconds)
        for seconds, people in frames
        for event in events.step(seconds, people)
    ]


def test_a_fight_of_half_a_second_is_told_once_for_each_of_both():
    frames = [(0.25 * k, doing("fighting", "fighting")) for k in range(9)]
    assert told(frames) == [(0.25, "fight", 1, 0.0), (0.25, "fight", 2, 0.0)]


def test_a_short_one_is_none_and_a_pause_of_a_second_begins_another():
    assert told([(0.0, doing("fighting")), (5.0, doing("fighting"))]) == []
    frames = [(t, doing("fall-over")) for t in (0.0, 0.25, 0.5, 4.0, 4.25)]
    assert [event[3] for event in told(frames)] == [0.0, 4.0]


def test_frames_that_were_not_scored_say_nothing():
    frames = [(0.0, doing("fighting")), (0.1, doing("")), (0.25, doing("fighting"))]
    assert len(told(frames)) == 1
    assert told([(0.0, People.empty()), (1.0, doing("riding"))]) == []
