"""The fitted decision: an additive softmax over the measures, read from ``weights/kinematic.json``.

Every measure has one curve for each action: values at a few knots with straight lines between, flat
beyond, and one value for "unknown". A person's logits are the sums of the curves, so that each
measure's part in a decision can be told (``contributions``). ``tools/fit_kinematic.py`` fits it.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.core.action_classes import ACTIONS, NUM_ACTIONS
from hie_cli.core.errors import ModelError
from hie_cli.core.records import read_record
from hie_cli.core.types import FloatArray
from hie_cli.recognition.kinematic.measures import FARTHEST, Measures

PACKAGED = Path(__file__).parents[2] / "weights" / "kinematic.json"
# From this detection score on a box is believed to be a person; below, in proportion.
CERTAIN_SCORE = 0.5
# Agitation of two, body heights a second, from which they may be fighting, and how sharply.
FIGHT_AGITATION, FIGHT_WIDTH = 0.24, 0.03
FIGHTING = ACTIONS.index("fighting")
# How common queues are among rows of standing people, relative to the crowds learned from.
QUEUE_ODDS = 0.05
QUEUING = ACTIONS.index("queuing")
STANDING = [ACTIONS.index(name) for name in ("standing-alone", "gathering")]


@dataclass(frozen=True)
class Curve:
    """A measure's part: ``knots`` (K,) ascending, ``values`` (K + 1, 14), the last for unknown."""

    name: str
    knots: FloatArray
    values: FloatArray

    def __call__(self, measure: FloatArray) -> FloatArray:
        """The parts (N, 14) in the logits of people whose measure (N,) is given."""
        parts: FloatArray = hats(measure, self.knots) @ self.values
        return parts


@dataclass(frozen=True)
class AdditiveSoftmax:
    """The curves of all measures used, and the logits (14,) that everybody begins with."""

    curves: tuple[Curve, ...]
    bias: FloatArray

    def contributions(self, told: Measures) -> FloatArray:
        """Each curve's part (N, C, 14) in the logits."""
        column = {name: told.values[:, k] for k, name in enumerate(told.names)}
        parts = [curve(column[curve.name]) for curve in self.curves]
        return np.stack(parts, axis=1).reshape(len(told), len(self.curves), NUM_ACTIONS)

    def probabilities(self, told: Measures) -> FloatArray:
        """Rows (N, 14) adding up to 1."""
        logits = self.contributions(told).sum(1) + self.bias
        likely = np.exp(logits - logits.max(1, keepdims=True, initial=-np.inf))
        shares: FloatArray = likely / likely.sum(1, keepdims=True)
        return shares


@dataclass(frozen=True)
class Decision:
    """One softmax for people judged by their boxes alone, one for those whose joints are trusted:
    what a box says of lying or sitting counts for less where joints say more.
    """

    boxes: AdditiveSoftmax
    posed: AdditiveSoftmax

    def of(self, told: Measures, row: int) -> AdditiveSoftmax:
        """The one that judges person ``row``."""
        return self.posed if told.posed[row] else self.boxes

    def scores(self, told: Measures, belief: FloatArray) -> FloatArray:
        """Scores (N, 14), rows adding up to 1; ``belief`` (N,) 0..1: in there being a person.

        Where there may be nobody, all actions are equally likely.
        """
        posed = told.posed[:, None]
        likely = np.where(posed, self.posed.probabilities(told), self.boxes.probabilities(told))
        likely = few_queues(no_calm_fights(likely, told))
        share = belief[:, None]
        mixed: FloatArray = share * likely + (1 - share) / NUM_ACTIONS
        return mixed

    def record(self) -> dict[str, Any]:
        """As the file holds it."""
        parts = {"boxes": self.boxes, "posed": self.posed}
        return {"actions": list(ACTIONS), **{name: _record(part) for name, part in parts.items()}}


