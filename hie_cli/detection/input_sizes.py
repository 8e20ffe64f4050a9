"""Choosing which networks look at which input sizes, for a stretch of video.

No network sees every body height, and no size suits every video. On a probe frame all affordable
views (network x size) are fused; the chosen ones are those few whose own fusion agrees best with
that of all of them, within a budget of computing time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hie_cli.core import geometry
from hie_cli.core.types import People
from hie_cli.detection.box_fusion import ViewDetections, fuse

# Agreement that a unit of cost must add; so that of two equally good views the cheaper is taken.
_PRICE = 0.01
# Cost of the crop that somebody without a pose needs later (Thunder, measured as below).
_CROP = 0.2
_CERTAIN = 0.3  # score from which a person counts as somebody to pose
_MATCH = 0.5  # IoU at which two people of two fusions are the same


@dataclass(frozen=True)
class DetectorRun:
    """A network (its place in ``DetectConfig.models``) at an input size; None = its own default.

    ``cost`` in units of what NanoDet takes for a megapixel; 0 where there is no size to choose.
    """

    model: int
    long_side: int | None
    cost: float


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
    views: Sequence[DetectorRun], votes: Sequence[ViewDetections], budget: float, threshold: float
) -> list[DetectorRun]:
    """The views, within ``budget``, whose fusion agrees best with that of all ``votes``.

    ``votes[i]`` is what ``views[i]`` saw on the probe frame. Greedy: first one view of each model
    (leaving the price of the cheapest for those still to come), then whichever adds most, until
    nothing does. With nobody in sight each model takes its middle affordable size.
    """
    reference = fuse(votes, threshold)
    models = sorted({view.model for view in views})
    cheapest = {m: min(v.cost for v in views if v.model == m) for m in models}
    chosen: list[int] = []

    def worth(index: int) -> float:
        """Agreement of the chosen ones with view ``index`` added, less the price of it all."""
        return value((*chosen, index))

    def value(indices: Sequence[int]) -> float:
        seen = fuse([votes[i] for i in sorted(indices)], threshold)
        crops = _CROP * _unposed(seen) if reference.keypoints is not None else 0.0
        return agreement(seen, reference) - _PRICE * (_spent(views, indices) + crops)

    for place, model in enumerate(models):
        room = budget - _spent(views, chosen) - sum(cheapest[m] for m in models[place + 1 :])
        own = [i for i, v in enumerate(views) if v.model == model]
        fitting = [i for i in own if views[i].cost <= room] or [
            min(own, key=lambda i: views[i].cost)
        ]
        middle = fitting[len(fitting) // 2]
        chosen.append(max(fitting, key=worth) if len(reference) else middle)

    while len(reference):
        room = budget - _spent(views, chosen)
        rest = [i for i, v in enumerate(views) if i not in chosen and v.cost <= room]
        values = {i: worth(i) for i in rest}
        if not values or max(values.values()) <= value(chosen):
            break
        chosen.append(max(values, key=lambda i: values[i]))
    return [views[i] for i in sorted(chosen)]


def _spent(views: Sequence[DetectorRun], chosen: Sequence[int]) -> float:
    return sum(views[i].cost for i in chosen)


def _unposed(seen: People) -> int:
    """How many fairly certain people came without a pose."""
    certain = seen.scores >= _CERTAIN
    if seen.keypoints is None:
        return int(certain.sum())
    return int((certain & ~np.isfinite(seen.keypoints).any((1, 2))).sum())


def agreement(seen: People, reference: People) -> float:
    """Soft Jaccard index 0..1 of two sets of scored people; 1 if both are empty.

    Matched pairs (greedy, IoU >= 0.5) share min(score) x IoU; the union is all scores minus the
    matched minima.
    """
    everything = float(seen.scores.sum() + reference.scores.sum())
    if everything == 0:
        return 1.0
    overlap = geometry.iou(seen.boxes, reference.boxes)
    shared = matched = 0.0
    for i in np.argsort(-seen.scores, kind="stable"):
        j = int(overlap[i].argmax()) if overlap.shape[1] else -1
        if j < 0 or overlap[i, j] < _MATCH:
            continue
        least = float(min(seen.scores[i], reference.scores[j]))
        shared += least * float(overlap[i, j])
        matched += least
        overlap[:, j] = 0
    return shared / (everything - matched)
