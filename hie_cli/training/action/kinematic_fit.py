"""Fitting the kinematic recogniser's decision: a regularised additive softmax."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hie_cli.core.action_classes import ACTIONS, NUM_ACTIONS
from hie_cli.core.types import BoolArray, FloatArray, IntArray
from hie_cli.recognition.kinematic.decision import AdditiveSoftmax, Curve, Decision, hats
from hie_cli.recognition.kinematic.measures import Measures

KNOTS = 5  # of a curve, at even quantiles, where the measure has none of its own:
OWN_KNOTS = {
    # Body heights per second: slow walkers make 0.3, usual ones 0.8, runners 1.5.
    "speed": (0.03, 0.1, 0.17, 0.25, 0.35, 0.5, 0.75, 1.1, 1.6, 2.4),
    "other_speed": (0.05, 0.2, 0.35, 0.6, 1.0, 1.6),
    "pair_travel": (0.05, 0.15, 0.3, 0.5, 0.8),
    "stride": (0.02, 0.05, 0.08, 0.12, 0.17, 0.25),
    "agitation": (0.02, 0.08, 0.15, 0.25, 0.4, 0.7),
    "growth": (0.0, 0.03, 0.08, 0.15, 0.3),
    "climb": (0.0, 0.1, 0.2, 0.35, 0.6),
    "distance": (0.3, 0.6, 0.9, 1.3, 2.0, 3.5),
    "rule:queuing": (0.05, 0.2, 0.5, 0.8),
}
SMOOTH = 3.0  # of a curve: weight of its steps against its values
ITERATIONS = 300
# What a box's shape says is not asked where joints are trusted.
OF_BOXES = ("elongation", "lean_image", "lean_least")
# How common the actions are taken to be, relative to each other. In HiEve's streets and squares
# people mostly walk and stand; queues, seats, bicycles and stairs are seldom there.
COMMON = {
    "walking-alone": 3.0, "walking-together": 2.5, "running-alone": 0.6, "running-together": 0.5,
    "riding": 0.6, "sitting-talking": 0.6, "sitting-alone": 0.6, "queuing": 0.1,
    "standing-alone": 3.0, "gathering": 2.5, "fighting": 0.7, "fall-over": 1.0,
    "walking-up-down-stairs": 0.15, "crouching-bowing": 0.8,
}  # fmt: skip
# What is seldom seen in lobbies and streets; ``adjusted`` makes it rarer still.
RARE = ("riding", "running-alone", "running-together", "sitting-talking", "sitting-alone",
        "queuing", "walking-up-down-stairs", "crouching-bowing")  # fmt: skip

# What is added to the part of a measure in the logit of an action that is not believed without
# it, at the measure's knots and where it is unknown. Crowds are simulated with as many stairs as
# anything else, and slow walkers on level ground look like stairs but for the climb; people who
# stand under a camera carried by hand seem to drift at a tenth of a height per second.
SLOW = (-3.0, -2.0, -1.0, *8 * (0.0,))
# Nobody runs at a walker's speed.
WALKERS = (*4 * (-3.0,), -2.5, -2.0, -1.0, *4 * (0.0,))
EVIDENCE = {
    ("climb", "walking-up-down-stairs"): (-4.0, -3.0, -2.0, 0.0, 0.0, -3.0),
    ("speed", "walking-alone"): SLOW,
    ("speed", "walking-together"): SLOW,
    ("speed", "running-alone"): WALKERS,
    ("speed", "running-together"): WALKERS,
}


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


def knots_of(name: str, column: FloatArray) -> FloatArray:
    """A curve's knots: those of the measure's own, else even quantiles of the known values (R,)."""
    if name in OWN_KNOTS:
        return np.array(OWN_KNOTS[name])
    known = column[np.isfinite(column)]
    quantiles = np.quantile(known, np.linspace(0.03, 0.97, KNOTS)) if len(known) else np.zeros(1)
    knots = np.unique(np.round(quantiles, 4))
    return knots if len(knots) > 1 else np.array([knots[0], knots[0] + 1])


def asking(decision: Decision) -> Decision:
    """The decision with the ``EVIDENCE`` that is asked for."""

    def changed(part: AdditiveSoftmax) -> AdditiveSoftmax:
        curves = []
        for curve in part.curves:
            values = curve.values.copy()
            for (measure, action), steps in EVIDENCE.items():
                if measure == curve.name:
                    values[:, ACTIONS.index(action)] += steps
            curves.append(Curve(curve.name, curve.knots, values))
        return AdditiveSoftmax(tuple(curves), part.bias)

    return Decision(changed(decision.boxes), changed(decision.posed))


def adjusted(decision: Decision, rare: float, sharpness: float) -> Decision:
    """The decision where the ``RARE`` actions are so many times as common as in what it was fitted
    on, its logits then taken ``sharpness`` times.

    A softmax follows a change of how common its classes are by its bias alone (M. Saerens et al.,
    Neural Computation, 2002); a regularised one is the less sure, the stronger the ridge.
    """

    def changed(part: AdditiveSoftmax) -> AdditiveSoftmax:
        curves = [Curve(c.name, c.knots, c.values * sharpness) for c in part.curves]
        return AdditiveSoftmax(tuple(curves), (part.bias + _rarer(rare)) * sharpness)

    return Decision(changed(decision.boxes), changed(decision.posed))


def _rarer(rare: float) -> FloatArray:
    return np.array([np.log(rare) if action in RARE else 0.0 for action in ACTIONS])


def loss(decision: Decision, names: Sequence[str], examples: Examples, rare: float) -> float:
    """Weighted mean of the negative log share of what is accepted, by the decision ``adjusted``."""
    told = Measures(tuple(names), examples.values)
    scores = adjusted(decision, rare, 1.0).scores(told, np.ones(len(examples)))
    accepted = np.maximum((scores * examples.accepted).sum(1), 1e-9)
    return float(np.average(-np.log(accepted), weights=examples.weights))


def fit(
    names: Sequence[str],
    examples: Examples,
    ridge: float,
    start: Decision | None = None,
    iterations: int = ITERATIONS,
) -> Decision:
    """Fit both softmaxes, each on its people. ``start``: an earlier fit to begin with, which then
    also gives the knots.
    """
    posed = Measures(tuple(names), examples.values).posed
    before = (None, None) if start is None else (start.boxes, start.posed)
    boxes = fit_softmax(names, examples.of(~posed), ridge, before[0], (), iterations)
    joints = fit_softmax(names, examples.of(posed), ridge, before[1], OF_BOXES, iterations)
    return Decision(boxes, joints)


def fit_softmax(
    names: Sequence[str],
    examples: Examples,
    ridge: float,
    start: AdditiveSoftmax | None,
    left_out: Sequence[str] = (),
    iterations: int = ITERATIONS,
) -> AdditiveSoftmax:
    """Minimise the weighted cross-entropy of the accepted actions plus ``ridge`` times the squares
    of the curves' values and, ``SMOOTH`` times as much, of their steps from knot to knot, by
    L-BFGS. Measures that nobody has are left out.
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
            if len(knots := knots_of(names[k], examples.values[:, k]))
        ]
        start = AdditiveSoftmax(tuple(curves), np.zeros(NUM_ACTIONS))
    column = {name: examples.values[:, k] for k, name in enumerate(names)}
    table = np.concatenate([hats(column[c.name], c.knots) for c in start.curves], axis=1)
    inputs = torch.from_numpy(table).float()  # half the time of double precision
    weights = torch.from_numpy(examples.weights / examples.weights.sum()).float()
    refused = torch.from_numpy(np.where(examples.accepted, 0.0, -np.inf)).float()
    values = torch.from_numpy(np.concatenate([curve.values for curve in start.curves])).float()
    bias = torch.from_numpy(start.bias.copy()).float()
    values.requires_grad_()
    bias.requires_grad_()
    optimizer = torch.optim.LBFGS(
        [values, bias],
        max_iter=iterations,
        tolerance_change=1e-6,
        history_size=10,
        line_search_fn="strong_wolfe",
    )

    ends = np.cumsum([len(curve.knots) + 1 for curve in start.curves])
    # Steps within a curve; not from its last knot to "unknown", nor from one curve to the next.
    within = np.setdiff1d(np.arange(ends[-1] - 1), np.concatenate([ends - 2, ends - 1]))
    lower = torch.from_numpy(within)

    def loss() -> float:
        optimizer.zero_grad()
        likely = torch.log_softmax(inputs @ values + bias, 1)
        missed = -torch.logsumexp(likely + refused, 1)
        rough = ((values[lower + 1] - values[lower]) ** 2).sum()
        total = (weights * missed).sum() + ridge * ((values**2).sum() + SMOOTH * rough)
        torch.autograd.backward(total)
        return float(total.detach())

    optimizer.step(loss)  # type: ignore[no-untyped-call] # torch's LBFGS is not annotated
    parts = np.split(values.detach().double().numpy(), ends[:-1])
    fitted = [
        Curve(curve.name, curve.knots, part.copy())
        for curve, part in zip(start.curves, parts, strict=True)
    ]
    return AdditiveSoftmax(tuple(fitted), bias.detach().double().numpy())
