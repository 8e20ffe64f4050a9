"""Choosing which networks look at which input sizes, for a stretch of video.

No network sees every body height, and no size suits every video. On probe frames all affordable
views (network x size x quarter turn) look; what they see together stands in for the truth, and
those few views are then used that would do best by it within a budget of computing time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.detection.box_fusion import Clusters, ViewDetections, grouped, person_scores

# What a unit of cost must add; so that of two equally good views the cheaper is taken.
_PRICE = 0.03
# Of the people a view's recall promises, the share that it finds in one frame.
_KEPT = 0.8
_CERTAIN = 0.3  # chance from which a person is counted
_DOUBLE = 0.65  # IoU above which two persons of all views together are one


@dataclass(frozen=True)
class DetectorRun:
    """A network (its place in ``DetectConfig.models``) at an input size; None = its own default.

    ``cost`` in units of what NanoDet takes for a megapixel; 0 where there is no size to choose.
    ``turns``: counter-clockwise quarter turns of the image before the network sees it.
    """

    model: int
    long_side: int | None
    cost: float
    turns: int = 0


@dataclass(frozen=True)
class Probe:
    """What V views saw of C persons on one frame.

    ``truth`` (C,): each one's chance of being a person by all views together; ``probability`` and
    ``recall`` (C, V) as in ``Clusters``.
    """

    truth: NDArray[np.float64]
    probability: NDArray[np.float64]
    recall: NDArray[np.float64]

    @property
    def mass(self) -> float:
        """Sum of the chances, ghosts' small ones included."""
        return float(self.truth.sum())

    @property
    def people(self) -> int:
        """How many people are there with some certainty."""
        return int((self.truth >= _CERTAIN).sum())


def probe(seen: Sequence[ViewDetections], threshold: float) -> Probe:
    """What all views saw of one frame, ``threshold`` being the IoU of one person's boxes."""
    found: Clusters = grouped(seen, threshold)
    truth = found.scores
    boxes = found.people.boxes[found.leaders]
    kept = geometry.nms(boxes, truth, _DOUBLE) if len(boxes) else np.zeros(0, np.int64)
    return Probe(truth[kept], found.probability[kept], found.recall[kept])


def cost(per_megapixel: float, long_side: int | None, size_wh: tuple[int, int]) -> float:
    """Cost of a network (``ModelSpec.cost``) for one frame of ``size_wh`` scaled to ``long_side``.

    A network at its own size runs whatever it costs: 0, so that it takes nothing from the budget.
    """
    if long_side is None:
        return 0.0
    megapixels = size_wh[0] * size_wh[1] * (long_side / max(size_wh)) ** 2 / 1e6
    return megapixels * per_megapixel


def affordable(views: Sequence[DetectorRun], budget: float) -> list[DetectorRun]:
    """The views that cost no more than ``budget``, and of each model at least the cheapest."""
    least = {v.model: v for v in sorted(views, key=lambda v: -v.cost)}
    return [v for v in views if v.cost <= budget or v is least[v.model]]


def choose(
    views: Sequence[DetectorRun],
    probes: Sequence[Probe],
    budget: float,
    posing: frozenset[int] = frozenset(),
    pose_weight: float = 0.0,
    most_sizes: int = 3,
) -> list[DetectorRun]:
    """The views, within ``budget``, that would do best on the probe frames.

    ``posing``: the models that give poses along, which ``pose_weight`` rewards. Greedy: whichever
    view adds most to ``worth`` less its price comes next, until none does; every model gets one
    view at least, and at most ``most_sizes``, as each quarter turn does. With nobody in sight each
    model takes its middle affordable size.
    """
    if sum(each.mass for each in probes) <= 0:
        return _middle(views, budget)
    posed = np.array([view.model in posing for view in views])
    chosen: list[int] = [i for i, view in enumerate(views) if view.long_side is None]
    best = -np.inf
    while True:
        missing = {view.model for view in views} - {views[i].model for i in chosen}
        options = _options(views, chosen, missing, budget, most_sizes)
        values = {
            i: worth(probes, [*chosen, i], posed, pose_weight)
            - _PRICE * _spent(views, [*chosen, i])
            for i in options
        }
        if not values or (max(values.values()) <= best and not missing):
            return [views[i] for i in sorted(chosen)]
        if max(values.values()) <= best:
            values = {i: value for i, value in values.items() if views[i].model in missing}
        chosen.append(max(values, key=lambda i: values[i]))
        best = values[chosen[-1]]


