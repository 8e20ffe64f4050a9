"""Geometry of boxes (xyxy, pixels) and poses: overlap, OKS, suppression. Pure numpy."""

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.skeletons import OKS_SIGMAS

Floats = NDArray[np.floating]


def area(boxes: Floats) -> NDArray[np.float64]:
    """Areas (N,) of boxes (N, 4) in px²; a reversed box has area 0."""
    b = np.asarray(boxes, np.float64).reshape(-1, 4)
    return np.maximum(b[:, 2] - b[:, 0], 0) * np.maximum(b[:, 3] - b[:, 1], 0)


def intersection(a: Floats, b: Floats) -> NDArray[np.float64]:
    """Pairwise intersection areas (N, M) of boxes (N, 4) and (M, 4)."""
    left, top, right, bottom = np.asarray(a, np.float64).reshape(-1, 4).T[..., None]
    x1, y1, x2, y2 = np.asarray(b, np.float64).reshape(-1, 4).T
    width = np.minimum(right, x2) - np.maximum(left, x1)
    height = np.minimum(bottom, y2) - np.maximum(top, y1)
    overlap: NDArray[np.float64] = np.maximum(width, 0) * np.maximum(height, 0)
    return overlap


def iou(a: Floats, b: Floats) -> NDArray[np.float64]:
    """Pairwise intersection over union (N, M); 0 where both boxes are empty."""
    inter = intersection(a, b)
    union = area(a)[:, None] + area(b)[None] - inter
    return np.divide(inter, union, out=np.zeros_like(inter), where=union > 0)


