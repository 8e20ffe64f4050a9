"""How far and how fast people go."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.analysis.tracks import Floats, Tracks

_LEAST_SHARE = 0.4  # of the window that must be there for a speed


def to_ground(points: Floats, matrix: Floats) -> Floats:
    """Points (N, 2) of the picture on the ground, through a homography (3, 3)."""
    mapped = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(mapped[:, :2] / mapped[:, 2:])


@dataclass(frozen=True)
class Motion:
    """Speeds of each row (N,), NaN where too little of a life is around it.

    heights: body heights a second · metres: metres a second, None without a measured ground.
    """

    heights: Floats
    metres: Floats | None


def motion(tracks: Tracks, seconds: float, ground: Floats | None) -> Motion:
    """Speed (R,) at each of the R rows of ``tracks``: the way between the ends of a window of
    ``seconds`` around it, over time; ground (3, 3): the homography from pixels to metres.

    Body heights: the way in pixels over the median height in the window. Metres: the way on the
    ground.
    """
    heights = np.full(len(tracks.ids), np.nan)
    metres = None if ground is None else np.full(len(tracks.ids), np.nan)
    places = None if ground is None else to_ground(tracks.feet, ground)
    for rows in tracks.lives.values():
        times = tracks.times(rows)
        first = np.searchsorted(times, times - seconds / 2 - 1e-9, "left")
        last = np.searchsorted(times, times + seconds / 2 + 1e-9, "right") - 1
        span = times[last] - times[first]
        enough = span >= _LEAST_SHARE * seconds
        span = np.where(enough, span, np.nan)
        way = np.linalg.norm(tracks.feet[rows[last]] - tracks.feet[rows[first]], axis=1)
        typical = [
            np.median(tracks.heights[rows[a : b + 1]]) for a, b in zip(first, last, strict=True)
        ]
        heights[rows] = way / np.array(typical) / span
        if metres is not None and places is not None:
            walked = np.linalg.norm(places[rows[last]] - places[rows[first]], axis=1)
            metres[rows] = walked / span
    return Motion(heights, metres)


def mean_of_known(values: Floats) -> float | None:
    """The mean of values (N,) that are not NaN; None where there is none."""
    known: NDArray[np.float64] = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None
