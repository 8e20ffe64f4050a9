"""Who crosses a line, when, and in which direction."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hie_cli.analysis.tracks import Floats, Tracks

IN, OUT = "in", "out"


@dataclass(frozen=True)
class Crossing:
    """One person over one line; ``in`` is from the left to the right of the way from the line's
    first point to its second, as one sees it on the picture.
    """

    line: str
    track_id: int
    seconds: float
    direction: str


def crossings(
    tracks: Tracks, name: str, line: Sequence[tuple[float, float]], margin: float
) -> list[Crossing]:
    """The crossings of one line by the feet of all identities, in the order of time.

    margin: body heights that somebody must come beyond the line, on both sides, so that who stands
    on it does not cross it again and again.
    """
    found = []
    for key, rows in tracks.lives.items():
        feet = tracks.feet[rows]
        times = tracks.times(rows)
        for seconds, direction in crossed(feet, times, np.array(line, np.float64),
                                          margin * tracks.heights[rows]):  # fmt: skip
            found.append(Crossing(name, key, seconds, direction))
    return sorted(found, key=lambda each: (each.seconds, each.track_id))


def crossed(feet: Floats, times: Floats, line: Floats, margin: Floats) -> list[tuple[float, str]]:
    """When and in which direction one way (N, 2) crosses a line (2, 2).

    times (N,) seconds · margin (N,) pixels beyond the line, on both sides, to have crossed it.
    """
    along = line[1] - line[0]
    offset = feet - line[0]
    side = sides(feet, line)
    place = offset @ along / (along @ along)  # 0 at the first point, 1 at the second
    clear = np.abs(side) > margin
    found = []
    last = None
    for i in np.flatnonzero(clear).tolist():
        if last is not None and (side[i] > 0) != (side[last] > 0):
            # The last step from one side to the other, on the way between the two.
            steps = [k for k in range(last, i) if (side[k] > 0) != (side[k + 1] > 0)]
            k = steps[-1]
            share = side[k] / (side[k] - side[k + 1])
            at = place[k] + share * (place[k + 1] - place[k])
            if 0 <= at <= 1:
                when = times[k] + share * (times[k + 1] - times[k])
                found.append((float(when), IN if side[i] > 0 else OUT))
        last = i
    return found


def sides(points: Floats, line: Floats) -> Floats:
    """How far points (N, 2) lie right of a line (2, 2), in pixels; left of it is negative."""
    along, offset = line[1] - line[0], points - line[0]
    # Right of the line's direction is positive, since y grows downwards.
    distance: Floats = (along[0] * offset[:, 1] - along[1] * offset[:, 0]) / np.hypot(*along)
    return distance
