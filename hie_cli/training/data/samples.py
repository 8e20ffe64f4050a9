"""Augmented training samples: whole pictures, or a window round one person."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.annotations import Annotations
from hie_cli.core.geometry import known
from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import BoolArray, Image
from hie_cli.training.data import augment as change
from hie_cli.training.data.augment import Augmentation, Floats, Rng
from hie_cli.training.data.items import Item

HALF_HEAD = 0.065  # of a person's height: a joint this near is right, as the calibration counts
_LEAST_VISIBLE = 0.25  # share of a box that must be left inside the square
_LEAST_SIDE = 4.0  # pixels; smaller people are ignored


@dataclass(frozen=True)
class Sample:
    """A square picture and its labels in its own pixels.

    image (S, S, 3) uint8 BGR · boxes (N, 4) xyxy, clipped to it · ignore (N,): neither person nor
    background · keypoints (N, 14, 2), NaN where not labelled or outside · ignored (S, S): pixels
    of which nothing is known · person: of a window, who it is round; -1 of a whole picture.
    """

    image: Image
    boxes: Floats
    ignore: BoolArray
    keypoints: Floats
    ignored: BoolArray
    person: int = -1


def picture_sample(item: Item, side: int, augment: Augmentation, rng: Rng) -> Sample:
    """A whole picture in a square of ``side``."""
    image = item.image()
    matrix, mirrored = change.whole_picture((image.shape[0], image.shape[1]), side, augment, rng)
    return _made(image, item.labels, matrix, mirrored, side, augment, rng, -1)


def person_sample(
    item: Item, person: int, side: int, context: float, augment: Augmentation, rng: Rng
) -> Sample:
    """The window round one of the picture's people; see ``augment.window``."""
    labels = item.labels
    points = _keypoints(labels)[person]
    matrix, mirrored = change.window(labels.boxes[person], points, side, context, augment, rng)
    return _made(item.image(), labels, matrix, mirrored, side, augment, rng, person)


def narrowed(sample: Sample, size_wh: tuple[int, int]) -> Sample:
    """The middle of a square window, as wide and as high as a network's input."""
    side = sample.image.shape[0]
    x, y = (side - size_wh[0]) // 2, (side - size_wh[1]) // 2
    if x == y == 0:
        return sample
    low, size = np.array([x, y], np.float64), np.array(size_wh, np.float64)
    points = sample.keypoints - low
    inside = np.all((points >= 0) & (points < size), axis=-1)
    corners = np.clip(sample.boxes.reshape(-1, 2, 2) - low, 0, size)
    part = slice(y, y + size_wh[1]), slice(x, x + size_wh[0])
    return replace(
        sample, image=np.ascontiguousarray(sample.image[part]), boxes=corners.reshape(-1, 4),
        keypoints=np.where(inside[..., None], points, np.nan), ignored=sample.ignored[part],
    )  # fmt: skip


def posed_people(labels: Annotations) -> NDArray[np.int64]:
    """Rows (K,) of those who count and have a labelled joint."""
    return np.flatnonzero(~labels.ignore & known(_keypoints(labels)).any(1))


def _keypoints(labels: Annotations) -> Floats:
    if labels.keypoints is not None:
        return np.asarray(labels.keypoints, np.float64)
    return np.full((len(labels), NUM_JOINTS, 2), np.nan)


def _made(
    image: Image, labels: Annotations, matrix: Floats, mirrored: bool, side: int,
    augment: Augmentation, rng: Rng, person: int,
) -> Sample:  # fmt: skip
    picture = change.warped(image, matrix, side)
    boxes = change.moved_boxes(labels.boxes, matrix)
    points = change.swapped(change.moved(_keypoints(labels), matrix), mirrored)
    inside = np.all((points >= 0) & (points < side), axis=-1)
    points = np.where(np.expand_dims(inside, -1), points, np.nan)
    clipped = np.clip(boxes, 0, side)
    ignore, keep = unclear(boxes, clipped, labels.ignore)
    regions = [change.moved(region, matrix) for region in labels.ignore_regions]
    ignored = covered(side, [*regions, *(_corners(box) for box in clipped[ignore & keep])])
    picture, _ = change.occluded(picture, clipped[keep & ~ignore], augment, rng)
    picture = change.recoloured(picture, augment, rng)
    if person >= 0:
        keep[person] = True
        ignore[person] = False
    number = int(keep[:person].sum()) if person >= 0 else -1
    return Sample(picture, clipped[keep], ignore[keep], points[keep], ignored, number)


def unclear(boxes: Floats, clipped: Floats, ignore: BoolArray) -> tuple[BoolArray, BoolArray]:
    """Whom to ignore (N,), and who is in the square at all (N,): boxes (N, 4) and what of them
    lies in it (N, 4).

    Of somebody mostly outside, or a few pixels small, nobody should be sure.
    """
    size, left = boxes[:, 2:] - boxes[:, :2], clipped[:, 2:] - clipped[:, :2]
    share = left.prod(1) / np.maximum(size.prod(1), 1e-9)
    keep: BoolArray = np.all(left > 0, axis=1)
    tiny: BoolArray = np.any(left < _LEAST_SIDE, axis=1)
    return ignore | (share < _LEAST_VISIBLE) | tiny, keep


def covered(side: int, polygons: list[NDArray[np.float64]]) -> BoolArray:
    """Pixels (side, side) inside any of the polygons (K, 2)."""
    mask = np.zeros((side, side), np.uint8)
    if polygons:
        import cv2

        for polygon in polygons:
            cv2.fillPoly(mask, [np.clip(polygon, -side, 2 * side).round().astype(np.int32)], 1)
    return mask > 0


def _corners(box: Floats) -> Floats:
    x1, y1, x2, y2 = box
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
