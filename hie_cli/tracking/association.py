"""Which detection continues which track: pairwise similarities and one-to-one assignment."""

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.assignment import linear_sum_assignment
from hie_cli.core.geometry import paired_oks, pairs_where
from hie_cli.core.skeletons import OKS_SIGMAS
from hie_cli.tracking.kalman import Floats, Motion

Ints = NDArray[np.int64]
Pairs = tuple[Ints, Ints]
SMALL = 2500  # pairs of a table that is solved as soon as it is known who has no rival
SPEED_SPREAD = 0.4  # heights / s: how far a body's flow strays from the speed of its box


def buffered_overlaps(
    tracks: Floats, detections: Floats, slack: Floats, among: NDArray[np.bool_]
) -> tuple[Ints, Ints, Floats, Floats]:
    """Rows, columns, IoU (K,) and IoU of the vertical spans (K,) of the track boxes (N, 4) and
    detections (M, 4) that overlap, both widened on every side.

    ``slack`` (N,) px is a track's own uncertainty: someone who may have moved by half a width must
    be allowed to overlap the box found there (Yang et al., C-BIoU, 2023, use a fixed share). People
    differ in height less by chance than in place (Yang et al., Hybrid-SORT, 2024). ``among``
    (N, M): the pairs asked for.
    """
    # Corners first, x and y beside one another: one operation does for both.
    a, b, extra = np.ascontiguousarray(tracks.T), np.ascontiguousarray(detections.T), 2 * slack
    both = (a[:2] - extra)[..., None] < b[2:, None]
    both &= b[:2, None] < (a[2:] + extra)[..., None]
    rows, columns = pairs_where(both[0] & both[1] & among)
    a, b, extra = a.take(rows, axis=1), b.take(columns, axis=1), extra.take(rows)
    shared = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]) + extra
    size, other_size = a[2:] - a[:2] + extra, b[2:] - b[:2] + extra
    both = shared[0] * shared[1]
    overlap = both / (size[0] * size[1] + other_size[0] * other_size[1] - both)
    return rows, columns, overlap, shared[1] / (size[1] + other_size[1] - shared[1])


def pose_similarity(poses: Floats, others: Floats, areas: Floats) -> Floats:
    """OKS (K,) of poses (K, 14, 2) and others (K, 14, 2), row by row, at areas (K,) px².

    Sigmas are doubled: a predicted pose is not an annotated one. NaN where no joint is shared.
    """
    return paired_oks(poses, others, areas, 2 * OKS_SIGMAS)


def motion_likeness(motion: Motion, speed: Floats) -> Floats:
    """How well tracks' speeds agree with detections' (K, 2) px/s, row by row; (K,) in 0..1.

    Two who cross lie on one another but walk different ways. NaN where a speed is unknown.
    """
    spread = motion.rr[:, :2] + (SPEED_SPREAD * motion.value[:, 3:]) ** 2
    similarity: Floats = np.exp(-((speed - motion.rate[:, :2]) ** 2 / spread).sum(axis=1) / 2)
    return similarity


def assign(rows: Ints, columns: Ints, gain: Floats) -> Pairs:
    """The one-to-one assignment of greatest total gain among the pairs (K,) given.

    Gains are positive. Ties are broken by order, so that results repeat exactly.
    """
    if not len(rows):
        return rows, columns
    # Pairs without a rival are settled; only the rest needs the general solution.
    of_row, of_column = np.bincount(rows), np.bincount(columns)
    alone = (of_row[rows] == 1) & (of_column[columns] == 1)
    if np.count_nonzero(alone) == len(alone):
        return rows, columns
    if len(of_row) * len(of_column) <= SMALL:
        return _best(rows, columns, gain, (len(of_row), len(of_column)))
    rivals = (~alone).nonzero()[0]
    r, i = _numbered(rows[rivals])
    c, j = _numbered(columns[rivals])
    i, j = _best(i, j, gain[rivals], (len(r), len(c)))
    return np.concatenate([rows[alone], r[i]]), np.concatenate([columns[alone], c[j]])


def _best(rows: Ints, columns: Ints, gain: Floats, shape: tuple[int, int]) -> Pairs:
    """The assignment of greatest total gain in a table of this shape."""
    table = np.zeros(shape)
    table[rows, columns] = gain
    i, j = linear_sum_assignment(table, maximize=True)
    good = table[i, j] > 0
    return i[good], j[good]


def _numbered(labels: Ints) -> Pairs:
    """The distinct labels, ascending, and the place among them of each label."""
    present = np.bincount(labels) > 0
    return present.nonzero()[0], (present.cumsum() - 1)[labels]
