"""Whole-image detectors: letterbox, network, decoder, back to image pixels."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from hie_cli.models import multipose_decode, nanodet
from hie_cli.models.base import Network
from hie_cli.models.images import Letterbox, by_shape
from hie_cli.skeletons import COCO17, to_hieve
from hie_cli.types import FloatArray, Image, People


@dataclass(frozen=True)
class _WholeImage(ABC):
    """What the detectors share. ``floor``: lowest candidate score; ``limit``: most candidates."""

    name: str
    sha256: str
    network: Network
    long_side: int
    floor: float
    limit: int = 300

    def detect(self, images: Sequence[Image], long_side: int | None = None) -> list[People]:
        """See ``base.Detector.detect``; images of equal size share one batch."""
        results: list[People] = [People.empty()] * len(images)
        for group in by_shape(images):
            height, width = images[group[0]].shape[:2]
            box = Letterbox.fit((height, width), long_side or self.long_side)
            outputs = self.network(box.batch([images[i] for i in group]))
            for place, index in enumerate(group):
                results[index] = self._people([array[place] for array in outputs], box)
        return results

    @abstractmethod
    def _people(self, outputs: list[FloatArray], box: Letterbox) -> People:
        """One image's people from the network's outputs for it."""


class NanoDetDetector(_WholeImage):
    """NanoDet: boxes of people, small ones included; duplicates are left in (score floor)."""

    def _people(self, outputs: list[FloatArray], box: Letterbox) -> People:
        grid = nanodet.cells(box.padded_height, box.padded_width)
        boxes, scores = nanodet.decode(outputs[0], outputs[1], grid, self.floor, self.limit)
        return People(boxes * box.per_pixel[[0, 1, 0, 1]], scores)


class MultiPoseDetector(_WholeImage):
    """MoveNet MultiPose: boxes with poses. ``floor`` bounds the centre probability."""

    def _people(self, outputs: list[FloatArray], box: Letterbox) -> People:
        found = multipose_decode.decode(outputs, self.floor, self.limit)
        keypoints, keypoint_scores = to_hieve(COCO17, found.keypoints, found.keypoint_scores)
        order = (-found.scores).argsort(kind="stable")
        return People(
            found.boxes * box.per_pixel[[0, 1, 0, 1]],
            found.scores,
            keypoints=keypoints * box.per_pixel,
            keypoint_scores=keypoint_scores,
        )[order]
