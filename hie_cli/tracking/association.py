"""Which detection continues which track: pairwise similarities and one-to-one assignment."""

import numpy as np
from numpy.typing import NDArray

from hie_cli.skeletons import OKS_SIGMAS

Floats = NDArray[np.float64]
Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


def buffered_iou(tracks: Floats, detections: Floats, slack: Floats) -> Floats:
    """IoU (N, M) of track boxes (N, 4) and detections (M, 4), both widened on every side.

    ``slack`` (N,) px is a track's own uncertainty: someone who may have moved by half a width must
    be allowed to overlap the box found there (Yang et al., C-BIoU, 2023, use a fixed share).
    """
    t, d = tracks.T[:, :, None], detections.T[:, None, :]
    extra = 2 * slack[:, None]
    width = np.minimum(t[2], d[2])
    width -= np.maximum(t[0], d[0])
    width += extra
    np.maximum(width, 0, out=width)
    height = np.minimum(t[3], d[3])
    height -= np.maximum(t[1], d[1])
    height += extra
    np.maximum(height, 0, out=height)
    width *= height
    union = (t[2] - t[0] + extra) * (t[3] - t[1] + extra)
    union = union + (d[2] - d[0] + extra) * (d[3] - d[1] + extra)
    union -= width
    ratio: Floats = width / np.maximum(union, 1e-9)
    return ratio


def pose_similarity(poses: Floats, others: Floats, areas: Floats) -> Floats:
    """OKS (K,) of poses (K, 14, 2) and others (K, 14, 2), row by row, at areas (K,) px².

    Sigmas are doubled: a predicted pose is not an annotated one. NaN where no joint is shared.
    """
    distance = ((poses - others) ** 2).sum(-1)
    spread = 2 * areas[:, None] * (4 * OKS_SIGMAS) ** 2
    likeness = np.exp(-distance / np.maximum(spread, 1e-9))
    shared = np.isfinite(likeness)
    count = shared.sum(-1)
    total = np.where(shared, likeness, 0).sum(-1)
    mean: Floats = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean


def assign(similarity: Floats, least: float) -> Pairs:
    """Rows and columns of the one-to-one assignment of greatest total similarity.

    Pairs below ``least`` are never made. Ties are broken by order, so that results repeat exactly.
    """
    from scipy.optimize import linear_sum_assignment

    gated = np.where(similarity >= least, similarity, 0.0)
    if not gated.size or not gated.any():
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    rows, columns = linear_sum_assignment(gated, maximize=True)
    good = gated[rows, columns] > 0
    return rows[good].astype(np.int64), columns[good].astype(np.int64)
