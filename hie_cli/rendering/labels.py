"""Labels beside people: where each goes so that it covers no face and no other label."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import Image
from hie_cli.rendering.palette import Colour, ink

Rectangle = tuple[int, int, int, int]  # x1, y1, x2, y2 in pixels of the picture
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_HERSHEY_HEIGHT = 22.0  # pixels of a capital letter at scale 1


@dataclass(frozen=True)
class Label:
    """What is to be written of one person: text, colour of its bar, and 0..1 how opaque it is.

    key: who it is of (labels of the same key keep their side from frame to frame) · box (4,) of the
    person, xyxy in pixels of the picture.
    """

    key: int
    text: str
    colour: Colour
    box: NDArray[Any]
    opacity: float = 1.0


class LabelPlacer:
    """Places the labels of one frame after another."""

    def __init__(self) -> None:
        self._sides: dict[int, int] = {}

    def place(
        self,
        sizes: Sequence[tuple[int, int]],
        labels: Sequence[Label],
        keep_free: NDArray[Any],
        width: int,
        height: int,
    ) -> list[Rectangle | None]:
        """A rectangle for each label, the first ones first; None where there is no room.

        sizes: (width, height) of each label · keep_free: boxes (M, 4) that no label may touch ·
        width, height: of the picture. No rectangle leaves the picture or touches another one.
        """
        taken = np.asarray(keep_free, np.float64).reshape(-1, 4)
        found: list[Rectangle | None] = []
        sides: dict[int, int] = {}
        for (w, h), label in zip(sizes, labels, strict=True):
            places = _candidates(label.box, w, h, width, height)
            last = self._sides.get(label.key)
            order = list(range(len(places)))
            if last is not None:  # stay where it was: a label that jumps cannot be read
                order.remove(last)
                order.insert(0, last)
            place = next((i for i in order if _is_free(places[i], taken, width, height)), None)
            if place is None:
                found.append(None)
                continue
            sides[label.key] = place
            found.append(places[place])
            taken = np.vstack([taken, places[place]])
        self._sides = sides
        return found


def _candidates(box: NDArray[Any], w: int, h: int, width: int, height: int) -> list[Rectangle]:
    """Places beside a box, the preferred first: above, below, beside, then further up and down."""
    x1, y1, x2, y2 = (round(float(v)) for v in box)
    corners = [(x1, y1 - h - 1), (x2 - w, y1 - h - 1), (x1, y2 + 2), (x2 - w, y2 + 2)]
    corners += [(x2 + 2, y1), (x1 - w - 1, y1), (x2 + 2, y2 - h), (x1 - w - 1, y2 - h)]
    corners += [((x1 + x2 - w) // 2, y2 - h - 1), ((x1 + x2 - w) // 2, (y1 + y2) // 2)]
    corners += [(x1, y1 - k * (h + 1)) for k in (2, 3)] + [(x1, y2 + 2 + h), (x2 - w, y2 + 2 + h)]
    places = []
    for x, y in corners:  # people at the border: their labels move inside
        x, y = min(max(x, 0), max(width - w, 0)), min(max(y, 0), max(height - h, 0))
        places.append((x, y, x + w, y + h))
    return places


def _is_free(place: Rectangle, taken: NDArray[np.float64], width: int, height: int) -> bool:
    x1, y1, x2, y2 = place
    if x2 > width or y2 > height:
        return False
    apart = (taken[:, 0] >= x2) | (taken[:, 2] <= x1) | (taken[:, 1] >= y2) | (taken[:, 3] <= y1)
    return bool(apart.all())


@lru_cache(maxsize=2048)
def text_mask(text: str, pixels: int) -> NDArray[np.float32]:
    """How much each pixel of a label is ink, 0..1 (H, W): ``text`` in capitals ``pixels`` high."""
    scale, thick = pixels / _HERSHEY_HEIGHT, max(1, round(pixels / 9))
    (w, h), base = cv2.getTextSize(text, _FONT, scale, thick)
    pad = max(2, round(pixels / 4))
    mask = np.zeros((h + base + pad, w + 2 * pad), np.uint8)
    cv2.putText(mask, text, (pad, h + pad // 2 + base // 3), _FONT, scale, 255, thick, cv2.LINE_AA)
    return (mask / 255).astype(np.float32)


def label_size(text: str, pixels: int) -> tuple[int, int]:
    """(width, height) of a label in pixels."""
    height, width = text_mask(text, pixels).shape
    return width, height


def draw_text(
    image: Image, text: str, pixels: int, corner: tuple[int, int], colour: Colour, opacity: float
) -> None:
    """Write ``text`` on a bar of ``colour`` at ``corner`` (its upper left), cut at the border."""
    mask = text_mask(text, pixels)[..., None]
    x, y = corner
    part = image[max(y, 0) : y + mask.shape[0], max(x, 0) : x + mask.shape[1]]
    mask = mask[max(-y, 0) :, max(-x, 0) :][: part.shape[0], : part.shape[1]]
    if not mask.size:
        return
    bar = np.array(colour, np.float32) * (1 - mask) + np.array(ink(colour), np.float32) * mask
    part[:] = np.round(part * (1 - opacity) + bar * opacity).astype(np.uint8)
