"""Fitting a fusion: the members' weights on validation, and what corrects their mean."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hie_cli.core.types import FloatArray, IntArray, People
from hie_cli.recognition.scene.correction import Correction, probabilities
from hie_cli.training.action.scene_fit import fit_beta, fit_concatenation, fit_prior
from hie_cli.training.action.scores import Quality, quality

Figures = dict[str, float]


@dataclass(frozen=True)
class Seen:
    """One labelled frame: its people, their labels (N,), -1 = none, scores (M, N, 14) of M members
    and scene vectors (N, D).
    """

    people: People
    labels: IntArray
    scores: FloatArray
    scenes: FloatArray


@dataclass(frozen=True)
class Fitted:
    """Weights (M,) adding up to 1, the way of the correction and itself, and the figures reached on
    validation. What did not help there is left out: weight 0, way "none".
    """

    weights: FloatArray
    way: str
    correction: Correction | None
    numbers: dict[str, Figures]


def simplex(members: int) -> FloatArray:
    """Weights (K, members), each row adding up to 1, in tenths (from five members on in fifths).

    Ordered from even to uneven, so that the first of several equally good ones is the most even.
    """
    parts = 10 if members < 5 else 5
    # Stars and bars: the places of members - 1 bars among ``parts`` stars.
    bars = np.array(list(itertools.combinations(range(parts + members - 1), members - 1)))
    bars = bars.reshape(len(bars), members - 1)
    ends = np.column_stack([bars, np.full(len(bars), parts + members - 1)])
    shares = np.diff(ends, axis=1, prepend=-1) - 1
    order = np.argsort((shares**2).sum(1), kind="stable")
    rows: FloatArray = shares[order] / parts
    return rows


def blended(seen: Sequence[Seen], weights: FloatArray) -> list[FloatArray]:
    """The weighted mean (N, 14) of the members' scores, frame by frame."""
    return [np.average(frame.scores, axis=0, weights=weights) for frame in seen]


def judged(seen: Sequence[Seen], scores: Sequence[FloatArray], by: str) -> float:
    """``by``: "wf_mAP" or "macro"; higher is better."""
    found = quality(seen, scores)
    return found.macro if by == "macro" else found.wf_map


def fit_weights(seen: Sequence[Seen], by: str) -> FloatArray:
    """The weights (M,) whose mean is best on ``seen``; of equally good ones the most even."""
    rows = simplex(len(seen[0].scores))
    best: FloatArray = rows[np.argmax([judged(seen, blended(seen, row), by) for row in rows])]
    return best


def fit_correction(
    train: Sequence[Seen], val: Sequence[Seen], weights: FloatArray, way: str, by: str
) -> Correction:
    """A way of ``fusion.WAYS`` learned on ``train``; a prior's beta is chosen on ``val``."""
    labels = np.concatenate([frame.labels for frame in train])
    known = labels >= 0
    scenes = np.concatenate([frame.scenes for frame in train])[known]
    if way != "prior":
        scores = np.concatenate(blended(train, weights))[known]
        return Correction(fit_concatenation(scores, scenes, labels[known]), None)
    prior = fit_prior(scenes, labels[known])
    told = probabilities(prior, np.concatenate([frame.scenes for frame in val]))

    def measure(rows: FloatArray) -> float:
        return judged(val, split(val, rows), by)

    return Correction(prior, fit_beta(np.concatenate(blended(val, weights)), told, measure))


def split(seen: Sequence[Seen], rows: FloatArray) -> list[FloatArray]:
    """Rows of all frames (R, ...) back to frames."""
    return np.split(rows, np.cumsum([len(frame.people) for frame in seen])[:-1])


def fit(
    train: Sequence[Seen], val: Sequence[Seen], names: Sequence[str], way: str, by: str
) -> Fitted:
    """Everything; ``names`` (M,) are the members' for the figures, ``way`` one of ``WAYS``."""
    weights = fit_weights(val, by)
    numbers = {
        name: _figures(quality(val, [frame.scores[k] for frame in val]))
        for k, name in enumerate(names)
    }
    mean = blended(val, weights)
    if len(names) > 1:
        numbers["weighted mean"] = _figures(quality(val, mean))
    if way == "none":
        return Fitted(weights, way, None, numbers)
    correction = fit_correction(train, val, weights, way, by)
    fused = [correction(row, frame.scenes) for row, frame in zip(mean, val, strict=True)]
    numbers[f"corrected ({way})"] = _figures(quality(val, fused))
    if judged(val, fused, by) > judged(val, mean, by):
        return Fitted(weights, way, correction, numbers)
    return Fitted(weights, "none", None, numbers)


def _figures(found: Quality) -> Figures:
    return {"wf_mAP": round(found.wf_map, 4), "macro_accuracy": round(found.macro, 4)}
