"""Detection as a ``Metric``."""

import functools
import operator
from collections.abc import Iterator, Sequence

import numpy as np

from hie_cli.core.annotations import Annotations
from hie_cli.core.types import People
from hie_cli.evaluation.bootstrap_ap import Curves, coco_area, last_recall, stack
from hie_cli.evaluation.metrics import detection_ap
from hie_cli.evaluation.metrics.detection_ap import FPPI, DetectionSums
from hie_cli.evaluation.metrics.ranking import Floats, Scored
from hie_cli.evaluation.tracks.metric import Figures, Loaded, Metric, Resampler, Times


class DetectionMetric(Metric[DetectionSums]):
    """COCO's box AP and the log-average miss rate."""

    key = "detection"
    title = "Detection: boxes"
    headline = ("AP", "AP50", "AP75", "AR", "recall@0.5", "MR-2")
    needs = "boxes"
    scores_boxes = True
    lower_is_better = ("MR-2",)

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
        """On rankings summed into bins of score."""
        scored = stack([_scored(part) for part in parts], self.config.bootstrap.bins)
        frames = np.array([part.frames for part in parts])

        def resample(times: Times) -> list[dict[str, float]]:
            ap, recall = scored.figure(times, coco_area), scored.figure(times, last_recall)
            rates = [rate for curves in scored.curves(times) for rate in _misses(curves)]
            draws = zip(ap, recall, rates, times @ frames, strict=True)
            return [
                {
                    "AP": float(a.mean()),
                    "AP50": float(a[0]),
                    "AP75": float(a[5]),
                    "AR": float(r.mean()),
                    "recall@0.5": float(r[0]),
                    "MR-2": _miss_rate(missed, wrong / max(1, count)),
                }
                for a, r, (missed, wrong), count in draws
            ]

        return resample


def _scored(part: DetectionSums) -> Scored:
    """The same content with the whole sequence as one frame."""
    marks = np.where(part.void, -1, part.right).astype(np.int8)
    rows = np.zeros(len(part.scores), np.int32)
    truth = np.array([float(part.num_truth)])
    return Scored(part.scores.astype(np.float64), marks, rows, truth, np.ones(1))


def _misses(curves: Curves) -> Iterator[tuple[Floats, Floats]]:
    """Miss rate (M,) and number of false positives (M,) of each draw, at IoU 0.5."""
    yield from zip(1 - curves.recall[:, 0], (curves.made - curves.true)[:, 0], strict=True)


def _miss_rate(missed: Floats, per_frame: Floats) -> float:
    """``DetectionSums.miss_rate`` of one curve; NaN without truth."""
    last = np.searchsorted(per_frame, FPPI, side="right") - 1
    at = np.append(missed, 1.0)[last]
    return float(np.exp(np.log(np.maximum(at, 1e-10)).mean()))
