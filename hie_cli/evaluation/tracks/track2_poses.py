"""Track 2 as a ``Metric``: joint AP and OKS AP."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hie_cli.core.annotations import Annotations
from hie_cli.core.skeletons import JOINTS
from hie_cli.core.types import People
from hie_cli.evaluation.bootstrap_ap import area, coco_area, stack
from hie_cli.evaluation.metrics.oks_ap import OksPart, collect_oks, oks_ap
from hie_cli.evaluation.metrics.pose_ap import PosePart, collect_poses, mean_ap, pose_ap
from hie_cli.evaluation.metrics.ranking import Floats
from hie_cli.evaluation.settings import EvalConfig
from hie_cli.evaluation.tracks.metric import Figures, Loaded, Metric, Resampler, Times


@dataclass(frozen=True)
class PoseParts:
    """Joint AP and OKS of one sequence."""

    joints: PosePart
    oks: OksPart


def joint_part(sequence: Loaded, config: EvalConfig) -> PosePart:
    """The ranking of a sequence's joints, which Tracks 2 and 3 both report."""
    if "joints" not in sequence.shared:
        sequence.shared["joints"] = collect_poses(
            sequence.frames,
            config.pose,
            config.pose_compat,
            config.ignore,
            sequence.crowd,
            config.effective_unposed,
        )
    part: PosePart = sequence.shared["joints"]
    return part


class PoseMetric(Metric[PoseParts]):
    """Average precision of poses."""

    key = "2"
    title = "Track 2: poses"
    headline = (
        "AP@avg", "AP@0.5", "AP@0.75", "AP@0.9",
        "w_AP@avg", "w_AP@0.5", "w_AP@0.75", "w_AP@0.9", "OKS_AP",
    )  # fmt: skip
    needs = "poses"
    by_part = "AP@avg"
    scores_poses = True
    reproduces = ("poseval",)

    def in_truth(self, truth: Annotations) -> bool:
        """Any annotated joint."""
        return truth.keypoints is not None and bool(np.isfinite(truth.keypoints).any())

    def in_results(self, people: People) -> bool:
        """Any pose."""
        return people.keypoints is not None

    def collect(self, sequence: Loaded) -> PoseParts:
        """Match every frame."""
        config = self.config
        return PoseParts(
            joint_part(sequence, config), collect_oks(sequence.frames, config.oks, sequence.crowd)
        )

    def figures(self, parts: Sequence[PoseParts]) -> Figures:
        """AP per alpha and joint, frame-weighted twins, OKS AP and AR."""
        config = self.config
        result = pose_ap([part.joints for part in parts], config.pose, config.pose_compat)
        oks = oks_ap([part.oks for part in parts])
        scalars = self._scalars(result.ap, result.weighted_ap)
        scalars |= {f"OKS_{name}": value for name, value in oks.figures.items()}
        for name, values in (("precision", result.precision), ("recall", result.recall)):
            means = mean_ap(values)
            pairs = zip(config.pose.alphas, means, strict=True)
            scalars |= {f"{name}@{alpha:g}": float(value) for alpha, value in pairs}
        truth = sum(scored.total for part in parts for scored in part.joints.joints)
        return Figures(
            scalars,
            {"joints": int(truth)},
            formulas={"w_AP": f"AP of frames weighted by {config.pose.weights.formula()}"},
        )

    def _scalars(self, ap: Floats, weighted: Floats) -> dict[str, float]:
        scalars: dict[str, float] = {}
        alphas = self.config.pose.alphas
        for name, values in (("AP", ap), ("w_AP", weighted)):
            means = mean_ap(values)
            scalars |= {f"{name}@{a:g}": float(m) for a, m in zip(alphas, means, strict=True)}
            scalars[f"{name}@avg"] = float(means.mean())
        for j, joint in enumerate(JOINTS):
            pairs = zip(alphas, ap[:, j], strict=True)
            scalars |= {f"AP@{a:g}/{joint}": float(value) for a, value in pairs}
            scalars[f"AP@avg/{joint}"] = float(ap[:, j].mean())
        return scalars

    def resampler(self, parts: Sequence[PoseParts]) -> Resampler:
        """On rankings summed into bins of score."""
        bins = self.config.bootstrap.bins
        joints = [[part.joints.joints[j] for part in parts] for j in range(len(JOINTS))]
        plain = [stack(scored, bins) for scored in joints]
        heavy = [stack(scored, bins, weighted=True) for scored in joints]
        persons = stack([part.oks.areas[0] for part in parts], bins)

        def resample(times: Times) -> list[dict[str, float]]:
            ap = np.stack([s.figure(times, area) for s in plain], axis=-1)
            weighted = np.stack([s.figure(times, area) for s in heavy], axis=-1)
            similar = persons.figure(times, coco_area).mean(axis=1)
            draws = zip(ap, weighted, similar, strict=True)
            return [self._scalars(a, w) | {"OKS_AP": float(o)} for a, w, o in draws]

        return resample
