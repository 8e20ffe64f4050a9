"""Who walks in or out over the picture's edge: the box ends there, and its size says nothing.

Of somebody cut by the edge a box shows the part in view. It grows and shrinks faster than people
do, so that neither overlap nor a motion model of whole people knows it again. It still ends at the
same edge, and the smaller of two such boxes lies within the larger.
"""

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.types import VideoInfo
from hie_cli.tracking.association import Pairs, assign
from hie_cli.tracking.detections import EDGE, Detections
from hie_cli.tracking.kalman import Floats, Ints
from hie_cli.tracking.tracks import Tracks

WITHIN = 0.5  # share of the smaller box that lies in the larger
PIXELS = 1.5  # a box this near the edge lies on it, however small it is


def continue_emerging(
    tracks: Tracks, found: Detections, match: Ints, least: float, video: VideoInfo
) -> Ints:
    """The tracks (K,) that go on, farther in or out of the picture, in detections of a score of
    ``least`` that nobody else explains; fills in ``match`` (N,), each track's detection or -1.
    """
    rows = np.flatnonzero((match < 0) & (tracks.seen >= tracks.seen.max()))
    if not len(rows):
        return rows
    free = found.scores >= least
    free[match[match >= 0]] = False
    columns = np.flatnonzero(free)
    i, j = emerging(tracks.box[rows], found.boxes[columns], video)
    match[rows[i]] = columns[j]
    grown: Ints = rows[i]
    return grown


def emerging(before: Floats, boxes: Floats, video: VideoInfo) -> Pairs:
    """Rows and columns of boxes (N, 4) and (M, 4) px of which one may be the other, a frame later,
    farther in or out of the picture; one to one.
    """
    side, other_side = sides_on_edge(before, video), sides_on_edge(boxes, video)
    none = np.zeros(0, np.int64)
    if not np.count_nonzero(side) or not np.count_nonzero(other_side):
        return none, none
    cut = (side[:, None] & other_side).any(axis=2)
    smaller = np.minimum(geometry.area(before)[:, None], geometry.area(boxes))
    within = geometry.intersection(before, boxes) / np.maximum(smaller, 1e-9)
    rows, columns = np.nonzero(cut & (within >= WITHIN))
    return assign(rows, columns, within[rows, columns])


def sides_on_edge(boxes: Floats, video: VideoInfo) -> NDArray[np.bool_]:
    """Which sides (N, 4) of boxes (N, 4) px lie on the picture's edge.

    Who is known to reach beyond it is not cut there.
    """
    edges = np.array([0, 0, video.width, video.height])
    margin = np.maximum(EDGE * (boxes[:, 3:] - boxes[:, 1:2]), PIXELS)
    near: NDArray[np.bool_] = np.abs(boxes - edges) <= margin
    return near
