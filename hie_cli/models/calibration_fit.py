"""Fitting what a network's raw scores mean to labelled data; the records are ``calibration``'s.

Every group (a video, a set of stills) weighs the same, however many people it shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.geometry import iou
from hie_cli.core.types import FloatArray, People
from hie_cli.models.calibration import (
    HEIGHTS,
    JointCalibration,
    ScoreCalibration,
)  # fmt: skip

Floats = NDArray[np.float64]
_SURE = 0.3  # probability from which a person counts as found
# How hard coefficients are held at the prior, from wholly to hardly; data left out decide. Those
# of the height are let go with several videos only: videos differ in both, and one is easily taken
# for the other.
_STRENGTHS = (np.inf, 1e-1, 1e-2, 1e-3, 1e-4)
_ALONE = 1e-3  # the same where nothing can be left out
_HEIGHT_GROUPS = 4  # groups from which the height may count
_GAIN = 0.999  # times the log loss of a simpler fit that a less simple one has to reach
_CLEAR_GAIN = 0.97  # and of what was known before
# A first guess: the slope it expects, and how hard it is held there, beside the people's losses.
_FIRST = 2.0
_FIRST_STRENGTH = 0.02
_FIRST_RAW = 0.3  # weight of the raw score in a first guess
_SPREAD = 0.25  # of log height, over which recall is averaged
_LEAST = 30  # rows that a fit needs


@dataclass
class Samples:
    """Rows of a detector's candidates, of the people it should have found, and of joints."""

    scores: list[tuple[str, float, float, bool]] = field(default_factory=list)
    people: list[tuple[str, float, float]] = field(default_factory=list)
    joints: list[tuple[str, float, float, bool]] = field(default_factory=list)

    def add_people(
        self, group: str, found: People, boxes: FloatArray, ignore: NDArray[np.bool_], scale: float
    ) -> NDArray[np.int64]:
        """One view of a frame: raw candidates against truth ``boxes`` (M, 4), some to ``ignore``.

        ``scale``: input pixels per frame pixel. Returns the truth of each candidate, else -1.
        """
        taken = np.full(len(found), -1)
        overlap = iou(found.boxes, boxes)
        for i in np.argsort(-found.scores, kind="stable"):
            if overlap.shape[1] and overlap[i].max() >= 0.5:
                taken[i] = int(overlap[i].argmax())
                overlap[:, taken[i]] = 0
        size = (found.boxes[:, 2:] - found.boxes[:, :2]).astype(np.float64)
        true_size = (boxes[:, 2:] - boxes[:, :2]).astype(np.float64)
        best: dict[int, float] = {}
        for i, j in enumerate(taken):
            if j >= 0 and ignore[j]:
                continue
            self.scores.append((group, float(found.scores[i]), size[i, 1] * scale, j >= 0))
            if j >= 0:
                best[int(j)] = float(found.scores[i])
        for j in np.flatnonzero(~ignore):
            self.people.append((group, best.get(int(j), 0.0), true_size[j, 1] * scale))
        return taken

    def extend(self, other: "Samples") -> None:
        """Add the rows of ``other``."""
        for one, more in zip(vars(self).values(), vars(other).values(), strict=True):
            one.extend(more)

    def add_joints(
        self, group: str, found: FloatArray, scores: FloatArray, truth: FloatArray, near: float,
        height: float,
    ) -> None:  # fmt: skip
        """One person's joints (14, 2) against labelled ones; ``near`` pixels are right."""
        distance = np.linalg.norm(found - truth, axis=-1)
        for k in np.flatnonzero(np.isfinite(distance)):
            self.joints.append((group, float(scores[k]), height, bool(distance[k] <= near)))


@dataclass(frozen=True)
class Fit:
    """A fitted record, and its log loss on groups that it was not fitted to, with the raw scores'.

    The losses are None where there is but one group.
    """

    record: Any
    left_out: float | None
    raw: float | None


