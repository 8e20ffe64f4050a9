"""Decoders of published ONNX layouts. Each takes one batch's or image's outputs and checks shapes.

Coordinates come out in input pixels. A layout that does not fit raises ModelError with what was
seen and what was expected.
"""

import numpy as np

from hie_cli.core.errors import ModelError
from hie_cli.core.types import FloatArray
from hie_cli.models import nanodet_decode

Boxes = tuple[FloatArray, FloatArray]  # boxes (K, 4) xyxy, scores (K,)
Coco = tuple[FloatArray, FloatArray]  # keypoints (..., K, 2) x, y, scores (..., K)


def _refuse(decoder: str, seen: list[FloatArray], expected: str) -> ModelError:
    shapes = ", ".join(str(tuple(array.shape)) for array in seen) or "nothing"
    return ModelError(f"decoder {decoder}: per image the graph gives {shapes}; expected {expected}")


def yolox(
    outputs: list[FloatArray],
    input_hw: tuple[int, int],
    strides: tuple[int, ...],
    person: int,
    decoded: bool,
) -> Boxes:
    """YOLOX (Megvii): one output (A, 5 + C) of centre x, y, width, height, objectness, classes.

    Rows run over the strides' cells row by row. Not ``decoded``, the first four are offsets in
    cells from the cell's corner and logarithms of the size in cells (``export_onnx.py``'s default);
    ``decoded`` (``--decode_in_inference``), they are pixels. Probabilities are already sigmoids.
    """
    grid = nanodet_decode.cells(*input_hw, strides)
    total = len(grid.strides)
    rows = outputs[0] if outputs else np.zeros((0, 0), np.float32)
    if len(outputs) != 1 or rows.ndim != 2 or len(rows) != total or rows.shape[1] <= 5 + person:
        raise _refuse("yolox", outputs, f"one ({total}, 5 + classes)")
    centre, size = rows[:, :2], rows[:, 2:4]
    if not decoded:
        stride = grid.strides[:, None]
        centre = centre * stride + grid.centres - stride / 2
        size = np.exp(np.minimum(size, 20)) * stride
    boxes = np.concatenate((centre - size / 2, centre + size / 2), 1)
    return boxes.astype(np.float32), rows[:, 4] * rows[:, 5 + person]


def nanodet_rows(
    outputs: list[FloatArray],
    input_hw: tuple[int, int],
    strides: tuple[int, ...],
    classes: int,
    person: int,
    centre: float,
    floor: float,
) -> Boxes:
    """NanoDet (RangiLyu): class probabilities and the four sides' bins, over the strides' cells.

    Either one output (A, C + 4 * bins), as its exporter writes, or one (A_s, C) and one
    (A_s, 4 * bins) per stride, as older exports did.
    """
    grid = nanodet_decode.cells(*input_hw, strides, centre)
    total = len(grid.strides)
    expected = f"one ({total}, {classes} + 4 * bins), or ({classes}) and (4 * bins) per stride"
    if any(array.ndim != 2 for array in outputs):
        raise _refuse("nanodet", outputs, expected)
    if len(outputs) == 1:
        scores, bins = outputs[0][:, :classes], outputs[0][:, classes:]
    else:
        by_size = sorted(outputs, key=lambda array: -len(array))
        scores = _stacked([array for array in by_size if array.shape[1] == classes])
        bins = _stacked([array for array in by_size if array.shape[1] != classes])
    fits = len(scores) == len(bins) == total and scores.shape[1] == classes > person
    if not fits or bins.shape[1] < 8 or bins.shape[1] % 4:
        raise _refuse("nanodet", outputs, expected)
    return nanodet_decode.decode(scores[:, person], bins.T, grid, floor)


def _stacked(parts: list[FloatArray]) -> FloatArray:
    same = len({part.shape[1] for part in parts}) == 1
    return np.concatenate(parts) if same else np.zeros((0, 0), np.float32)


def rtmo(outputs: list[FloatArray], joints: int) -> tuple[FloatArray, FloatArray, Coco]:
    """RTMO (OpenMMLab, mmdeploy export): ``dets`` (N, 5) xyxy, score; ``keypoints`` (N, K, 3)."""
    boxes = [array for array in outputs if array.ndim == 2 and array.shape[1] == 5]
    poses = [array for array in outputs if array.ndim == 3 and array.shape[1:] == (joints, 3)]
    if len(outputs) != 2 or not boxes or not poses or len(boxes[0]) != len(poses[0]):
        raise _refuse("rtmo", outputs, f"dets (N, 5) and keypoints (N, {joints}, 3)")
    return boxes[0][:, :4], boxes[0][:, 4], (poses[0][..., :2], poses[0][..., 2])


def simcc(
    outputs: list[FloatArray], input_wh: tuple[int, int], joints: int, split_ratio: float
) -> Coco:
    """SimCC, as RTMPose exports it: ``simcc_x`` (N, K, width * split), ``simcc_y`` (N, K, height *
    split). A joint is the best bin of each axis over ``split_ratio``, its score the lower of both.
    """
    wide, high = (round(side * split_ratio) for side in input_wh)
    shapes = [array.shape[1:] for array in outputs]
    if shapes != [(joints, wide), (joints, high)]:
        raise _refuse(
            "simcc",
            [array[0] for array in outputs if len(array)],
            f"simcc_x ({joints}, {wide}) then simcc_y ({joints}, {high})",
        )
    x, y = outputs
    keypoints = np.stack((x.argmax(2), y.argmax(2)), 2) / np.float32(split_ratio)
    return keypoints.astype(np.float32), np.minimum(x.max(2), y.max(2))


def movenet_single(outputs: list[FloatArray], input_wh: tuple[int, int]) -> Coco:
    """MoveNet's single-person exports: (N, 1, 17, 3) of y, x relative to the input, score."""
    if len(outputs) != 1 or outputs[0].shape[1:] != (1, 17, 3):
        raise _refuse("movenet-single", [array[0] for array in outputs if len(array)], "(1, 17, 3)")
    rows = outputs[0][:, 0]
    return rows[..., 1::-1] * np.array(input_wh, np.float32), rows[..., 2]


def movenet_multi(
    outputs: list[FloatArray], input_wh: tuple[int, int]
) -> tuple[FloatArray, FloatArray, Coco]:
    """MoveNet MultiPose's export: (N, 56), 17 x (y, x, score), then y1, x1, y2, x2, score."""
    if len(outputs) != 1 or outputs[0].ndim != 2 or outputs[0].shape[1] != 56:
        raise _refuse("movenet-multi", outputs, "(people, 56)")
    rows = outputs[0]
    size = np.array(input_wh, np.float32)
    poses = rows[:, :51].reshape(-1, 17, 3)
    boxes = rows[:, [52, 51, 54, 53]] * np.tile(size, 2)
    return boxes, rows[:, 55], (poses[..., 1::-1] * size, poses[..., 2])
