"""What a scene looks like and how it is used, told without any trained network.

The still picture behind the people is the temporal median of a few frames. Its colours and edges,
and how densely people walk, wait, come in and go out there, are averaged over the band under each
person's feet and over the band around the person.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from hie_cli.core.types import FloatArray, Image
from hie_cli.recognition.scene.uses import USES

WIDTH = 320  # pixels of the shrunk background
ORIENTATIONS = 4  # of edges: 0, 45, 90, 135 degrees
LOOKS = 3 + ORIENTATIONS + 1  # lightness, green-red, blue-yellow; edges by orientation; contrast
BANDS = 2  # under the feet, around the person
BAND = BANDS * 2 * LOOKS + USES  # numbers per person


@dataclass(frozen=True)
class SceneDescriptor:
    """One video's scene, ``scale`` times the video's size.

    looks (h, w, 8) of the background · uses (h, w, 4): persons walking, waiting, coming in and
    going out there, in persons per body area, averaged over time.
    """

    looks: FloatArray
    uses: FloatArray
    scale: float


def background(pictures: Iterable[Image], width: int = WIDTH) -> Image:
    """The median picture (h, w, 3) uint8 BGR of some frames, ``width`` pixels wide.

    Whoever stays for less than half of the frames vanishes. Raises ValueError without a frame.
    """
    small = [shrunk(picture, width) for picture in pictures]
    if not small:
        raise ValueError("no frame to take a background from")
    middle: Image = np.median(np.stack(small), axis=0).astype(np.uint8)
    return middle


def shrunk(picture: Image, width: int) -> Image:
    """The picture ``width`` pixels wide."""
    size = (width, max(1, round(picture.shape[0] * width / picture.shape[1])))
    small: Image = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return small


def looks(picture: Image) -> FloatArray:
    """Colour and edges (h, w, 8) of a BGR picture, each about 0..1 or -1..1."""
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
    colour = lab / np.array([100.0, 60.0, 60.0])
    light = cv2.GaussianBlur(lab[..., 0], (3, 3), 0) / 100
    dx, dy = cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)
    strength, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
    # A half turn of angles over the bins, each edge shared by the two nearest.
    place = np.mod(angle / np.pi, 1) * ORIENTATIONS
    apart = np.abs(place[..., None] - np.arange(ORIENTATIONS))
    share = np.clip(1 - np.minimum(apart, ORIENTATIONS - apart), 0, 1)
    contrast = np.abs(light - cv2.blur(light, (15, 15)))
    return np.concatenate([colour, strength[..., None] * share, contrast[..., None]], -1)


def _dense(density: FloatArray) -> FloatArray:
    """A density on a scale on which a person there all the time is 1 and none is 0."""
    squeezed: FloatArray = np.log1p(20 * density) / np.log(21)
    return squeezed


def band_vectors(scene: SceneDescriptor, boxes: FloatArray) -> FloatArray:
    """The scene under and around people (N, 36), boxes (N, 4) xyxy pixels of the video.

    Looks under the feet, and on both sides of the person; the same less the average of the frame's
    lower two thirds; uses at the feet.
    """
    n = len(boxes)
    b = np.asarray(boxes, np.float64).reshape(n, 4) * scene.scale
    tall = b[:, 3] - b[:, 1]
    under = np.stack(
        [b[:, 0] - 0.3 * tall, b[:, 3] - 0.08 * tall, b[:, 2] + 0.3 * tall, b[:, 3] + 0.2 * tall], 1
    )
    around = np.stack(
        [b[:, 0] - 0.5 * tall, b[:, 1] + 0.3 * tall, b[:, 2] + 0.5 * tall, b[:, 3]], 1
    )
    sums = integral(scene.looks)
    own = np.stack([b[:, 0], b[:, 1] + 0.3 * tall, b[:, 2], b[:, 3]], 1)
    beside = box_sums(sums, around) - box_sums(sums, own)
    usual = scene.looks[len(scene.looks) // 3 :].mean((0, 1))
    parts = []
    for total in (box_sums(sums, under), beside):
        mean = total[:, :-1] / np.maximum(total[:, -1:], 1.0)
        mean = np.where(total[:, -1:] >= 1, mean, usual)
        parts += [mean, mean - usual]
    feet = np.stack([(b[:, 0] + b[:, 2]) / 2, b[:, 3]], 1)
    h, w = scene.uses.shape[:2]
    column = np.clip(feet[:, 0], 0, w - 1).astype(int)
    row = np.clip(feet[:, 1], 0, h - 1).astype(int)
    return np.concatenate([*parts, _dense(scene.uses[row, column])], 1)


def integral(planes: FloatArray) -> FloatArray:
    """Sums (h + 1, w + 1, C + 1) of planes (h, w, C) and of ones over all above and left."""
    h, w, _ = planes.shape
    ones = np.ones((h, w, 1))
    sums = np.concatenate([planes, ones], -1).cumsum(0).cumsum(1)
    return np.pad(sums, ((1, 0), (1, 0), (0, 0)))


def box_sums(sums: FloatArray, boxes: FloatArray) -> FloatArray:
    """Sums (N, C + 1) over whole pixels of boxes (N, 4), cut at the picture."""
    h, w = sums.shape[0] - 1, sums.shape[1] - 1
    edges = np.round(np.clip(boxes, 0, [w, h, w, h])).astype(int)
    x1, y1, x2, y2 = edges.T
    x2, y2 = np.maximum(x1, x2), np.maximum(y1, y2)
    total: FloatArray = sums[y2, x2] - sums[y1, x2] - sums[y2, x1] + sums[y1, x1]
    return total