def fit_scores(samples: Samples, before: ScoreCalibration | None = None) -> Fit | None:
    """``ScoreCalibration`` of a detector; None for too few candidates or people.

    ``before``: what is known so far; the fit leaves it as far as data left out confirm.
    """
    if len(samples.scores) < _LEAST or len(samples.people) < _LEAST:
        return None
    groups, z, u, right = _columns(samples.scores)
    design = np.stack((np.ones_like(z), z, u, u * u), 1)
    prior = np.array((0, 1, 0, 0) if before is None else before.coefficients, float)
    fitted, left_out, raw = _fit(groups, design, right, prior)
    coefficients = tuple(round(float(value), 3) for value in fitted)
    record = ScoreCalibration(coefficients, (1.0,) * len(HEIGHTS))  # type: ignore[arg-type] # four
    if before is not None and left_out is not None:
        kept = _loss_of(before, samples)
        if left_out > _CLEAR_GAIN * kept:
            record, left_out = replace(before, recall=record.recall), kept
    scores = np.array([score for _, score, _ in samples.people])
    heights = np.array([height for _, _, height in samples.people])
    found = (record.probability(scores, heights) > _SURE) & (scores > 0)
    recall = _by_height(np.array([g for g, _, _ in samples.people]), heights, found)
    return Fit(replace(record, recall=recall), left_out, raw)


def fit_joints(samples: Samples, crops: bool) -> Fit | None:
    """``JointCalibration``; ``crops``: everybody has the same height. None for too few joints."""
    if len(samples.joints) < _LEAST:
        return None
    groups, z, u, right = _columns(samples.joints)
    columns = (np.ones_like(z), z) if crops else (np.ones_like(z), z, np.minimum(u, 0))
    prior = np.array((0, 1, 0)[: len(columns)], float)
    fitted, left_out, raw = _fit(groups, np.stack(columns, 1), right, prior)
    values = [round(float(value), 3) for value in fitted] + ([0.0] if crops else [])
    return Fit(JointCalibration((values[0], values[1], values[2])), left_out, raw)


def _columns(
    rows: list[tuple[str, float, float, bool]],
) -> tuple[NDArray[Any], Floats, Floats, Floats]:
    """Groups, logits of the scores, ln(height / 100 pixels), right as 0 or 1."""
    groups, scores, heights, right = zip(*rows, strict=True)
    s = np.clip(np.array(scores, float), 1e-4, 1 - 1e-4)
    u = np.log(np.clip(np.array(heights, float), 12, 900) / 100)
    return np.array(groups), np.log(s / (1 - s)), u, np.array(right, float)


def first_guess(scores: NDArray[np.floating], right: NDArray[np.bool_]) -> ScoreCalibration:
    """From a few ``scores`` (N,), some of which are ``right`` (N,): a slope and an offset."""
    s = np.clip(np.asarray(scores, np.float64), 1e-4, 1 - 1e-4)
    design = np.stack((np.ones_like(s), np.log(s / (1 - s))), 1)
    prior, strengths = np.array((0, _FIRST)), (0.0, _FIRST_STRENGTH * float(right.mean()))
    b0, b1 = _logistic(design, right.astype(float), np.ones(len(s)), prior, strengths)
    coefficients = (round(float(b0), 3), round(float(b1), 3), 0.0, 0.0)
    return ScoreCalibration(coefficients, (1.0,) * len(HEIGHTS), raw_weight=_FIRST_RAW)


def average_precision(samples: Samples, record: ScoreCalibration) -> float:
    """AP at IoU 0.5 of a detector's candidates, the mean over groups; 0 for none."""
    values = []
    for name in sorted({group for group, _, _ in samples.people}):
        own = [row for row in samples.scores if row[0] == name]
        total = sum(group == name for group, _, _ in samples.people)
        scores, heights, right = (np.array([row[i] for row in own], float) for i in (1, 2, 3))
        order = np.argsort(-record.probability(scores, heights), kind="stable")
        found = np.cumsum(right[order])
        precision = found / np.arange(1, len(order) + 1)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        values.append(float(envelope[right[order] > 0].sum()) / total)
    return float(np.mean(values)) if values else 0.0


