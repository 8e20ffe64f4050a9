"""Changing pictures together with their boxes and joints. Everything random comes from ``rng``."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.config import between
from hie_cli.core.skeletons import FLIP, NUM_JOINTS
from hie_cli.core.types import FloatArray, Image

Floats = NDArray[np.float64]
Rng = np.random.Generator
_UPPER = np.array([0, 1, 2, 3, 4, 5, 6, 7])
_LOWER = np.array([8, 9, 10, 11, 12, 13])
_LEAST_HALF = 3  # labelled joints that half a body needs
_HALF_MARGIN = 1.5  # size of its window over the extent of the joints


@dataclass(frozen=True)
class Augmentation:
    """How training pictures are changed; chances lie in 0..1.

    scale: a picture, or the window round a person, is scaled by 1 / (1 + scale) to 1 + scale ·
    shift: a person's window is moved by so much of its side at most · rotate: degrees, of persons'
    windows only · flip, blur (motion), occlude (a piece of the picture pasted over it), half_body:
    chances · colour: brightness, contrast and saturation change by so much of themselves at most.
    """

    flip: Annotated[float, between(0, 1)] = 0.5
    scale: Annotated[float, between(0, 3)] = 0.5
    shift: Annotated[float, between(0, 1)] = 0.1
    rotate: Annotated[float, between(0, 180)] = 20.0
    colour: Annotated[float, between(0, 0.9)] = 0.3
    blur: Annotated[float, between(0, 1)] = 0.1
    occlude: Annotated[float, between(0, 1)] = 0.2
    half_body: Annotated[float, between(0, 1)] = 0.15


NONE = Augmentation(0, 0, 0, 0, 0, 0, 0, 0)


def moved(points: NDArray[np.floating], matrix: Floats) -> Floats:
    """Points (..., 2) under an affine matrix (2, 3); NaN stays."""
    return np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]


def moved_boxes(boxes: NDArray[np.floating], matrix: Floats) -> Floats:
    """The upright boxes (N, 4) xyxy round moved boxes."""
    b = np.asarray(boxes, np.float64).reshape(-1, 4)
    corners = moved(b[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2), matrix)
    return np.concatenate((corners.min(1), corners.max(1)), 1)


def whole_picture(
    image_hw: tuple[int, int], side: int, augment: Augmentation, rng: Rng
) -> tuple[Floats, bool]:
    """How a picture goes into a square of ``side``: affine matrix (2, 3), and whether mirrored.

    Without augmentation its longer side fills the square, from the top left corner on.
    """
    height, width = image_hw
    scale = side / max(height, width) * _scale(augment, rng)
    mirrored = bool(rng.random() < augment.flip)
    room = np.array([side - width * scale, side - height * scale])
    # Anywhere in the square if smaller than it, any part of the picture if larger.
    corner = room * rng.random(2) if augment.scale else np.zeros(2)
    matrix = np.array([[scale, 0, corner[0]], [0, scale, corner[1]]])
    if mirrored:
        matrix[0] = [-scale, 0, corner[0] + width * scale]
    return matrix, mirrored


def window(
    box: Floats, keypoints: Floats, side: int, context: float, augment: Augmentation, rng: Rng
) -> tuple[Floats, bool]:
    """How the square round a person's box (4,) goes into one of ``side``: matrix, mirrored.

    ``context``: the square's side over the box's longer one. Half a body is framed by its labelled
    joints (14, 2) instead.
    """
    centre = (box[:2] + box[2:]) / 2
    size = float(max(box[2:] - box[:2])) * context
    if rng.random() < augment.half_body:
        half = _half(keypoints, rng)
        if half is not None:
            low, high = half.min(0), half.max(0)
            centre, size = (low + high) / 2, float(max(high - low)) * _HALF_MARGIN
    size /= _scale(augment, rng)
    centre = centre + rng.uniform(-augment.shift, augment.shift, 2) * size
    angle = np.deg2rad(rng.uniform(-augment.rotate, augment.rotate))
    mirrored = bool(rng.random() < augment.flip)
    scale = side / max(size, 1.0)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if mirrored:
        turn[:, 0] = -turn[:, 0]
    return np.concatenate((turn, (side / 2 - turn @ centre)[:, None]), 1), mirrored


def _scale(augment: Augmentation, rng: Rng) -> float:
    return float(np.exp(rng.uniform(-1, 1) * np.log1p(augment.scale)))


def _half(keypoints: Floats, rng: Rng) -> Floats | None:
    """The labelled joints of the upper or lower body, if there are enough of both."""
    known: NDArray[np.bool_] = np.all(np.isfinite(keypoints), axis=-1)
    halves = [part[known[part]] for part in (_UPPER, _LOWER)]
    if min(len(part) for part in halves) < _LEAST_HALF:
        return None
    return np.asarray(keypoints[halves[int(rng.random() < 0.5)]], np.float64)


def warped(image: Image, matrix: Floats, side: int, padding: int = 0) -> Image:
    """The picture under ``matrix`` (2, 3), pixels to pixels, in a square of ``side``."""
    import cv2

    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if scale < 0.5:  # averages what would alias
        small = cv2.resize(image, None, fx=2 * scale, fy=2 * scale, interpolation=cv2.INTER_AREA)
        back = np.array([small.shape[1] / image.shape[1], small.shape[0] / image.shape[0]])
        # Pixel centres of the small picture, in the frame of pixel edges that labels use.
        image, matrix = small, np.concatenate((matrix[:, :2] / back, matrix[:, 2:]), 1)
    # warpAffine puts coordinate 0 at the first pixel's centre, labels at its edge.
    half = np.array([0.5, 0.5])
    shifted = matrix.copy()
    shifted[:, 2] += matrix[:, :2] @ half - half
    done = cv2.warpAffine(
        image, shifted, (side, side), flags=cv2.INTER_LINEAR, borderValue=(padding,) * 3
    )
    return np.asarray(done, np.uint8)


def swapped(keypoints: Floats, mirrored: bool) -> Floats:
    """Joints (N, 14, 2) named as in the mirrored picture: left and right change places."""
    assert keypoints.shape[-2] == NUM_JOINTS
    return keypoints[..., FLIP, :] if mirrored else keypoints


def recoloured(image: Image, augment: Augmentation, rng: Rng) -> Image:
    """Brightness, contrast and saturation changed; sometimes blurred as by motion."""
    if augment.colour:
        gain, contrast, colour = 1 + augment.colour * rng.uniform(-1, 1, 3)
        values = image.astype(np.float32)
        grey = values.mean(-1, keepdims=True)
        values = (grey + (values - grey) * colour) * gain
        values = values.mean() + (values - values.mean()) * contrast
        image = np.clip(values, 0, 255).astype(np.uint8)
    if rng.random() < augment.blur:
        image = _motion(image, rng)
    return image


def _motion(image: Image, rng: Rng) -> Image:
    """Blurred along a line of 3 to 9 pixels in a random direction."""
    import cv2

    length = int(rng.choice([3, 5, 7, 9]))
    kernel = np.zeros((length, length), np.float32)
    middle, angle = length // 2, rng.uniform(0, np.pi)
    for step in np.linspace(-middle, middle, 2 * length):
        x, y = round(middle + step * np.cos(angle)), round(middle + step * np.sin(angle))
        kernel[y, x] = 1
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)


def occluded(
    image: Image, boxes: Floats, augment: Augmentation, rng: Rng
) -> tuple[Image, FloatArray | None]:
    """A piece of the picture pasted over part of a person, and where (xyxy); None for none.

    boxes (N, 4): people; the piece hides up to half of one of them, from any side.
    """
    if len(boxes) == 0 or rng.random() >= augment.occlude:
        return image, None
    box = boxes[int(rng.integers(len(boxes)))]
    width, height = box[2:] - box[:2]
    size = np.maximum(np.round(np.array([width, height]) * rng.uniform(0.2, 0.6, 2)), 2).astype(int)
    limits = np.array([image.shape[1], image.shape[0]])
    size = np.minimum(size, limits - 1)
    corner = np.round(box[:2] + rng.random(2) * np.array([width, height]) - size / 2).astype(int)
    corner = np.clip(corner, 0, limits - size)
    source = np.array([rng.integers(0, room + 1) for room in limits - size])
    piece = image[source[1] : source[1] + size[1], source[0] : source[0] + size[0]]
    image = image.copy()
    image[corner[1] : corner[1] + size[1], corner[0] : corner[0] + size[0]] = piece
    return image, np.array([*corner, *(corner + size)], np.float32)
