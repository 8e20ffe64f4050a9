"""Whole-image detectors: letterbox, network, decoder, back to image pixels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hie_cli.core.geometry import nms
from hie_cli.core.skeletons import COCO17, to_hieve
from hie_cli.core.types import FloatArray, Image, People
from hie_cli.models import multipose_decode, nanodet_decode
from hie_cli.models.base import Network
from hie_cli.models.images import Letterbox, by_shape

# One image's outputs, and how it was letterboxed -> its people in image pixels.
Decoder = Callable[[list[FloatArray], Letterbox], People]
# Image size (height, width) and the wished long side -> how to letterbox it.
Fit = Callable[[tuple[int, int], int | None], Letterbox]

# Most people per image: well above any crowd, so that no one is cut off.
LIMIT = 300
# Overlap above which two candidates of a dense head are one person (the published decoders of
# NanoDet and YOLOX use 0.6 and 0.65); a stage may suppress further.
SAME_PERSON = 0.65


@dataclass(frozen=True)
class ImageDetector:
    """A detector put together from its parts; see ``base.Detector``."""

    name: str
    sha256: str
    network: Network
    fit: Fit
    decode: Decoder

    def detect(self, images: Sequence[Image], long_side: int | None = None) -> list[People]:
        """See ``base.Detector.detect``; images of equal size share one batch."""
        results: list[People] = [People.empty()] * len(images)
        for group in by_shape(images):
            height, width = images[group[0]].shape[:2]
            box = self.fit((height, width), long_side)
            outputs = self.network(box.batch([images[i] for i in group]))
            for place, index in enumerate(group):
                found = self.decode([array[place] for array in outputs], box)
                results[index] = found[(-found.scores).argsort(kind="stable")]
        return results


def any_size(long_side: int) -> Fit:
    """Letterboxing for networks that take any multiple of 32; ``long_side`` is the default."""
    return lambda image_hw, wish: Letterbox.fit(image_hw, wish or long_side)


def nanodet_people(floor: float, limit: int = LIMIT) -> Decoder:
    """NanoDet's boxes scoring at least ``floor``, without near-identical ones."""

    def decode(outputs: list[FloatArray], box: Letterbox) -> People:
        grid = nanodet_decode.cells(box.padded_height, box.padded_width)
        boxes, scores = nanodet_decode.decode(outputs[0], outputs[1], grid, floor)
        kept = nms(boxes, scores, SAME_PERSON)[:limit]
        return People(box.boxes(boxes[kept]), scores[kept])

    return decode


def multipose_people(floor: float, limit: int = LIMIT) -> Decoder:
    """MultiPose's boxes and poses of centre probability at least ``floor``."""

    def decode(outputs: list[FloatArray], box: Letterbox) -> People:
        found = multipose_decode.decode(outputs, floor, limit)
        keypoints, keypoint_scores = to_hieve(COCO17, found.keypoints, found.keypoint_scores)
        return People(
            box.boxes(found.boxes),
            found.scores,
            keypoints=keypoints * box.per_pixel,
            keypoint_scores=keypoint_scores,
        )

    return decode