def _fit(
    groups: NDArray[Any], design: Floats, right: Floats, prior: Floats
) -> tuple[Floats, float | None, float | None]:
    """Coefficients, and the mean log loss of each group by a fit to the others, and by the raw
    scores. How hard the coefficients are held at ``prior`` is what does best on groups left out.
    """
    names = sorted(set(groups))
    weight = np.zeros(len(groups))
    for name in names:
        weight[groups == name] = 1 / (groups == name).sum()
    if len(names) < 2:
        strengths = (_ALONE, _ALONE, *(np.inf,) * (design.shape[1] - 2))
        return _logistic(design, right, weight, prior, strengths), None, None
    raw = np.mean([_loss(design[groups == n][:, 1], right[groups == n]) for n in names])
    best, chosen = np.inf, (np.inf,) * design.shape[1]
    for strengths in _choices(design.shape[1], len(names)):
        losses = []
        for name in names:
            own = groups == name
            other = _logistic(design[~own], right[~own], weight[~own], prior, strengths)
            losses.append(_loss(design[own] @ other, right[own]))
        if float(np.mean(losses)) < _GAIN * best:
            best, chosen = float(np.mean(losses)), strengths
    return _logistic(design, right, weight, prior, chosen), best, float(raw)


def _choices(count: int, groups: int) -> list[tuple[float, ...]]:
    """How hard to hold each of ``count`` coefficients, simpler fits first: all, those of the
    height, none.
    """
    plain = [(strength, strength, *(np.inf,) * (count - 2)) for strength in _STRENGTHS]
    if count == 2 or groups < _HEIGHT_GROUPS:
        return plain
    return plain + [(strength,) * count for strength in _STRENGTHS[1:]]


def _loss_of(record: ScoreCalibration, samples: Samples) -> float:
    """The mean log loss of each group by ``record``."""
    groups, scores, heights, right = (np.array(each) for each in zip(*samples.scores, strict=True))
    chance = np.clip(record.probability(scores, heights), 1e-4, 1 - 1e-4)
    loss = -np.where(right, np.log(chance), np.log(1 - chance))
    return float(np.mean([loss[groups == name].mean() for name in sorted(set(groups))]))


def _logistic(
    design: Floats, right: Floats, weight: Floats, prior: Floats, strengths: Sequence[float]
) -> Floats:
    """Logistic regression by weighted maximum likelihood, each coefficient held at ``prior`` by its
    strength times the squared distance (infinite: it stays there); a higher score is never a lower
    chance.
    """
    held = np.isinf(strengths)
    if held.all():
        return prior
    from scipy.optimize import minimize

    pull = np.where(held, 0.0, strengths)

    def loss(b: Floats) -> float:
        z = design @ b
        miss = np.logaddexp(0, z) - right * z
        return float((weight * miss).sum() / weight.sum() + (pull * (b - prior) ** 2).sum())

    bounds: list[tuple[float | None, float | None]] = [(None, None)] * len(prior)
    bounds[1] = (0.05, None)
    bounds = [(p, p) if h else b for p, h, b in zip(prior, held, bounds, strict=True)]
    fitted: Floats = minimize(loss, np.array(prior), method="L-BFGS-B", bounds=bounds).x
    return fitted


def _loss(z: Floats, right: Floats) -> float:
    return float((np.logaddexp(0, z) - right * z).mean())


def _by_height(
    groups: NDArray[Any], heights: Floats, found: NDArray[np.bool_]
) -> tuple[float, ...]:
    """Share found at ``HEIGHTS``, averaged over near heights; beyond the data that of its edge."""
    weight = np.zeros(len(groups))
    for name in set(groups):
        weight[groups == name] = 1 / (groups == name).sum()
    distance = (np.log(HEIGHTS)[:, None] - np.log(np.maximum(heights, 1))) / _SPREAD
    kernel = np.exp(-(distance**2) / 2) * weight
    mass = kernel.sum(1)
    enough = mass > 0.02 * mass.max()
    share = (kernel * found).sum(1)[enough] / mass[enough]
    return tuple(
        float(v) for v in np.round(np.interp(np.log(HEIGHTS), np.log(HEIGHTS)[enough], share), 3)
    )
