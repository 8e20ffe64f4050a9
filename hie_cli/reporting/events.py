"""What somebody who looks for incidents would want to see: falls, fights, running, gatherings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.action_classes import ACTIONS
from hie_cli.reporting.spells import spells
from hie_cli.reporting.story import Story

# The actions that make each kind of event, and the shortest one in seconds.
KINDS: dict[str, tuple[tuple[str, ...], float]] = {
    "fall": (("fall-over",), 0.3),
    "fight": (("fighting",), 0.5),
    "running": (("running-alone", "running-together"), 0.5),
    "gathering": (("gathering",), 1.0),
}
_TOGETHER = ("fight", "running", "gathering")  # of several people at one place: one event
_PAUSE = 1.0  # seconds: an event goes on over a shorter one
_NEAR = 2.0  # body heights between two people of one event
MOST = 40  # events that a page lists, the surest


@dataclass(frozen=True)
class Event:
    """One event; times are rows of the story.

    ``at``: the row where it is surest · ``confidence``: the mean score of its actions · ``box``:
    x1, y1, x2, y2 in pixels around its people there.
    """

    kind: str
    first: int
    last: int
    ids: tuple[int, ...]
    confidence: float
    at: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class _Spell:
    """One person's part in an event: ``rows`` of the story's boxes, their scores, its last row."""

    track_id: int
    rows: NDArray[np.intp]
    scores: NDArray[np.float32]
    end: int


def find_events(story: Story) -> list[Event]:
    """All events of a story by time; none where actions were not recognised."""
    if story.actions is None:
        return []
    found = []
    for kind, (names, least) in KINDS.items():
        classes = [ACTIONS.index(name) for name in names]
        parts = _spells(story, classes, least)
        groups = _groups(story, parts) if kind in _TOGETHER else [[part] for part in parts]
        found += [_event(story, kind, group) for group in groups]
    return sorted(found, key=lambda event: (event.first, event.kind, event.ids))


def surest(events: list[Event], most: int = MOST) -> list[Event]:
    """The ``most`` surest of ``events``, by time."""
    kept = sorted(events, key=lambda event: -event.confidence)[:most]
    return [event for event in events if event in kept]


def _spells(story: Story, classes: list[int], least: float) -> list[_Spell]:
    assert story.actions is not None
    step = story.action_step
    gap, shortest = max(step, round(_PAUSE * story.rate)), round(least * story.rate)
    found = []
    for track_id, rows in story.lives.items():
        scored = rows[story.best_action[rows] >= 0]
        active = np.isin(story.best_action[scored], classes)
        for part in spells(story.position[scored], active, gap):
            boxes = scored[part]
            end = min(int(story.position[boxes[-1]]) + step - 1, int(story.position[rows[-1]]))
            if end - story.position[boxes[0]] + 1 >= shortest:
                scores = story.actions[boxes][:, classes].sum(-1)
                found.append(_Spell(track_id, boxes, scores, end))
    return found


def _groups(story: Story, parts: list[_Spell]) -> list[list[_Spell]]:
    """Spells that share a time and a place, joined."""
    group = list(range(len(parts)))

    def root(i: int) -> int:
        while group[i] != i:
            i = group[i]
        return i

    for i, one in enumerate(parts):
        for j in range(i):
            if _meet(story, one, parts[j]):
                group[root(i)] = root(j)
    joined: dict[int, list[_Spell]] = {}
    for i, part in enumerate(parts):
        joined.setdefault(root(i), []).append(part)
    return list(joined.values())


def _meet(story: Story, one: _Spell, other: _Spell) -> bool:
    """Whether two spells come within ``_NEAR`` body heights at one time."""
    _, a, b = np.intersect1d(
        story.position[one.rows], story.position[other.rows], return_indices=True
    )
    if not len(a):
        return False
    first, second = one.rows[a], other.rows[b]
    apart = np.linalg.norm(story.feet[first] - story.feet[second], axis=-1)
    return bool((apart < _NEAR * (story.heights[first] + story.heights[second]) / 2).any())


def _event(story: Story, kind: str, parts: list[_Spell]) -> Event:
    rows, scores = (
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )
    times = story.position[rows]
    at = int(times[scores.argmax()])
    boxes = story.boxes[rows[times == at]]
    x1, y1 = boxes[:, :2].min(0).tolist()
    x2, y2 = boxes[:, 2:].max(0).tolist()
    return Event(
        kind,
        int(times.min()),
        max(part.end for part in parts),
        tuple(sorted({part.track_id for part in parts})),
        float(scores.mean()),
        at,
        (x1, y1, x2, y2),
    )
