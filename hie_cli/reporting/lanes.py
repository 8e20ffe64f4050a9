"""The timeline of a page: a lane for every identity, as plain values that JSON can hold."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FloatArray
from hie_cli.reporting.intervals import runs
from hie_cli.reporting.motion import crowding
from hie_cli.reporting.people_table import PeopleTable

MOST_LANES = 400  # identities drawn; the longest lived
_SAMPLE_SECONDS = 0.5  # between the scores that a lane keeps of a person
_MOST_POINTS = 600  # of the curves
# A score of 0..1 as one printable character, 64 steps; neither < nor & is among them.
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"


def lanes(table: PeopleTable, speed: FloatArray) -> list[dict[str, Any]]:
    """Every identity, at most ``MOST_LANES``, by its first appearance.

    id · runs: [first, last] rows of the table that it is there · acts: [first, last, action] ·
    at, scores: rows with scores, and those of the 14 actions as 14 characters each · speed: median
    body heights a second, None if unknown.
    """
    longest = sorted(table.rows_of.items(), key=lambda pair: -len(pair[1]))[:MOST_LANES]
    kept = {track_id for track_id, _ in longest}
    return [
        _lane(table, track_id, rows, speed[rows])
        for track_id, rows in table.rows_of.items()
        if track_id in kept
    ]


def _lane(
    table: PeopleTable, track_id: int, rows: NDArray[np.intp], speed: FloatArray
) -> dict[str, Any]:
    known = speed[np.isfinite(speed)]
    scored = rows[table.best_action[rows] >= 0]
    chosen = sampled(table.position[scored], max(1, round(_SAMPLE_SECONDS * table.rate)))
    return {
        "id": track_id,
        "runs": runs(table.position[rows]),
        "acts": acts(
            table.position[scored],
            table.best_action[scored],
            table.action_step,
            int(table.position[rows[-1]]),
        ),
        "at": table.position[scored[chosen]].tolist(),
        "scores": "" if table.actions is None else coded(table.actions[scored[chosen]]),
        "speed": round(float(np.median(known)), 2) if len(known) else None,
    }


def acts(
    times: NDArray[np.integer[Any]], best: NDArray[np.integer[Any]], step: int, last: int
) -> list[tuple[int, int, int]]:
    """(first, last, action) of every stretch with one action; times and actions (N,), ascending.

    An action holds until the next score, but for ``step`` rows at most and not past ``last``.
    """
    found: list[tuple[int, int, int]] = []
    for i, (t, action) in enumerate(zip(times.tolist(), best.tolist(), strict=True)):
        following = int(times[i + 1]) if i + 1 < len(times) else last + 1
        end = min(following, t + step, last + 1) - 1
        if found and found[-1][2] == action and found[-1][1] == t - 1:
            found[-1] = (found[-1][0], end, action)
        else:
            found.append((t, end, action))
    return found


def sampled(times: NDArray[np.integer[Any]], step: int) -> list[int]:
    """Positions in ascending ``times`` (N,), each at least ``step`` after the one before."""
    chosen: list[int] = []
    for i, t in enumerate(times.tolist()):
        if not chosen or t - times[chosen[-1]] >= step:
            chosen.append(i)
    return chosen


def coded(scores: FloatArray) -> str:
    """Scores (N, 14) as 14 N characters."""
    steps = np.clip(np.round(scores * (len(_DIGITS) - 1)), 0, len(_DIGITS) - 1).astype(int)
    return "".join(_DIGITS[step] for step in steps.reshape(-1))


def curves(table: PeopleTable) -> dict[str, Any]:
    """People and crowding over time: rows of the table, and both there."""
    step = max(1, -(-len(table.frames) // _MOST_POINTS))
    rows = np.arange(0, len(table.frames), step)
    near = crowding(table, rows)
    return {
        "at": rows.tolist(),
        "people": table.counts[rows].tolist(),
        "near": [round(float(value), 2) for value in near],
    }
