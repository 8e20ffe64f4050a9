"""Which published layouts a graph's outputs may be, by their shapes alone.

Each function gives the decoders that would accept the outputs; which of them is right shows when
they look at people.
"""

from collections.abc import Iterator, Sequence
from itertools import permutations, product
from typing import TypeVar

import numpy as np

from hie_cli.core.skeletons import KEYPOINT_SETS
from hie_cli.core.types import FloatArray
from hie_cli.models.decoders.boxes_scores import BoxesScores
from hie_cli.models.decoders.detection_rows import DetectionRows
from hie_cli.models.decoders.detr import Detr
from hie_cli.models.decoders.dets_labels import DetsLabels
from hie_cli.models.decoders.embedding import Embedding
from hie_cli.models.decoders.heatmaps import Heatmaps
from hie_cli.models.decoders.joints import Joints
from hie_cli.models.decoders.layouts import Layout
from hie_cli.models.decoders.movenet_exports import MoveNetMulti, MoveNetSingle
from hie_cli.models.decoders.nanodet import NanoDet
from hie_cli.models.decoders.rtmdet import RtmDet
from hie_cli.models.decoders.rtmo import Rtmo
from hie_cli.models.decoders.simcc import SimCC
from hie_cli.models.decoders.yolo import Yolo
from hie_cli.models.decoders.yolox import Yolox

Choice = TypeVar("Choice", int, bool)
_THREE, _FOUR = (8, 16, 32), (8, 16, 32, 64)
# Places of "person" among the classes: COCO's and one-class networks', COCO with a background,
# Pascal VOC's without and with one.
_PERSONS = (0, 1, 14, 15)
# Numbers of classes: people alone, COCO (without and with its gaps), Pascal VOC, Objects365, Open
# Images.
_CLASSES = (1, 80, 91, 20, 365, 601)
_COLUMNS = (
    ("x1", "y1", "x2", "y2", "score", "class"),
    ("class", "score", "x1", "y1", "x2", "y2"),
    ("x1", "y1", "x2", "y2", "class", "score"),
    ("batch", "x1", "y1", "x2", "y2", "class", "score"),
    ("batch", "class", "score", "x1", "y1", "x2", "y2"),
)
_MOST_ROWS = 1000  # of a graph that suppresses copies
_SPLITS = (2.0, 1.0, 3.0, 4.0)  # SimCC bins per pixel


def detectors(outputs: Sequence[FloatArray], input_hw: tuple[int, int]) -> Iterator[Layout]:
    """Decoders of one image's ``outputs`` (without batch dimension) as people with boxes."""
    shapes = [array.shape for array in outputs]
    flat = [shape for shape in shapes if len(shape) == 2]
    matrices = [each for each in outputs if each.ndim == 2]
    if len(matrices) == 1:
        yield from _rows(*matrices[0].shape)
        alone = len(outputs) == 1
        # Beside masks or raw heads there are but the rows of YOLO's kind.
        yield from _one_matrix(matrices[0], input_hw) if alone else _yolo(matrices[0])
    if any(shape[1] == 5 for shape in flat) and any(len(shape) == 1 for shape in shapes):
        yield from (DetsLabels(person=person) for person in _PERSONS)
    if len(outputs) == 2 and any(len(shape) == 3 and shape[2] == 3 for shape in shapes):
        counts = {shape[1] for shape in shapes if len(shape) == 3}
        yield from (Rtmo(keypoints=name) for name in _sets(counts))
    if len(outputs) >= 3:
        yield from _separate(outputs)
    if len(flat) == 2 and any(shape[1] == 4 for shape in flat):
        yield from _queries(matrices)
    yield from _dense_pairs(outputs, input_hw)


