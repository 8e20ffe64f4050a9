"""What can be wrong with labelled pictures: broken, duplicated, leaking, mislabelled, too few."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.annotations import Annotations
from hie_cli.core.errors import InputError
from hie_cli.core.geometry import area, intersection, iou, known
from hie_cli.core.types import Image
from hie_cli.models.base import Detector
from hie_cli.training.data.items import Item, Items, require_both, require_people

Kind = Literal["broken", "duplicated", "leaking", "mislabelled", "empty"]
_SAME_BITS = 6  # of 256: pictures that differ by recoding or scale only
_HASH = 16
_SAME_BOX = 0.95
_JOINT_MARGIN = 0.25  # of the box's size, by which a joint may leave it
_SURE = 0.6  # a detector's score
_MISSED = 0.3  # overlap below which a sure detection was not labelled
_FLAT = 4.0  # width over height of what is hardly a person
_MOST_PAIRS = 20_000  # pictures compared with each other; beyond, only equal ones are found


@dataclass(frozen=True)
class Problem:
    """kind · place: picture · what: in words."""

    kind: Kind
    place: str
    what: str


def of_labels(item: Item, image: Image) -> Iterator[Problem]:
    """What is wrong with one picture's labels by themselves."""
    truth = item.labels
    height, width = image.shape[:2]
    size = truth.boxes[:, 2:] - truth.boxes[:, :2]
    for i in np.flatnonzero(~truth.ignore):
        who = f"person {i}"
        if not np.isfinite(truth.boxes[i]).all() or min(size[i]) <= 0:
            yield Problem("broken", item.place, f"{who}: its box has no area")
            continue
        x1, y1, x2, y2 = truth.boxes[i]
        if x2 <= 0 or y2 <= 0 or x1 >= width or y1 >= height:
            yield Problem("broken", item.place, f"{who}: its box lies outside the picture")
        if size[i, 0] > _FLAT * size[i, 1]:
            shape = f"{size[i, 0]:.0f} x {size[i, 1]:.0f}"
            yield Problem("mislabelled", item.place, f"{who}: a box of {shape} pixels")
        if truth.keypoints is not None:
            yield from _of_joints(item, who, truth, int(i))
    yield from _of_pairs(item)


def _of_joints(item: Item, who: str, truth: Annotations, i: int) -> Iterator[Problem]:
    assert truth.keypoints is not None
    points = truth.keypoints[i][known(truth.keypoints[i])]
    if len(points) < 2:
        return
    if len(np.unique(points.round(2), axis=0)) == 1:
        yield Problem("broken", item.place, f"{who}: all joints are one point")
        return
    box = truth.boxes[i]
    margin = _JOINT_MARGIN * (box[2:] - box[:2])
    outside = ((points < box[:2] - margin) | (points > box[2:] + margin)).any(1)
    if outside.mean() > 0.5:
        share = f"{outside.sum()} of {len(points)}"
        yield Problem("mislabelled", item.place, f"{who}: {share} joints lie far outside the box")


def _of_pairs(item: Item) -> Iterator[Problem]:
    boxes = item.labels.boxes[~item.labels.ignore]
    overlap = np.triu(iou(boxes, boxes), 1)
    for i, j in np.argwhere(overlap > _SAME_BOX):
        yield Problem("duplicated", item.place, f"people {i} and {j} have one box")


def unlabelled(item: Item, image: Image, detector: Detector) -> Iterator[Problem]:
    """People whom ``detector`` is sure of and nobody labelled, and labelled ones that it denies."""
    truth = item.labels
    (found,) = detector.detect([image])
    heights = found.boxes[:, 3] - found.boxes[:, 1]
    sure = found.boxes[detector.spec.person_probability(found.scores, heights) >= _SURE]
    regions = [np.concatenate((r.min(0), r.max(0))) for r in truth.ignore_regions]
    marked = np.concatenate((truth.boxes, np.reshape(regions, (-1, 4))))
    free = sure[iou(sure, marked).max(1, initial=0) < _MISSED]
    hidden = [_covered(box, marked) for box in free]
    for box in free[~np.array(hidden, bool)] if len(free) else free:
        where = ", ".join(f"{v:.0f}" for v in box)
        yield Problem("mislabelled", item.place, f"somebody at {where} is not labelled")


def _covered(box: NDArray[np.floating], marked: NDArray[np.float64]) -> bool:
    """Whether one marked box holds most of ``box``."""
    return bool((intersection(box, marked) > 0.7 * area(box[None])[0]).any())


class Fingerprints:
    """Pictures seen so far: exact ones by their bytes, near ones by a difference hash.

    titles: of the sources, for messages.
    """

    def __init__(self, titles: Sequence[str]) -> None:
        self._titles = titles
        self._exact: dict[bytes, list[Item]] = defaultdict(list)
        self._hashes: list[NDArray[np.uint8]] = []
        self._items: list[Item] = []

    def add(self, item: Item, image: Image) -> None:
        """Remember a picture."""
        self._exact[hashlib.sha256(image.tobytes()).digest()].append(item)
        self._hashes.append(difference_hash(image))
        self._items.append(item)

    def problems(self) -> Iterator[Problem]:
        """Equal pictures; and near-equal ones on both sides of the split."""
        for same in self._exact.values():
            for other in same[1:]:
                kind: Kind = "leaking" if other.held_out != same[0].held_out else "duplicated"
                yield Problem(
                    kind, other.place, f"the same picture as {self._told(same[0], other)}"
                )
        if len(self._items) <= _MOST_PAIRS:
            yield from self._near()

    def _near(self) -> Iterator[Problem]:
        held = np.array([item.held_out for item in self._items], bool)
        if not held.any() or held.all():
            return
        hashes = np.stack(self._hashes)
        training = np.flatnonzero(~held)
        for i in np.flatnonzero(held):
            bits = np.bitwise_count(hashes[training] ^ hashes[i]).sum(1)
            j = training[int(bits.argmin())]
            same = np.array_equal(np.asarray(self._items[i].image()), self._items[j].image())
            if bits.min() <= _SAME_BITS and not same:
                other = self._told(self._items[j], self._items[i])
                what = f"nearly the same picture as {other}, which is trained on"
                yield Problem("leaking", self._items[i].place, what)

    def _told(self, item: Item, beside: Item) -> str:
        """An item's place, and its source where that is not ``beside``'s."""
        of = f" of {self._titles[item.source]}" if item.source != beside.source else ""
        return item.place + of


def difference_hash(image: Image) -> NDArray[np.uint8]:
    """256 bits, packed: whether each of 16 x 16 cells is brighter than its right neighbour."""
    import cv2

    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (_HASH + 1, _HASH), interpolation=cv2.INTER_AREA).astype(np.int16)
    return np.packbits(small[:, :-1] > small[:, 1:])


def of_split(items: Sequence[Item]) -> Iterator[Problem]:
    """Videos that are trained on under one source and validated on under another."""
    sides: dict[str, set[bool]] = defaultdict(set)
    for item in items:
        if not item.labels.image:
            sides[item.video].add(item.held_out)
    for video, uses in sides.items():
        if len(uses) > 1:
            yield Problem("leaking", video, "the video is both trained on and validated on")


def of_emptiness(items: Items, path: str) -> Iterator[Problem]:
    """What a training would refuse to begin with."""
    try:
        require_both(items)
        require_people(items)
    except InputError as error:
        yield Problem("empty", path, str(error))
