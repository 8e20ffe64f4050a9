"""Who is in an area, for how long, and how densely people stand there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hie_cli.analysis.motion import to_ground
from hie_cli.analysis.tracks import Floats, Ints, Tracks
from hie_cli.analysis.zones import inside, polygon_area


@dataclass(frozen=True)
class Visit:
    """One stay of one person in one area; seconds from the video's beginning."""

    zone: str
    track_id: int
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.start


@dataclass(frozen=True)
class Occupancy:
    """One area: people in each frame (T,), its visits, and its size.

    square_metres: None without a measured ground.
    """

    zone: str
    people: Ints
    visits: tuple[Visit, ...]
    square_metres: float | None

    @property
    def density(self) -> Floats | None:
        """People a square metre in each frame (T,)."""
        return None if self.square_metres is None else self.people / self.square_metres


def occupancy(
    tracks: Tracks,
    name: str,
    polygon: Sequence[tuple[float, float]],
    leave_seconds: float,
    ground: Floats | None,
) -> Occupancy:
    """Who is in an area with their feet; outside for at most ``leave_seconds`` is no leaving.

    polygon: corners (x, y) in pixels · ground (3, 3): the homography from pixels to metres.
    """
    corners = np.array(polygon, np.float64)
    within = inside(tracks.feet, corners)
    people = np.bincount(tracks.row_frame[within], minlength=len(tracks.frames))
    visits = []
    for key, rows in tracks.lives.items():
        times = tracks.times(rows)[within[rows]]
        for start, end in stays(times, tracks.step, leave_seconds):
            visits.append(Visit(name, key, start, end))
    visits.sort(key=lambda visit: (visit.start, visit.track_id))
    area = None if ground is None else polygon_area(to_ground(corners, ground))
    return Occupancy(name, people, tuple(visits), area)


def stays(times: Floats, step: float, leave_seconds: float) -> list[tuple[float, float]]:
    """Unbroken stays of somebody who is there at ``times`` (N,) s, ascending: (start, end) s.

    A frame lasts ``step``; absences of at most ``leave_seconds`` do not break a stay.
    """
    if not len(times):
        return []
    absent = np.diff(times) - step
    breaks = np.flatnonzero(absent > leave_seconds + 1e-9)
    first, last = np.append(0, breaks + 1), np.append(breaks, len(times) - 1)
    return [
        (float(times[a]), float(times[b] + step))
        for a, b in zip(first, last, strict=True)
    ]  # fmt: skip
