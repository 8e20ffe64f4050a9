"""Which detection continues which track: pairwise similarities and one-to-one assignment."""

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.assignment import linear_sum_assignment
from hie_cli.core.geometry import paired_oks
from hie_cli.core.skeletons import OKS_SIGMAS
from hie_cli.tracking.kalman import Floats, Motion

Ints = NDArray[np.int64]
Pairs = tuple[Ints, Ints]
SPEED_SPREAD = 0.4  # heights / s: how far a body's flow strays from the speed of its box


def buffered_iou(tracks: Floats, detections: Floats, slack: Floats) -> tuple[Ints, Ints, Floats]:
    """Rows, columns and IoU (K,) of the track boxes (N, 4) and detections (M, 4) that overlap, both
    widened on every side.

    ``slack`` (N,) px is a track's own uncertainty: someone who may have moved by half a width must
    be allowed to overlap the box found there (Yang et al., C-BIoU, 2023, use a fixed share).
    """
    wider = 2 * slack[:, None]
    x1, y1, x2, y2 = tracks.T[:, :, None]
    x1, y1, x2, y2 = x1 - wider, y1 - wider, x2 + wider, y2 + wider
    u1, v1, u2, v2 = detections.T
    rows, columns = np.nonzero((x1 < u2) & (u1 < x2) & (y1 < v2) & (v1 < y2))
    a, b, extra = tracks.T[:, rows], detections.T[:, columns], 2 * slack[rows]
    width = np.minimum(a[2], b[2]) - np.maximum(a[0], b[0]) + extra
    height = np.minimum(a[3], b[3]) - np.maximum(a[1], b[1]) + extra
    inter = width * height
    union = (a[2] - a[0] + extra) * (a[3] - a[1] + extra)
    union += (b[2] - b[0] + extra) * (b[3] - b[1] + extra)
    union -= inter
    return rows, columns, inter / np.maximum(union, 1e-9)


def height_overlap(tracks: Floats, detections: Floats, slack: Floats) -> Floats:
    """IoU (K,) of the vertical spans of boxes (K, 4) and (K, 4), row by row, widened by ``slack``.

    People differ in height less by chance than in place (Yang et al., Hybrid-SORT, 2024).
    """
    top, bottom, other_top, other_bottom = *tracks.T[1::2], *detections.T[1::2]
    extra = 2 * slack
    both = np.minimum(bottom, other_bottom) - np.maximum(top, other_top) + extra
    either = np.maximum(bottom, other_bottom) - np.minimum(top, other_top) + extra
    share: Floats = np.maximum(both, 0) / np.maximum(either, 1e-9)
    return share


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
    """The one-to-one assignment of greatest total gain among the pairs (K,) given, by row.

    Gains are positive. Ties are broken by order, so that results repeat exactly.
    """
    if not len(rows):
        return rows, columns
    # Pairs without a rival are settled; only the rest needs the general solution.
    alone = (np.bincount(rows)[rows] == 1) & (np.bincount(columns)[columns] == 1)
    settled, taken = rows[alone], columns[alone]
    if not alone.all():
        rivals = ~alone
        r, i = _numbered(rows[rivals])
        c, j = _numbered(columns[rivals])
        table = np.zeros((len(r), len(c)))
        table[i, j] = gain[rivals]
        i, j = linear_sum_assignment(table, maximize=True)
        good = table[i, j] > 0
        settled = np.concatenate([settled, r[i[good]]])
        taken = np.concatenate([taken, c[j[good]]])
        order = np.argsort(settled)
        settled, taken = settled[order], taken[order]
    return settled, taken


def _numbered(labels: Ints) -> Pairs:
    """The distinct labels, ascending, and the place among them of each label."""
    present = np.bincount(labels) > 0
    return np.flatnonzero(present), (np.cumsum(present) - 1)[labels]