def _one_matrix(rows: FloatArray, input_hw: tuple[int, int]) -> Iterator[Layout]:
    shape = rows.shape
    cells = {strides: _cells(input_hw, strides) for strides in (_THREE, _FOUR)}
    if shape[1] == 56 and shape[0] <= 100:
        yield MoveNetMulti()
    for strides, total in cells.items():
        if shape[0] == total:
            if _probabilities(rows[:, 4:]):
                for decoded, person in product((False, True), _persons(shape[1] - 5)):
                    yield Yolox(decoded=decoded, strides=strides, person=person)
            widths = {bins: shape[1] - 4 * bins for bins in (8, 11, 7, 16, 1)}
            for bins, centre in product(_likely(widths), (0.5, 0.0)):
                classes = widths[bins]
                if classes < 1 or not _background(rows[:, :classes]):
                    continue
                logits = not _probabilities(rows[:, :classes])
                for pixels in (False, True) if bins == 1 else (False,):
                    for person in _persons(classes):
                        yield NanoDet(
                            strides=strides, classes=classes, person=person, centre=centre,
                            logits=logits, pixels=pixels,
                        )  # fmt: skip
    yield from _yolo(rows)


def _rows(count: int, width: int) -> Iterator[Layout]:
    """Graphs that suppress copies themselves, a row a person; counts may come beside them."""
    for columns in _COLUMNS:
        beyond = width - len(columns)
        posed = beyond > 0 and beyond % 3 == 0 and count <= _MOST_ROWS
        sets = _sets({beyond // 3}) if posed else [""] * (beyond == 0)
        for keypoints, normalised, person in product(sets, (False, True), _PERSONS):
            yield DetectionRows(
                columns=columns, normalised=normalised, keypoints=keypoints, person=person
            )


def _yolo(rows: FloatArray) -> Iterator[Layout]:
    long, short = max(rows.shape), min(rows.shape)
    columns_first = rows if rows.shape[1] == short else rows.T
    if long < 100 or short < 5 or not _probabilities(columns_first[:, 4 : 5 if short > 6 else 6]):
        return
    for normalised in (False, True):
        for name in _sets({(short - 5) // 3}) if (short - 5) % 3 == 0 else ():
            yield Yolo(normalised=normalised, keypoints=name)  # first: its boxes fit without, too
        for objectness in _likely({False: short - 4, True: short - 5}):
            for person in _persons(short - (5 if objectness else 4)):
                yield Yolo(objectness=objectness, normalised=normalised, person=person)


def _queries(matrices: Sequence[FloatArray]) -> Iterator[Layout]:
    """Boxes (Q, 4) and class scores (Q, C) or (C, Q), logits or probabilities."""
    boxes = next(each for each in matrices if each.shape[1] == 4)
    (scores,) = (each for each in matrices if each is not boxes)
    if len(scores) != len(boxes):
        scores = scores.T
    if len(scores) != len(boxes):
        return
    if _probabilities(scores):
        kinds: tuple[tuple[bool, bool], ...] = ((False, True),)
    else:
        kinds = ((False, False), (True, False))
    for (softmax, probabilities), corners in product(kinds, (False, True)):
        for person in _persons(scores.shape[1]):
            yield Detr(
                softmax=softmax, probabilities=probabilities, corners=corners,
                pixels=float(boxes.max(initial=0)) > 4, person=person,
            )  # fmt: skip


def _separate(outputs: Sequence[FloatArray]) -> Iterator[Layout]:
    """Boxes, scores and classes, in any order; classes are whole numbers, scores are not all."""
    boxes = [i for i, each in enumerate(outputs) if each.ndim == 2 and each.shape[1] == 4]
    rows = [i for i, each in enumerate(outputs) if each.ndim == 1]
    for place in boxes:
        lists = [i for i in rows if len(outputs[i]) == len(outputs[place])]
        for scores, classes in permutations(lists, 2):
            low, high = float(outputs[scores].min()), float(outputs[scores].max())
            whole = np.array_equal(outputs[classes], np.round(outputs[classes]))
            if whole and low >= 0 and high <= 1:
                for normalised, yx, person in product((False, True), (False, True), _PERSONS):
                    yield BoxesScores(
                        boxes_at=place, scores_at=scores, classes_at=classes,
                        normalised=normalised, yx=yx, person=person,
                    )  # fmt: skip


def _dense_pairs(outputs: Sequence[FloatArray], input_hw: tuple[int, int]) -> Iterator[Layout]:
    """A pair of class and distance outputs for each stride."""
    shapes = [array.shape for array in outputs]
    for strides in (_THREE, _FOUR):
        if len(shapes) != 2 * len(strides):
            continue
        counts = sorted(_cells(input_hw, (stride,)) for stride in strides)
        if all(len(shape) == 2 for shape in shapes):
            rows = sorted(shape[0] for shape in shapes)
            widths = {shape[1] for shape in shapes}
            if rows == sorted(counts * 2) and len(widths) == 2:
                for classes in sorted(widths, reverse=True):
                    own = [each for each in outputs if each.shape[1] == classes]
                    logits = not all(_probabilities(each) for each in own)
                    if not all(_background(each) for each in own):
                        continue
                    units = (False, True) if widths - {classes} == {4} else (False,)
                    for centre, pixels in product((0.5, 0.0), units):
                        for person in _persons(classes):
                            yield NanoDet(
                                strides=strides, classes=classes, person=person, centre=centre,
                                logits=logits, pixels=pixels,
                            )  # fmt: skip
        if all(len(shape) == 3 for shape in shapes):
            classes = max((shape[0] for shape in shapes if shape[0] != 4), default=0)
            for pixels, centre in product((True, False), (0.0, 0.5)):
                for person in _persons(classes):
                    yield RtmDet(strides=strides, pixels=pixels, centre=centre, person=person)


def poses(outputs: Sequence[FloatArray], size_wh: tuple[int, int]) -> Iterator[Layout]:
    """Decoders of one crop's ``outputs`` (without batch dimension) as the pose of its person."""
    shapes = [array.shape for array in outputs]
    if shapes == [(1, 17, 3)]:
        yield MoveNetSingle()
    if len(shapes) == 1 and len(shapes[0]) == 3 and min(shapes[0][1:]) >= 8:
        for name, dark in product(_sets({shapes[0][0]}), (False, True)):
            yield Heatmaps(keypoints=name, dark=dark)
    if len(shapes) == 2 and all(len(shape) == 2 for shape in shapes):
        for name, split in product(_sets({shapes[0][0]}), _SPLITS):
            if [shape[1] for shape in shapes] == [round(side * split) for side in size_wh]:
                yield SimCC(keypoints=name, split_ratio=split)
    counts = {shape[0] for shape in shapes if len(shape) == 2 and shape[1] in (2, 3)}
    for name, normalised in product(_sets(counts), (False, True)):
        yield Joints(keypoints=name, normalised=normalised)


def vectors(outputs: Sequence[FloatArray]) -> Iterator[Layout]:
    """The decoder of one crop's vector, if ``outputs`` is one."""
    if len(outputs) == 1 and outputs[0].size >= 16 and outputs[0].size == max(outputs[0].shape):
        yield Embedding()


def _sets(counts: set[int]) -> list[str]:
    """The keypoint sets of so many joints; COCO's first."""
    names = [name for name, each in KEYPOINT_SETS.items() if len(each.joints) in counts]
    return sorted(names, key=lambda name: name != "coco17")


def _persons(classes: int) -> list[int]:
    return [person for person in _PERSONS if person < classes]


def _probabilities(values: FloatArray) -> bool:
    return bool(values.size) and float(values.min()) >= 0 and float(values.max()) <= 1


def _background(values: FloatArray) -> bool:
    """Whether most cells show nobody, be ``values`` probabilities or logits."""
    middle = float(np.median(values))
    return middle < (0.3 if _probabilities(values) else -1)


def _likely(classes: dict[Choice, int]) -> list[Choice]:
    """The choices that leave a number of classes that data sets have; all if none does.

    A picture of people alone does not tell a score of any object from one of people.
    """
    return [choice for choice, count in classes.items() if count in _CLASSES] or list(classes)


def _cells(input_hw: tuple[int, int], strides: tuple[int, ...]) -> int:
    return sum(-(-input_hw[0] // stride) * -(-input_hw[1] // stride) for stride in strides)