def paired_iou(a: Floats, b: Floats) -> NDArray[np.float64]:
    """IoU (K,) of boxes (K, 4) and (K, 4), row by row."""
    size = np.maximum(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0)
    inter = size[:, 0] * size[:, 1]
    union = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1]) - inter
    union += (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    overlap: NDArray[np.float64] = inter / np.maximum(union, 1e-9)
    return overlap


def coverage(boxes: Floats) -> NDArray[np.float64]:
    """Share (N, N) of box i (row) that lies within box j (column); 0 on the diagonal."""
    x1, y1, x2, y2 = boxes.T
    width = np.minimum(x2[:, None], x2) - np.maximum(x1[:, None], x1)
    height = np.minimum(y2[:, None], y2) - np.maximum(y1[:, None], y1)
    inside: NDArray[np.float64] = np.maximum(width, 0) * np.maximum(height, 0)
    inside /= np.maximum((x2 - x1) * (y2 - y1), 1e-9)[:, None]
    np.fill_diagonal(inside, 0)
    return inside


def iom(a: Floats, b: Floats) -> NDArray[np.float64]:
    """Pairwise intersection over the smaller box (N, M): 1 when one box lies in the other."""
    inter = intersection(a, b)
    smaller = np.minimum(area(a)[:, None], area(b)[None])
    return np.divide(inter, smaller, out=np.zeros_like(inter), where=smaller > 0)


def pairs_where(wanted: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns (K,) where ``wanted`` (N, M) holds, row by row: NumPy's ``nonzero`` of two
    axes, which takes several times as long where few pairs of many hold.
    """
    rows, columns = np.divmod(wanted.ravel().nonzero()[0], max(wanted.shape[1], 1))
    return rows, columns


def ranges(low: NDArray[np.int64], high: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Numbers (K,) from ``low`` (N,) up to, without, ``high`` (N,), one range after another, before
    them which range (K,) each is of; none where ``high`` is no more than ``low``.
    """
    count = np.maximum(high - low, 0)
    which = np.repeat(np.arange(len(count)), count)
    return which, np.arange(len(which)) + np.repeat(low - np.cumsum(count) + count, count)


def known(points: Floats) -> NDArray[np.bool_]:
    """Whether each point (..., 2) is there: (...) bool, False where a coordinate is NaN."""
    one = np.isfinite(points)
    if one.shape[-1] == 2:  # many times faster than numpy's reduction of two values
        both: NDArray[np.bool_] = one[..., 0] & one[..., 1]
        return both
    finite: NDArray[np.bool_] = np.logical_and.reduce(one, axis=-1)
    return finite


def squared_distance(a: Floats, b: Floats) -> NDArray[np.float64]:
    """Squared distances (...) of points (..., 2) to points (..., 2)."""
    # By coordinate: many times faster than numpy's sum over two values.
    x, y = a[..., 0] - b[..., 0], a[..., 1] - b[..., 1]
    x *= x
    y *= y
    x += y
    squared: NDArray[np.float64] = x
    return squared


_AT_ONCE = 300  # boxes of which all overlaps are computed in one go


def nms(boxes: Floats, scores: Floats, threshold: float) -> NDArray[np.int64]:
    """Indices (K,) that greedy suppression at IoU > threshold keeps of boxes (N, 4) with scores
    (N,), best first (ties: lower index).
    """
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    kept = []
    if len(order) <= _AT_ONCE:
        ranked = np.asarray(boxes)[order]
        apart = iou(ranked, ranked) <= threshold
        alive = np.ones(len(order), bool)
        for place, index in enumerate(order):
            if alive[place]:
                kept.append(int(index))
                alive &= apart[place]
        return np.array(kept, np.int64)
    left = np.asarray(boxes, np.float64)[order]
    while order.size:  # one row of overlaps at a time: a thousand candidates stay cheap
        kept.append(int(order[0]))
        rest = np.flatnonzero(iou(left[:1], left[1:])[0] <= threshold) + 1
        order, left = order[rest], left[rest]
    return np.array(kept, np.int64)


def clip(boxes: Floats, width: int, height: int) -> NDArray[np.float32]:
    """Boxes (N, 4) cut at the image's edges."""
    limit = np.array([width, height, width, height], np.float32)
    return np.clip(np.asarray(boxes, np.float32).reshape(-1, 4), 0, limit)


def keypoint_similarity(
    squared: Floats, areas: Floats, sigmas: Floats = OKS_SIGMAS
) -> NDArray[np.float64]:
    """COCO's similarity exp(-d^2 / (2 area (2 sigma)^2)) of joints: the one formula behind OKS.

    squared (..., J): squared distances d^2 in px², areas (...) of the reference persons in px²,
    sigmas (J,). NaN distances stay NaN, infinite ones give 0.
    """
    spread = 2 * np.asarray(areas)[..., None] * (2 * np.asarray(sigmas)) ** 2
    similarity: NDArray[np.float64] = np.exp(-squared / np.maximum(spread, 1e-9))
    return similarity


def oks(
    poses: Floats, reference: Floats, reference_area: Floats, sigmas: Floats = OKS_SIGMAS
) -> NDArray[np.float64]:
    """Pairwise object keypoint similarity (N, M), COCO's form.

    poses (N, 14, 2) against reference (M, 14, 2) with areas (M,) px². NaN joints on either side do
    not count; a pair sharing no joint scores 0.
    """
    p = np.asarray(poses, np.float64).reshape(-1, len(sigmas), 2)[:, None]
    q = np.asarray(reference, np.float64).reshape(-1, len(sigmas), 2)[None]
    scale = np.maximum(np.asarray(reference_area, np.float64), 1.0)[None]
    return np.nan_to_num(_mean_of_common(squared_distance(p, q), scale, sigmas))


def paired_oks(
    poses: Floats, reference: Floats, areas: Floats, sigmas: Floats = OKS_SIGMAS
) -> NDArray[np.float64]:
    """OKS (K,) of poses (K, 14, 2) and reference (K, 14, 2), row by row, at areas (K,) px².

    NaN joints on either side do not count; NaN where no joint is shared.
    """
    return _mean_of_common(squared_distance(poses, reference), areas, sigmas)


def _mean_of_common(squared: Floats, areas: Floats, sigmas: Floats) -> NDArray[np.float64]:
    """Mean similarity (...) over the joints with a distance (..., J); NaN where none has one."""
    similarity = keypoint_similarity(squared, areas, sigmas)
    common = np.isfinite(similarity)
    count = common.sum(-1)
    total = np.where(common, similarity, 0).sum(-1)
    mean: NDArray[np.float64] = np.divide(
        total, count, out=np.full_like(total, np.nan), where=count > 0
    )
    return mean
