"""What somebody who looks for incidents would want to see: falls, fights, running, gatherings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.action_classes import ACTIONS
from hie_cli.reporting.intervals import intervals
from hie_cli.reporting.people_table import PeopleTable

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
    """One event; times are rows of the table.

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
class _Interval:
    """One person's part in an event: ``rows`` of the table's boxes, their scores, its last row."""

    track_id: int
    rows: NDArray[np.intp]
    scores: NDArray[np.float32]
    end: int


def find_events(table: PeopleTable) -> list[Event]:
    """All events of a table by time; none where actions were not recognised."""
    if table.actions is None:
        return []
    found = []
    for kind, (names, least) in KINDS.items():
        classes = [ACTIONS.index(name) for name in names]
        parts = _intervals(table, classes, least)
        groups = _groups(table, parts) if kind in _TOGETHER else [[part] for part in parts]
        found += [_event(table, kind, group) for group in groups]
    return sorted(found, key=lambda event: (event.first, event.kind, event.ids))


def surest(events: list[Event], most: int = MOST) -> list[Event]:
    """The ``most`` surest of ``events``, by time."""
    kept = sorted(events, key=lambda event: -event.confidence)[:most]
    return [event for event in events if event in kept]


def _intervals(table: PeopleTable, classes: list[int], least: float) -> list[_Interval]:
    assert table.actions is not None
    step = table.action_step
    gap, shortest = max(step, round(_PAUSE * table.rate)), round(least * table.rate)
    found = []
    for track_id, rows in table.rows_of.items():
        scored = rows[table.best_action[rows] >= 0]
        active = np.isin(table.best_action[scored], classes)
        for part in intervals(table.position[scored], active, gap):
            boxes = scored[part]
            end = min(int(table.position[boxes[-1]]) + step - 1, int(table.position[rows[-1]]))
            if end - table.position[boxes[0]] + 1 >= shortest:
                scores = table.actions[boxes][:, classes].sum(-1)
                found.append(_Interval(track_id, boxes, scores, end))
    return found


def _groups(table: PeopleTable, parts: list[_Interval]) -> list[list[_Interval]]:
    """Spells that share a time and a place, joined."""
    group = list(range(len(parts)))

    def root(i: int) -> int:
        while group[i] != i:
            i = group[i]
        return i

    for i, one in enumerate(parts):
        for j in range(i):
            if _meet(table, one, parts[j]):
                group[root(i)] = root(j)
    joined: dict[int, list[_Interval]] = {}
    for i, part in enumerate(parts):
        joined.setdefault(root(i), []).append(part)
    return list(joined.values())


def _meet(table: PeopleTable, one: _Interval, other: _Interval) -> bool:
    """Whether two intervals come within ``_NEAR`` body heights at one time."""
    _, a, b = np.intersect1d(
        table.position[one.rows], table.position[other.rows], return_indices=True
    )
    if not len(a):
        return False
    first, second = one.rows[a], other.rows[b]
    apart = np.linalg.norm(table.feet[first] - table.feet[second], axis=-1)
    return bool((apart < _NEAR * (table.heights[first] + table.heights[second]) / 2).any())


def _event(table: PeopleTable, kind: str, parts: list[_Interval]) -> Event:
    rows, scores = (
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )
    times = table.position[rows]
    at = int(times[scores.argmax()])
    boxes = table.boxes[rows[times == at]]
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
