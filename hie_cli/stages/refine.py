"""Temporal refinement of poses (Yuan et al., arXiv 2010.10008).

A frame alone is not enough in a crowd. For each frame t the poses of the n frames before it are
carried forward, and those of the n frames after it backward, along the optical flow to t; matched
to the people of t they are fused with their own poses, joint by joint:

    w_d = score · exp(−|d|/τ) · [forward-backward error < ε] · OKS(p̂_d, p_t)
    fused = Σ w_d p̂_d / Σ w_d           (d = 0 included; outliers damped)

A joint, or a whole person, that is missing at t is filled in where the frames around agree on it.
The weights are our reading of the paper, which leaves them open; docs/results.md has the ablation.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hie_cli import boxes as geometry
from hie_cli.flow.estimators import FlowConfig, FlowMeter
from hie_cli.flow.fields import FlowPair, carry
from hie_cli.posing.smoothing import one_euro, savgol
from hie_cli.skeletons import OKS_SIGMAS
from hie_cli.types import Frame, People, concatenate

Floats = NDArray[np.float64]
_GRID = 5  # points across a box whose median motion moves the box


@dataclass(frozen=True)
class RefineConfig:
    """``refine``'s options; ``configs/refine.yaml`` explains each.

    Raises ValueError where a value makes no sense.
    """

    method: Literal["flow", "one-euro", "savgol", "none"] = "flow"
    frames: int = 2
    decay: float = 1.5
    max_error: float = 0.02
    score_power: float = 2.0
    min_similarity: float = 0.4
    outlier: float = 1.0
    own_weight: float = 1.5
    fill_joints: bool = True
    fill_people: bool = True
    fill_weight: float = 0.15
    filled_score: float = 0.7
    min_cutoff: float = 0.15
    beta: float = 20.0
    savgol_frames: int = 2
    savgol_order: int = 2
    flow: FlowConfig = field(default_factory=FlowConfig)

    def __post_init__(self) -> None:
        if self.frames < 1:
            raise ValueError("refine.frames must be at least 1; refine.method none turns it off")
        if self.decay <= 0 or self.outlier <= 0 or self.max_error <= 0:
            raise ValueError("refine: decay, outlier and max_error must be above 0")


@dataclass(frozen=True)
class Carried:
    """People of frame t + d brought to frame t: (M, 14, 2), (M, 14), (M, 4), (M,)."""

    distance: int
    keypoints: Floats
    weights: Floats
    scores: Floats
    boxes: Floats
    people: People


def context_frames(config: RefineConfig) -> int | None:
    """How many frames around a frame its refined poses depend on; None: all before it."""
    return {"flow": config.frames, "savgol": config.savgol_frames, "one-euro": None, "none": 0}[
        config.method
    ]


def refine(
    seen: Iterable[tuple[Frame, People]], config: RefineConfig
) -> Iterator[tuple[Frame, People]]:
    """Yield each frame with its people's poses refined; holds 2n + 1 frames, n ahead.

    People without keypoints pass unchanged.
    """
    if config.method == "flow":
        return _by_flow(seen, config)
    if config.method == "one-euro":
        return one_euro(seen, config.min_cutoff, config.beta)
    if config.method == "savgol":
        return savgol(seen, config.savgol_frames, config.savgol_order)
    return iter(seen)


def _by_flow(
    seen: Iterable[tuple[Frame, People]], config: RefineConfig
) -> Iterator[tuple[Frame, People]]:
    meter = FlowMeter(config.flow)
    n = config.frames
    window: list[tuple[Frame, People]] = []
    flows: list[FlowPair] = []  # flows[i] leads from window[i] to window[i + 1]
    due = 0  # position in the window of the next frame to yield
    for item in seen:
        pair = meter.step(item[0].image)
        if pair is not None:
            flows.append(pair)
        window.append(item)
        if len(window) - 1 - due >= n:
            yield window[due][0], refined(window, flows, due, config)
            due += 1
        if due > n:
            window.pop(0)
            flows.pop(0)
            due -= 1
    for position in range(due, len(window)):
        yield window[position][0], refined(window, flows, position, config)


def refined(
    window: Sequence[tuple[Frame, People]],
    flows: Sequence[FlowPair],
    position: int,
    config: RefineConfig,
) -> People:
    """The people of ``window[position]`` refined by those up to ``config.frames`` away."""
    people = window[position][1]
    if people.keypoints is None and len(people):
        return people
    carried = []
    for other in range(max(0, position - config.frames), len(window)):
        distance = other - position
        if distance > config.frames:
            break
        if distance and window[other][1].keypoints is not None and len(window[other][1]):
            path = flows[other:position] if distance < 0 else flows[position:other]
            carried.append(bring(window[other][1], path, distance, config))
    return combine(people, carried, config)


def bring(people: People, path: Sequence[FlowPair], distance: int, config: RefineConfig) -> Carried:
    """Carry ``people`` along ``path``, forward for a negative ``distance``, else backward.

    A joint whose way there and back does not close within ``max_error`` body heights gets weight 0.
    """
    assert people.keypoints is not None
    assert people.keypoint_scores is not None
    boxes = np.asarray(people.boxes, np.float64)
    tall = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0).max(1)
    limit = np.maximum(config.max_error * tall, 1.0)
    points = np.asarray(people.keypoints, np.float64)
    grid = _box_grid(boxes)
    ok = geometry.known(points)
    for pair in path if distance < 0 else reversed(path):
        points, error = carry(points, pair, back=distance > 0)
        ok &= error < limit[:, None]
        grid, grid_error = carry(grid, pair, back=distance > 0)
        grid[grid_error > limit[:, None]] = np.nan
        ok &= _inside(points, pair)
    scores = np.asarray(people.keypoint_scores, np.float64)
    weights = np.where(ok, scores**config.score_power, 0.0) * np.exp(-abs(distance) / config.decay)
    shift = _median_shift(_box_grid(boxes), grid)
    return Carried(distance, points, weights, scores, boxes + np.tile(shift, 2), people)


def _inside(points: Floats, pair: FlowPair) -> NDArray[np.bool_]:
    """Which points (..., 2) lie inside the image; beyond its edges nothing is known to be there."""
    height, width = pair.forward.shape[:2]
    scaled = points * pair.scale
    return geometry.known(np.where((scaled >= 0) & (scaled < (width, height)), scaled, np.nan))


def _box_grid(boxes: Floats) -> Floats:
    """Points (M, 25, 2) over the middle of each box."""
    at = np.linspace(0.3, 0.7, _GRID)
    x = boxes[:, :1] + (boxes[:, 2:3] - boxes[:, :1]) * at
    y = boxes[:, 1:2] + (boxes[:, 3:] - boxes[:, 1:2]) * at
    shape = (len(boxes), _GRID, _GRID)
    columns = np.broadcast_to(x[:, None, :], shape).reshape(len(boxes), -1)
    rows = np.broadcast_to(y[:, :, None], shape).reshape(len(boxes), -1)
    return np.stack([columns, rows], -1)


def _median_shift(start: Floats, end: Floats) -> Floats:
    """How far each box moved (M, 2): the median of its points that came through; else 0."""
    lost = ~geometry.known(end)
    shift = np.where(lost[..., None], np.nan, end - start)
    shift[np.logical_and.reduce(lost, axis=1)] = 0.0
    moved: Floats = np.nanmedian(shift, axis=1) if len(shift) else np.zeros((0, 2))
    return moved


def combine(people: People, carried: Sequence[Carried], config: RefineConfig) -> People:
    """Fuse ``people`` (N) with what was carried to their frame, and add people they lack."""
    matches = [_match(people, each, config) for each in carried]
    fused = _fuse(people, carried, matches, config) if len(people) else people
    if not config.fill_people:
        return fused
    missed = _missed_people(fused, carried, matches, config)
    return concatenate([fused, missed]) if len(missed) else fused


def _similarity(carried: Carried, boxes: Floats, keypoints: Floats) -> Floats:
    """(M, N) alikeness of carried people to others: the mean of OKS and box overlap."""
    visible = np.where(carried.weights[..., None] > 0, carried.keypoints, np.nan)
    pose = geometry.oks(visible, keypoints, geometry.area(boxes))
    overlap = geometry.iou(carried.boxes, boxes)
    both: Floats = np.where(pose > 0, (pose + overlap) / 2, overlap / 2)
    return both


def _match(
    people: People, carried: Carried, config: RefineConfig
) -> tuple[NDArray[np.int64], Floats]:
    """Of each carried person the index of the same one in ``people`` (-1: none), how alike."""
    from scipy.optimize import linear_sum_assignment

    index = np.full(len(carried.boxes), -1)
    alike = np.zeros(len(carried.boxes))
    if len(people):
        similarity = _similarity(
            carried,
            np.asarray(people.boxes, np.float64),
            np.asarray(people.keypoints, np.float64),
        )
        rows, columns = linear_sum_assignment(-similarity)
        good = similarity[rows, columns] >= config.min_similarity
        index[rows[good]] = columns[good]
        alike[rows[good]] = similarity[rows[good], columns[good]]
    return index, alike


def _fuse(
    people: People,
    carried: Sequence[Carried],
    matches: Sequence[tuple[NDArray[np.int64], Floats]],
    config: RefineConfig,
) -> People:
    """Poses of ``people`` (N) averaged with their carried selves."""
    n, slots = len(people), 1 + len(carried)
    points = np.full((slots, n, 14, 2), np.nan)
    weights = np.zeros((slots, n, 14))
    scores = np.zeros((slots, n, 14))
    assert people.keypoints is not None
    assert people.keypoint_scores is not None
    own = geometry.known(people.keypoints)
    points[0], scores[0] = people.keypoints, people.keypoint_scores
    weights[0] = np.where(own, config.own_weight * scores[0] ** config.score_power, 0.0)
    for slot, (each, (index, alike)) in enumerate(zip(carried, matches, strict=True), 1):
        found = index >= 0
        points[slot, index[found]] = each.keypoints[found]
        scores[slot, index[found]] = each.scores[found]
        weights[slot, index[found]] = each.weights[found] * alike[found, None]
    sizes = np.sqrt(np.maximum(geometry.area(people.boxes), 1.0))
    mean, score, total = average(points, weights, scores, sizes, config.outlier)
    keep = own if not config.fill_joints else own | (total >= config.fill_weight)
    filled = keep & ~own
    score = np.where(filled, score * config.filled_score, score)
    return people.replace(
        keypoints=np.where(keep[..., None], mean, np.nan),
        keypoint_scores=np.where(keep, score, 0.0),
    )


def average(
    points: Floats, weights: Floats, scores: Floats, sizes: Floats, outlier: float
) -> tuple[Floats, Floats, Floats]:
    """Weighted mean of joints over slots, far ones damped.

    points (S, N, 14, 2), weights and scores (S, N, 14), sizes (N,) in pixels. A slot's weight falls
    by a Gaussian in its distance from the weighted median, ``outlier`` times OKS's own spread
    (2 sigma_j · size) wide. Returns points (N, 14, 2; NaN without weight), scores (N, 14) and the
    total weights (N, 14).
    """
    known = np.where(np.isfinite(points), points, 0.0)
    centre = np.stack([_weighted_median(known[..., axis], weights) for axis in (0, 1)], -1)
    spread = 2 * OKS_SIGMAS * sizes[:, None] * outlier
    distance = ((known - centre) ** 2).sum(-1)
    weights = weights * np.exp(-distance / (2 * spread**2))
    total = weights.sum(0)
    safe = np.where(total > 0, total, 1.0)
    mean = (known * weights[..., None]).sum(0) / safe[..., None]
    score = (scores * weights).sum(0) / safe
    return np.where(total[..., None] > 0, mean, np.nan), np.where(total > 0, score, 0.0), total


def _weighted_median(values: Floats, weights: Floats) -> Floats:
    """Along the first axis: the value at which half of the weight is reached."""
    order = np.argsort(values, axis=0)
    ordered = np.take_along_axis(values, order, 0)
    reached = np.cumsum(np.take_along_axis(weights, order, 0), axis=0)
    first = (reached >= reached[-1:] / 2).argmax(0)
    median: Floats = np.take_along_axis(ordered, first[None], 0)[0]
    return median


def _missed_people(
    people: People,
    carried: Sequence[Carried],
    matches: Sequence[tuple[NDArray[np.int64], Floats]],
    config: RefineConfig,
) -> People:
    """People whom frames on both sides carry here and whom this frame lacks."""
    free = [(e, np.flatnonzero(index < 0)) for e, (index, _) in zip(carried, matches, strict=True)]
    before = max((f for f in free if f[0].distance < 0), key=lambda f: f[0].distance, default=None)
    after = min((f for f in free if f[0].distance > 0), key=lambda f: f[0].distance, default=None)
    if before is None or after is None or not len(before[1]) or not len(after[1]):
        return People.empty(people)
    (past, i), (future, j) = before, after
    pairs = _similarity(past, future.boxes, future.keypoints)[np.ix_(i, j)]
    found = []
    while pairs.size and pairs.max() >= config.min_similarity:
        a, b = np.unravel_index(int(pairs.argmax()), pairs.shape)
        found.append((int(i[a]), int(j[b]), float(pairs[a, b])))
        pairs[a, :] = pairs[:, b] = 0
    made = [_between(past, future, a, b, alike, config) for a, b, alike in found]
    fresh = [p for p in made if not _taken(p, people, config)]
    return concatenate(fresh) if fresh else People.empty(people)


def _between(
    past: Carried, future: Carried, a: int, b: int, alike: float, config: RefineConfig
) -> People:
    """One person, seen before and after, at the present frame."""
    points = np.stack([past.keypoints[a], future.keypoints[b]])[:, None]
    weights = np.stack([past.weights[a], future.weights[b]])[:, None]
    scores = np.stack([past.scores[a], future.scores[b]])[:, None]
    box = (past.boxes[a] + future.boxes[b]) / 2
    size = np.sqrt(geometry.area(box[None]))
    mean, score, total = average(points, weights, scores, size, config.outlier)
    keep = total >= config.fill_weight
    lowered = config.filled_score * alike
    ends = min(float(past.people.scores[a]), float(future.people.scores[b]))
    return People(
        box[None],
        np.array([ends * config.filled_score]),
        None,
        np.where(keep[..., None], mean, np.nan),
        np.where(keep, score * lowered, 0.0),
    )


def _taken(person: People, people: People, config: RefineConfig) -> bool:
    """Whether ``person`` is one of ``people`` already."""
    return bool(len(people)) and bool(geometry.iou(person.boxes, people.boxes).max() > 0.5)
