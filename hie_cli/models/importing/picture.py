"""The pictures with people on which a model is tried: two frames of a street, a second apart.

Who is where was found by the packaged networks and checked by eye; the same seven people are in
both. From the project's sample video (NOTICE).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from hie_cli.core.errors import ModelError
from hie_cli.core.types import FloatArray, Image

_FOLDER = Path(__file__).parent

BOXES: FloatArray = np.array(
    [
        (633, 121, 658, 184), (199, 152, 227, 226), (659, 126, 683, 185), (560, 189, 583, 266),
        (395, 234, 427, 329), (600, 258, 652, 359), (39, 176, 63, 244),
    ],
    np.float32,
)  # fmt: skip
EARLIER_BOXES: FloatArray = np.array(
    [
        (642, 115, 666, 177), (242, 157, 269, 234), (663, 122, 684, 179), (617, 202, 649, 282),
        (450, 251, 487, 355), (658, 273, 708, 381), (39, 176, 62, 243),
    ],
    np.float32,
)  # fmt: skip
# Where the 14 joints of the person in BOXES are, for those whose joints can be told by eye.
JOINTS: dict[int, FloatArray] = {
    4: np.array(
        [
            (408, 242), (411, 253), (420, 252), (425, 267), (418, 277), (402, 253), (403, 270),
            (403, 283), (417, 283), (418, 304), (419, 324), (406, 283), (403, 302), (401, 321),
        ],
        np.float32,
    ),
    5: np.array(
        [
            (623, 267), (631, 279), (638, 278), (638, 296), (640, 309), (625, 279), (621, 298),
            (619, 312), (636, 310), (640, 331), (647, 352), (626, 311), (619, 330), (611, 347),
        ],
        np.float32,
    ),
    6: np.array(
        [
            (48, 182), (50, 189), (43, 189), (41, 197), (44, 197), (56, 189), (59, 201),
            (59, 209), (47, 210), (50, 225), (54, 237), (54, 210), (54, 224), (58, 238),
        ],
        np.float32,
    ),
}  # fmt: skip
# Square parts of the first picture in which nobody is cut: x1, y1, x2, y2.
SQUARES = ((190, 50, 702, 562), (500, 105, 760, 365))


@dataclass(frozen=True)
class View:
    """A picture (H, W, 3) uint8 BGR and the boxes (N, 4) of everybody in it."""

    image: Image
    boxes: FloatArray


@cache
def read(name: str = "people") -> Image:
    """One of the packaged pictures, ``people`` or ``people_second_earlier``. ModelError."""
    import cv2

    path = _FOLDER / f"{name}.jpg"
    image = cv2.imread(str(path))
    if image is None:
        raise ModelError(f"{path}: cannot be read; reinstall hie")
    return np.asarray(image, np.uint8)


def whole() -> View:
    """The first picture, 768 x 576."""
    return View(read(), BOXES)


def both() -> list[View]:
    """Both pictures, 768 x 576 each."""
    return [whole(), View(read("people_second_earlier"), EARLIER_BOXES)]


def squares() -> list[View]:
    """Square parts of it: there it does not matter how a picture is fitted to a square input."""
    views = []
    for x1, y1, x2, y2 in SQUARES:
        middle = (BOXES[:, :2] + BOXES[:, 2:]) / 2
        inside = ((middle > (x1, y1)) & (middle < (x2, y2))).all(1)
        shifted = BOXES[inside] - np.array((x1, y1, x1, y1), np.float32)
        views.append(View(np.ascontiguousarray(read()[y1:y2, x1:x2]), shifted))
    return views
