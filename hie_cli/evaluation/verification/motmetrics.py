"""py-motmetrics: the identity figures of Track 1."""

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from hie_cli.core.geometry import iou
from hie_cli.evaluation.matching import EPS, counted, decimals
from hie_cli.evaluation.settings import EvalConfig
from hie_cli.evaluation.tracks import Loaded
from hie_cli.evaluation.verification.reference import POOLED, Figures, Reference

_FIGURES = {
    "IDTP": "idtp", "IDFP": "idfp", "IDFN": "idfn", "IDF1": "idf1", "IDP": "idp", "IDR": "idr",
}  # fmt: skip


def identities(sequences: Iterable[tuple[str, Loaded]], config: EvalConfig) -> Figures:
    """Identity figures of every sequence and pooled.

    Which boxes count is decided by ``matching.counted``: motmetrics knows no ignored boxes.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import motmetrics

    host = motmetrics.metrics.create()
    totals = np.zeros(3)
    for name, sequence in sequences:
        events = motmetrics.MOTAccumulator(auto_id=True)
        for true, people in sequence.frames:
            if true.annotated:
                rows, columns = counted(true, people, config.ignore)
                overlap = iou(decimals(true.boxes[rows]), decimals(people.boxes[columns]))
                distance = np.where(overlap >= config.box.iou - EPS, 1 - overlap, np.nan)
                ids = np.zeros(len(people)) if people.track_ids is None else people.track_ids
                events.update(true.track_ids[rows], ids[columns], distance)
        found = _computed(host, events)
        totals += [found["idtp"], found["idfp"], found["idfn"]]
        yield name, {ours: found[theirs] for ours, theirs in _FIGURES.items()}
    right, wrong, missed = totals
    yield (
        POOLED,
        {
            "IDTP": right,
            "IDFP": wrong,
            "IDFN": missed,
            "IDF1": _ratio(2 * right, 2 * right + wrong + missed),
            "IDP": _ratio(right, right + wrong),
            "IDR": _ratio(right, right + missed),
        },
    )


def _computed(host: Any, events: Any) -> dict[str, float]:
    """Its figures; its ratios are undefined without truth or predictions, where ours are 0."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = host.compute(events, metrics=list(_FIGURES.values()), return_dataframe=False)
    return {name: float(np.nan_to_num(value)) for name, value in found.items()}


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


REFERENCES = (Reference("motmetrics", "1", identities),)
