"""Whose box changes faster than people do, from one frame to the next.

At the picture's edge a box shows the part in view: it grows and shrinks as somebody walks in or
out, so that neither overlap nor a motion model of whole people knows it again. It still ends at the
same edge, and the smaller of two such boxes lies within the larger. In open ground, likewise, a box
that touches nobody else's before and after is that of one person.
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
DOUBLED = 2.0  # times as high is somebody else, but at the edge
PIXELS = 1.5  # a box this near the edge lies on it, however small it is


def continue_emerging(
    tracks: Tracks, found: Detections, match: Ints, least: float, video: VideoInfo
) -> Ints:
    """The tracks (K,) that go on, changed at once, in detections of a score of ``least`` that
    nobody else explains; fills in ``match`` (N,), each track's detection or -1.
    """
    recent = tracks.seen >= tracks.seen.max()
    rows = np.flatnonzero((match < 0) & recent)
    if not len(rows):
        return rows
    free = found.scores >= least
    free[match[match >= 0]] = False
    columns = np.flatnonzero(free)
    if not len(columns):
        return rows[:0]
    chunks = tracks.chunk[recent], found.chunk
    alone = _alone(tracks.box[recent], found.boxes, *chunks)[(match < 0)[recent]][:, columns]
    among = tracks.chunk[rows, None] == found.chunk[columns]
    i, j = emerging(tracks.box[rows], found.boxes[columns], among, alone, video)
    match[rows[i]] = columns[j]
    grown: Ints = rows[i]
    return grown


def emerging(
    before: Floats,
    boxes: Floats,
    among: NDArray[np.bool_],
    alone: NDArray[np.bool_],
    video: VideoInfo,
) -> Pairs:
    """Rows and columns of boxes (N, 4) and (M, 4) px of which one may be the other, a frame later,
    farther in or out of the picture, or ``alone`` (N, M) with one another; one to one, ``among``
    (N, M) these pairs.
    """
    side, other_side = sides_on_edge(before, video), sides_on_edge(boxes, video)
    height, other_height = before[:, 3:] - before[:, 1:2], boxes[:, 3] - boxes[:, 1]
    alike = np.abs(np.log(np.maximum(height, 1) / np.maximum(other_height, 1))) < np.log(DOUBLED)
    one = ((side[:, None] & other_side).any(axis=2) | (alone & alike)) & among
    smaller = np.minimum(geometry.area(before)[:, None], geometry.area(boxes))
    within = geometry.intersection(before, boxes) / np.maximum(smaller, 1e-9)
    rows, columns = np.nonzero(one & (within >= WITHIN))
    return assign(rows, columns, within[rows, columns])


def _alone(before: Floats, boxes: Floats, chunk: Ints, chunks: Ints) -> NDArray[np.bool_]:
    """Which of all boxes (N, 4) px of a frame and (M, 4) of the next touch one another alone.

    chunk (N,), chunks (M,): of the video, that they are in.
    """
    touching = _touching(before, boxes, chunk, chunks)
    single = np.count_nonzero(_touching(before, before, chunk, chunk), axis=1) <= 1
    other_single = np.count_nonzero(_touching(boxes, boxes, chunks, chunks), axis=1) <= 1
    single &= touching.sum(axis=1) == 1
    other_single &= touching.sum(axis=0) == 1
    alone: NDArray[np.bool_] = touching & single[:, None] & other_single
    return alone


def _touching(a: Floats, b: Floats, chunk: Ints, chunks: Ints) -> NDArray[np.bool_]:
    """Which boxes (N, 4) px of ``chunk`` (N,) and (M, 4) of ``chunks`` (M,) overlap, if alike."""
    touching: NDArray[np.bool_] = geometry.intersection(a, b) > 0
    touching &= chunk[:, None] == chunks
    return touching


def sides_on_edge(boxes: Floats, video: VideoInfo) -> NDArray[np.bool_]:
    """Which sides (N, 4) of boxes (N, 4) px lie on the picture's edge.

    Who is known to reach beyond it is not cut there.
    """
    edges = np.array([0, 0, video.width, video.height])
    margin = np.maximum(EDGE * (boxes[:, 3:] - boxes[:, 1:2]), PIXELS)
    near: NDArray[np.bool_] = np.abs(boxes - edges) <= margin
    return near
