"""Fitting the kinematic recogniser's decision: a regularised additive softmax."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hie_cli.core.action_classes import ACTIONS, NUM_ACTIONS
from hie_cli.core.types import BoolArray, FloatArray, IntArray
from hie_cli.recognition.kinematic.decision import AdditiveSoftmax, Curve, Decision, hats
from hie_cli.recognition.kinematic.measures import Measures

KNOTS = 5  # of each curve
ITERATIONS = 300
# What a box's shape says is not asked where joints are trusted.
OF_BOXES = ("elongation", "lean_image", "lean_least")
# How common the actions are taken to be, relative to each other. In HiEve's streets and squares
# people mostly walk and stand; queues, seats, bicycles and stairs are seldom there.
COMMON = {
    "walking-alone": 3.0, "walking-together": 2.5, "running-alone": 0.6, "running-together": 0.5,
    "riding": 0.6, "sitting-talking": 0.6, "sitting-alone": 0.6, "queuing": 0.3,
    "standing-alone": 3.0, "gathering": 2.5, "fighting": 0.7, "fall-over": 1.0,
    "walking-up-down-stairs": 0.3, "crouching-bowing": 0.8,
}  # fmt: skip


@dataclass(frozen=True)
class Examples:
    """R people: measures (R, F), accepted actions (R, 14) bool (several where a label names a group
    of actions), and weights (R,).
    """

    values: FloatArray
    accepted: BoolArray
    weights: FloatArray

    def __len__(self) -> int:
        return len(self.values)

    def of(self, chosen: BoolArray) -> "Examples":
        """Those of the ``chosen`` (R,)."""
        return Examples(self.values[chosen], self.accepted[chosen], self.weights[chosen])


def joined(parts: Sequence[Examples], shares: Sequence[float]) -> Examples:
    """Several sets, the weights of each adding up to its share."""
    weights = [
        share * part.weights / max(float(part.weights.sum()), 1e-12)
        for part, share in zip(parts, shares, strict=True)
    ]
    return Examples(
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.accepted for part in parts]),
        np.concatenate(weights),
    )


def of_classes(values: FloatArray, labels: IntArray) -> Examples:
    """Labelled people (labels 0..13), every class weighing as common as it is."""
    share = np.array([COMMON[action] for action in ACTIONS])
    counts = np.bincount(labels, minlength=NUM_ACTIONS)
    return Examples(
        values, np.eye(NUM_ACTIONS, dtype=bool)[labels], (share / counts.clip(1))[labels]
    )


def knots_of(column: FloatArray) -> FloatArray:
    """A curve's knots: even quantiles of the known values (R,)."""
    known = column[np.isfinite(column)]
    quantiles = np.quantile(known, np.linspace(0.03, 0.97, KNOTS)) if len(known) else np.zeros(1)
    knots = np.unique(np.round(quantiles, 4))
    return knots if len(knots) > 1 else np.array([knots[0], knots[0] + 1])


def fit(
    names: Sequence[str], examples: Examples, ridge: float, start: Decision | None = None
) -> Decision:
    """Fit both softmaxes, each on its people. ``start``: an earlier fit to begin with, which then
    also gives the knots.
    """
    posed = Measures(tuple(names), examples.values).posed
    before = (None, None) if start is None else (start.boxes, start.posed)
    boxes = fit_softmax(names, examples.of(~posed), ridge, before[0])
    return Decision(boxes, fit_softmax(names, examples.of(posed), ridge, before[1], OF_BOXES))


def fit_softmax(
    names: Sequence[str],
    examples: Examples,
    ridge: float,
    start: AdditiveSoftmax | None,
    left_out: Sequence[str] = (),
) -> AdditiveSoftmax:
    """Minimise the weighted cross-entropy of the accepted actions plus ``ridge`` times the squares
    of the curves' values, by L-BFGS. Measures that nobody has are left out.
    """
    import torch

    if start is None:
        used = [
            k
            for k, column in enumerate(examples.values.T)
            if np.isfinite(column).any() and names[k] not in left_out
        ]
        curves = [
            Curve(names[k], knots, np.zeros((len(knots) + 1, NUM_ACTIONS)))
            for k in used
            if len(knots := knots_of(examples.values[:, k]))
        ]
        start = AdditiveSoftmax(tuple(curves), np.zeros(NUM_ACTIONS))
    column = {name: examples.values[:, k] for k, name in enumerate(names)}
    table = np.concatenate([hats(column[c.name], c.knots) for c in start.curves], axis=1)
    inputs = torch.from_numpy(table)
    weights = torch.from_numpy(examples.weights / examples.weights.sum())
    refused = torch.from_numpy(np.where(examples.accepted, 0.0, -np.inf))
    values = torch.from_numpy(np.concatenate([curve.values for curve in start.curves]))
    bias = torch.from_numpy(start.bias.copy())
    values.requires_grad_()
    bias.requires_grad_()
    optimizer = torch.optim.LBFGS(
        [values, bias],
        max_iter=ITERATIONS,
        tolerance_change=1e-6,
        history_size=10,
        line_search_fn="strong_wolfe",
    )

    def loss() -> float:
        optimizer.zero_grad()
        likely = torch.log_softmax(inputs @ values + bias, 1)
        missed = -torch.logsumexp(likely + refused, 1)
        total = (weights * missed).sum() + ridge * (values**2).sum()
        torch.autograd.backward(total)
        return float(total.detach())

    optimizer.step(loss)  # type: ignore[no-untyped-call] # torch's LBFGS is not annotated
    ends = np.cumsum([len(curve.knots) + 1 for curve in start.curves])
    parts = np.split(values.detach().numpy(), ends[:-1])
    fitted = [
        Curve(curve.name, curve.knots, part.copy())
        for curve, part in zip(start.curves, parts, strict=True)
    ]
    return AdditiveSoftmax(tuple(fitted), bias.detach().numpy().copy())
