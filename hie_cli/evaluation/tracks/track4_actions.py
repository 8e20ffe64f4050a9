"""Track 4 as a ``Metric``."""

from collections.abc import Sequence

import numpy as np

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.annotations import Annotations
from hie_cli.core.types import People
from hie_cli.evaluation.bootstrap_ap import area, stack
from hie_cli.evaluation.crowd_weights import class_weights
from hie_cli.evaluation.metrics.action_map import (
    ActionPart,
    action_map,
    collect_actions,
    weighted_mean,
)
from hie_cli.evaluation.metrics.ranking import Floats, mean_present
from hie_cli.evaluation.tracks.metric import Figures, Loaded, Metric, Resampler, Times


class ActionMetric(Metric[ActionPart]):
    """Frame mAP of actions."""

    key = "4"
    title = "Track 4: person-level actions"
    headline = (
        "f_mAP@avg", "f_mAP@0.5", "f_mAP@0.6", "f_mAP@0.75",
        "wf_mAP@avg", "wf_mAP@0.5", "wf_mAP@0.6", "wf_mAP@0.75",
    )  # fmt: skip
    needs = "actions"
    by_part = "AP@avg"
    reproduces = ("ava",)

    def in_truth(self, truth: Annotations) -> bool:
        """Any labelled action."""
        return truth.actions is not None and bool((truth.actions >= 0).any())

    def in_results(self, people: People) -> bool:
        """Any action score."""
        return people.action_scores is not None and bool(np.isfinite(people.action_scores).any())

    def collect(self, sequence: Loaded) -> ActionPart:
        """Match the sampled frames."""
        return collect_actions(sequence.frames, self.config.effective_action)

    def figures(self, parts: Sequence[ActionPart]) -> Figures:
        """mAP, wf_mAP, AP per class, confusion."""
        config = self.config.effective_action
        result = action_map(parts, config)
        confusion = np.sum([part.confusion for part in parts], axis=0)
        formula = config.weights.formula(any(part.has_poses for part in parts))
        return Figures(
            self._scalars(result.ap, result.weighted_ap, result.instances),
            {
                "frames": sum(part.frames for part in parts),
                "instances": int(result.instances.sum()),
                **{
                    f"instances/{n}": int(c) for n, c in zip(ACTIONS, result.instances, strict=True)
                },
            },
            {"confusion": confusion.tolist()},
            {"wf_mAP": f"sum_c w_c wAP_c / sum_c w_c, {formula}"},
        )

    def _scalars(self, ap: Floats, weighted: Floats, instances: Floats) -> dict[str, float]:
        config = self.config.effective_action
        weights = class_weights(instances, config.weights)
        scalars: dict[str, float] = {}
        for name, means in (
            ("f_mAP", mean_present(ap, axis=1)),
            ("wf_mAP", weighted_mean(weighted, weights)),
        ):
            scalars |= {f"{name}@{t:g}": float(m) for t, m in zip(config.ious, means, strict=True)}
            scalars[f"{name}@avg"] = float(means.mean())
        for c, action in enumerate(ACTIONS):
            scalars |= {
                f"AP@{t:g}/{action}": float(v) for t, v in zip(config.ious, ap[:, c], strict=True)
            }
            scalars[f"AP@avg/{action}"] = float(ap[:, c].mean())
        return scalars

    def resampler(self, parts: Sequence[ActionPart]) -> Resampler:
        """On rankings summed into bins of score."""
        bins = self.config.bootstrap.bins
        classes = [[part.classes[c] for part in parts] for c in range(len(ACTIONS))]
        plain = [stack(scored, bins) for scored in classes]
        heavy = [stack(scored, bins, weighted=True) for scored in classes]
        counts = np.array([[s.total for s in scored] for scored in classes])

        def resample(times: Times) -> list[dict[str, float]]:
            ap = np.stack([s.figure(times, area) for s in plain], axis=-1)
            weighted = np.stack([s.figure(times, area) for s in heavy], axis=-1)
            draws = zip(ap, weighted, times @ counts.T, strict=True)
            return [self._scalars(*draw) for draw in draws]

        return resample
