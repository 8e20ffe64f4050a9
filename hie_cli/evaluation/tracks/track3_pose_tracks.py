"""Track 3 as a ``Metric``: tracks of poses."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hie_cli.core.annotations import Annotations
from hie_cli.core.skeletons import JOINTS
from hie_cli.core.types import People
from hie_cli.evaluation.metrics import pose_hota, pose_mota
from hie_cli.evaluation.metrics.accumulators import pooled
from hie_cli.evaluation.metrics.box_tracking import TrackSums
from hie_cli.evaluation.metrics.pose_ap import PosePart, mean_ap, pose_ap
from hie_cli.evaluation.metrics.pose_mota import PoseMotaSums
from hie_cli.evaluation.tracks.metric import Figures, Loaded, Metric, Resampler, drawn
from hie_cli.evaluation.tracks.track1_boxes import hota_figures, hota_series
from hie_cli.evaluation.tracks.track2_poses import joint_part


@dataclass(frozen=True)
class PoseTrackParts:
    """Joints tracked one by one, whole poses tracked, and the joints' ranking of one sequence."""

    mota: PoseMotaSums
    tracks: TrackSums
    joints: PosePart


class PoseTrackMetric(Metric[PoseTrackParts]):
    """PoseTrack's MOTA and MOTP, pose HOTA, and Track 2's AP beside them."""

    key = "3"
    title = "Track 3: tracks of poses"
    headline = ("MOTA", "MOTP", "AP@avg", "AP@0.5", "HOTA", "IDF1", "precision", "recall")
    needs = "poses with track ids"
    by_part = "MOTA"
    scores_poses = True
    reproduces = ("poseval",)

    def in_truth(self, truth: Annotations) -> bool:
        """Any annotated joint of somebody with an identity."""
        if truth.keypoints is None:
            return False
        posed = np.isfinite(truth.keypoints).any(axis=(1, 2))
        return bool((posed & (truth.track_ids >= 0)).any())

    def in_results(self, people: People) -> bool:
        """Any pose of somebody with an identity."""
        return people.keypoints is not None and people.track_ids is not None

    def collect(self, sequence: Loaded) -> PoseTrackParts:
        """Counts of one sequence."""
        config, ignore = self.config.pose_track, self.config.ignore
        truth, people, compat = sequence.truth, sequence.people, self.config.pose_compat
        unposed = self.config.effective_unposed
        return PoseTrackParts(
            pose_mota.accumulate(
                truth, people, config.alpha, config.joints, ignore, compat, unposed
            ),
            pose_hota.accumulate(truth, people, config.joints, ignore, unposed),
            joint_part(sequence, self.config),
        )

    def figures(self, parts: Sequence[PoseTrackParts]) -> Figures:
        """Totals (means over the joints), per joint, and pose HOTA."""
        config = self.config
        result = pose_ap([part.joints for part in parts], config.pose, config.pose_compat)
        means = mean_ap(result.ap)
        pairs = zip(config.pose.alphas, means, strict=True)
        scalars = self._tracking(parts)
        scalars |= {f"AP@{alpha:g}": float(value) for alpha, value in pairs}
        scalars["AP@avg"] = float(means.mean())
        mota = pooled([part.mota for part in parts])
        counts = {
            "joints": int(mota.objects.sum()),
            "predicted": int(mota.predictions.sum()),
            "matched": int(mota.detections.sum()),
            "IDSW": int(mota.switches.sum()),
        }
        return Figures(scalars, counts, hota_series(pooled([part.tracks for part in parts]).hota))

    def _tracking(self, parts: Sequence[PoseTrackParts]) -> dict[str, float]:
        sums = pooled([part.mota for part in parts])
        whole = pooled([part.tracks for part in parts])
        scalars: dict[str, float] = {}
        for name, values in (
            ("MOTA", sums.mota()),
            ("MOTP", sums.motp(self.config.pose_compat)),
            ("precision", sums.precision()),
            ("recall", sums.recall()),
        ):
            scalars[name] = pose_mota.total(values)
            pairs = zip(JOINTS, values, strict=True)
            scalars |= {f"{name}/{joint}": float(value) for joint, value in pairs}
        return scalars | hota_figures(whole.hota) | {"IDF1": whole.identity.idf1}

    def resampler(self, parts: Sequence[PoseTrackParts]) -> Resampler:
        """All but AP, whose intervals are Track 2's."""
        return lambda times: [self._tracking(drawn(parts, row)) for row in times]