def _options(
    views: Sequence[DetectorRun],
    chosen: Sequence[int],
    missing: set[int],
    budget: float,
    most_sizes: int,
) -> list[int]:
    """Views that may come next: each leaves room for the cheapest of the other missing models, and
    is one of at most ``most_sizes`` of its network and turn.

    Where a missing model has no view that fits, its cheapest one.
    """
    cheapest = {
        m: min((i for i, v in enumerate(views) if v.model == m), key=lambda i: views[i].cost)
        for m in missing
    }
    room = budget - _spent(views, chosen)
    looks = [(views[c].model, views[c].turns) for c in chosen]
    fitting = []
    for i, view in enumerate(views):
        kept = sum(views[c].cost for m, c in cheapest.items() if m != view.model)
        one_more = looks.count((view.model, view.turns)) < most_sizes
        if i not in chosen and one_more and view.cost <= room - kept + 1e-9:
            fitting.append(i)
    unserved = missing - {views[i].model for i in fitting}
    return sorted({*fitting, *(cheapest[m] for m in unserved)})


def _middle(views: Sequence[DetectorRun], budget: float) -> list[DetectorRun]:
    """Of each model the upright view of middle size among those that fit."""
    upright = [v for v in views if not v.turns]
    models = sorted({v.model for v in upright})
    cheapest = {m: min(v.cost for v in upright if v.model == m) for m in models}
    chosen: list[DetectorRun] = []
    for place, model in enumerate(models):
        room = budget - sum(v.cost for v in chosen) - sum(cheapest[m] for m in models[place + 1 :])
        own = sorted((v for v in upright if v.model == model), key=lambda v: v.cost)
        fitting = [v for v in own if v.cost <= room] or own[:1]
        chosen.append(fitting[len(fitting) // 2])
    return chosen


def _spent(views: Sequence[DetectorRun], chosen: Sequence[int]) -> float:
    return sum(views[i].cost for i in chosen)


def worth(
    probes: Sequence[Probe],
    chosen: Sequence[int],
    posed: NDArray[np.bool_],
    pose_weight: float,
) -> float:
    """How well the ``chosen`` views would do on the probe frames; 0 to 1 + ``pose_weight``.

    The mean over frames of average precision x expected recall + ``pose_weight`` x the share of
    people found by views that give poses (``posed`` (V,)). The precision takes all views' people
    for the truth; the recall comes from the networks' tables by height, so that a lucky frame
    counts for less.
    """
    views = np.array(chosen, np.int64)
    with_pose = views[posed[views]]
    total = 0.0
    for each in probes:
        if each.mass <= 0:
            continue
        seen, recall = each.probability[:, views], each.recall[:, views]
        scores = person_scores(seen, recall) * (seen > 0).any(1)
        promised = 1 - np.prod(1 - _KEPT * recall, axis=1)
        sure = np.minimum(each.probability[:, with_pose].max(1, initial=0.0), each.truth)
        total += soft_average_precision(scores, each.truth) * (each.truth @ promised) / each.mass
        total += pose_weight * sure.sum() / each.mass
    return total / max(sum(each.mass > 0 for each in probes), 1)


def soft_average_precision(scores: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Average precision of persons ranked by ``scores`` (C,), where each counts as true by the
    chance ``truth`` (C,); a score of 0 is a miss.
    """
    order = np.argsort(-scores, kind="stable")
    right = truth[order] * (scores[order] > 0)
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float(precision @ right / truth.sum())


def turned(view: DetectorRun, turns: int) -> DetectorRun:
    """``view`` of the image turned by ``turns`` quarters."""
    return replace(view, turns=turns)
