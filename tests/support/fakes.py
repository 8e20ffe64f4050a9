"""Networks that find bright squares: exact, fast, and with the interface of the real ones."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import Image, People
from hie_cli.models.spec import ModelSpec


class SquareDetector:
    """Boxes around bright blobs."""

    spec = ModelSpec("squares", "detect")
    name = "squares"
    sha256 = "0" * 64

    def __init__(self, fail_at_call: int | None = None) -> None:
        self.calls = 0
        self._fail_at_call = fail_at_call

    def detect(self, images: Sequence[Image], long_side: int | None = None) -> list[People]:
        found = []
        for image in images:
            self.calls += 1
            if self.calls == self._fail_at_call:
                raise KeyboardInterrupt
            mask = (image[..., 0] > 128).astype(np.uint8)
            count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
            boxes = [[x, y, x + w, y + h] for x, y, w, h, _ in stats[1:count]]
            found.append(People(np.array(boxes).reshape(-1, 4), np.full(count - 1, 0.9)))
        return found


class CentrePose:
    """Every joint on the vertical middle line of the box, from top to bottom."""

    spec = ModelSpec("centres", "pose")
    name = "centres"
    sha256 = "1" * 64

    def estimate(
        self, images: Sequence[Image], boxes: Sequence[Any], flip: bool = False
    ) -> list[tuple[Any, Any]]:
        poses = []
        for each in boxes:
            each = np.asarray(each, np.float64).reshape(-1, 4)
            x = np.repeat((each[:, :1] + each[:, 2:3]) / 2, 14, 1)
            y = each[:, 1:2] + (each[:, 3:] - each[:, 1:2]) * np.linspace(0, 1, 14)
            poses.append((np.stack([x, y], -1), np.full((len(each), 14), 0.7)))
        return poses


class BrightnessLook:
    """An appearance network for tests: the mean of a person's pixels, as a direction in a plane."""

    spec = None
    name = "brightness-look"
    sha256 = "2" * 64

    def embed(
        self, images: Sequence[Image], boxes: Sequence[NDArray[np.floating]]
    ) -> list[NDArray[np.float32]]:
        found = []
        for image, some in zip(images, boxes, strict=True):
            means = [
                image[max(0, int(y1)) : int(y2), max(0, int(x1)) : int(x2)].mean()
                for x1, y1, x2, y2 in some
            ]
            angle = np.array(means).reshape(-1) / 255
            found.append(np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32))
        return found


def models(fail_at_call: int | None = None) -> Any:
    """What ``pipeline.Models`` offers."""
    return SimpleNamespace(
        detectors=[SquareDetector(fail_at_call)],
        references=[],
        pose=CentrePose(),
        appearance=None,
        device="cpu",
    )
