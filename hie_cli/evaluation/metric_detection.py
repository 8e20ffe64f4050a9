"""Detection as a ``Metric``."""

import functools
import operator
from collections.abc import Sequence

import numpy as np

from hie_cli.evaluation import detection_ap
from hie_cli.evaluation.detection_ap import DetectionSums
from hie_cli.evaluation.metrics import Figures, Loaded, Metric, Resampler, Times
from hie_cli.evaluation.ranking import Scored, coco_average_precision, stack
from hie_cli.types import Annotations, People


class DetectionMetric(Metric[DetectionSums]):
    """COCO's box AP and the log-average miss rate."""

    key = "detection"
    title = "Detection: boxes"
    headline = ("AP", "AP50", "AP75", "AR", "recall@0.5", "MR-2")
    needs = "boxes"

    def in_truth(self, truth: Annotations) -> bool:
        """Any box."""
        return len(truth) > 0

    def in_results(self, people: People) -> bool:
        """Any box."""
        return len(people) > 0

    def collect(self, sequence: Loaded) -> DetectionSums:
        """Match every frame."""
        config = self.config.detection
        most = config.max_detections or None
        return detection_ap.accumulate(sequence.truth, sequence.people, config.ignore, most)

    def figures(self, parts: Sequence[DetectionSums]) -> Figures:
        """AP, recall, miss rate."""
        sums = functools.reduce(operator.add, parts)
        return Figures(
            {
                "AP": sums.ap(),
                "AP50": sums.ap(0.5),
                "AP75": sums.ap(0.75),
                "AR": sums.recall(),
                "recall@0.5": sums.recall(0.5),
                "MR-2": sums.miss_rate(),
            },
            {"frames": sums.frames, "GT": sums.num_truth, "detections": len(sums.scores)},
        )

    def resampler(self, parts: Sequence[DetectionSums]) -> Resampler:
        """AP alone, on rankings summed into bins of score."""
        scored = stack([_scored(part) for part in parts], self.config.bootstrap.bins)

        def resample(times: Times) -> dict[str, float]:
            ap = coco_average_precision(scored.drawn(times), "grouped")
            return {"AP": float(ap.mean()), "AP50": float(ap[0]), "AP75": float(ap[5])}

        return resample


def _scored(part: DetectionSums) -> Scored:
    """The same content with the whole sequence as one frame."""
    marks = np.where(part.void, -1, part.right).astype(np.int8)
    rows = np.zeros(len(part.scores), np.int32)
    truth = np.array([float(part.num_truth)])
    return Scored(part.scores.astype(np.float32), marks, rows, truth, np.ones(1))
