"""How well a recogniser does on labelled samples: macro accuracy by person, and wf_mAP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hie_cli.core.action_classes import NUM_ACTIONS
from hie_cli.core.annotations import Annotations
from hie_cli.core.types import FloatArray, IntArray, People
from hie_cli.evaluation.metrics.action_map import ActionMapConfig, action_map, collect_actions


class Labelled(Protocol):
    """A frame's people and their labels (N,), -1 = none."""

    @property
    def people(self) -> People:
        """N of them."""

    @property
    def labels(self) -> IntArray:
        """(N,) of ``actions.ACTIONS``."""


@dataclass(frozen=True)
class Quality:
    """macro: mean over classes of the accuracy within each · accuracy of all persons · wf_mAP with
    the observed boxes taken as found · confusion (14, 14), true class by row.
    """

    macro: float
    accuracy: float
    wf_map: float
    confusion: IntArray


def quality(samples: Sequence[Labelled], scores: Sequence[FloatArray]) -> Quality:
    """Scores (N, 14) of every sample's people against its labels; nan where nothing is labelled."""
    confusion = np.zeros((NUM_ACTIONS, NUM_ACTIONS), np.int64)
    pairs = []
    for sample, row in zip(samples, scores, strict=True):
        keep = sample.labels >= 0
        np.add.at(confusion, (sample.labels[keep], row[keep].argmax(-1)), 1)
        people = sample.people[keep].replace(action_scores=row[keep])
        ignore = np.zeros(int(keep.sum()), bool)
        ids = np.full(len(people), -1)
        truth = Annotations(people.boxes, ids, ignore, actions=sample.labels[keep])
        pairs.append((truth, people))
    total = confusion.sum(1)
    with np.errstate(invalid="ignore"):
        within = np.diag(confusion) / total
    options = ActionMapConfig(ious=(0.5,), stride=1)
    table = action_map([collect_actions(pairs, options)], options)
    return Quality(
        float(np.nanmean(within)) if total.any() else float("nan"),
        float(np.trace(confusion) / total.sum()) if total.any() else float("nan"),
        float(table.weighted_mean[0]) if total.any() else float("nan"),
        confusion,
    )