def no_calm_fights(scores: FloatArray, told: Measures) -> FloatArray:
    """``scores`` (N, 14) whose share of fighting is taken as far as two are agitated; the others
    rise in proportion.

    In the clips that were learned from only fights bring two people close together, so that being
    close alone would do. Whoever's agitation is not known yet may fight; where it is not among the
    measures, nothing changes.
    """
    needed = ("both_agitated", "distance")
    if not set(needed) <= set(told.names):
        return scores
    both, distance = (told.values[:, told.names.index(name)] for name in needed)
    agitated = 1 / (1 + np.exp(-(both - FIGHT_AGITATION) / FIGHT_WIDTH))
    agitated = np.where(np.isnan(both), distance < FARTHEST, agitated)
    fight = scores[:, FIGHTING] * agitated
    rest = (1 - fight) / np.maximum(1 - scores[:, FIGHTING], 1e-9)
    held: FloatArray = scores * rest[:, None]
    held[:, FIGHTING] = fight
    return held


def few_queues(scores: FloatArray) -> FloatArray:
    """``scores`` (N, 14) with queuing at ``QUEUE_ODDS`` times the odds; standing alone and
    gathering take the rest in proportion.

    Simulated rows of people are queues; in streets more wait in a row at a kerb, and no measure
    tells the two apart.
    """
    queue = scores[:, [QUEUING]]
    fewer = queue * QUEUE_ODDS / (queue * QUEUE_ODDS + 1 - queue)
    standing = np.maximum(scores[:, STANDING].sum(1, keepdims=True), np.finfo(np.float64).tiny)
    held = scores.copy()
    held[:, [QUEUING]] = fewer
    held[:, STANDING] *= 1 + (queue - fewer) / standing
    return held


def hats(measure: FloatArray, knots: FloatArray) -> FloatArray:
    """Weights (N, K + 1) of the knots (K,), linear between them, and of "unknown" for NaN."""
    known = np.isfinite(measure)
    at = np.clip(np.where(known, measure, knots[0]), knots[0], knots[-1])
    left = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(knots) - 2)
    share = (at - knots[left]) / (knots[left + 1] - knots[left])
    rows = np.arange(len(at))
    weights = np.zeros((len(at), len(knots) + 1))
    weights[rows, left], weights[rows, left + 1] = 1 - share, share
    weights[~known] = 0.0
    weights[~known, -1] = 1.0
    return weights


def belief(scores: FloatArray) -> FloatArray:
    """How far boxes of these detection scores (N,) are believed to be people, 0..1."""
    believed: FloatArray = np.clip(np.nan_to_num(scores) / CERTAIN_SCORE, 0.0, 1.0)
    return believed


@cache
def load(path: Path = PACKAGED) -> Decision:
    """The decision in a file. Raises ModelError if it is missing, damaged or of other actions."""
    try:
        record = read_record(path)
        if record["actions"] != list(ACTIONS):
            raise ValueError
        return Decision(_softmax(record["boxes"]), _softmax(record["posed"]))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); install hie anew") from None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise ModelError(f"{path}: not a fitted decision; install hie anew") from None


def _record(part: AdditiveSoftmax) -> dict[str, Any]:
    curves = [
        {
            "measure": curve.name,
            "knots": np.round(curve.knots, 5).tolist(),
            "values": np.round(curve.values, 3).tolist(),
        }
        for curve in part.curves
    ]
    return {"bias": np.round(part.bias, 4).tolist(), "curves": curves}


def _softmax(record: dict[str, Any]) -> AdditiveSoftmax:
    curves = []
    for entry in record["curves"]:
        knots, values = np.array(entry["knots"], float), np.array(entry["values"], float)
        if values.shape != (len(knots) + 1, NUM_ACTIONS) or (np.diff(knots) <= 0).any():
            raise ValueError
        curves.append(Curve(str(entry["measure"]), knots, values))
    bias = np.array(record["bias"], float)
    if bias.shape != (NUM_ACTIONS,):
        raise ValueError
    return AdditiveSoftmax(tuple(curves), bias)
