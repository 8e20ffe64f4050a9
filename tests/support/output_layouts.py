"""What published detectors put out for people of known boxes, and the inputs they take."""

import numpy as np

from hie_cli.models.decoders import distance_bins
from hie_cli.models.spec import InputSpec

NET_RGB = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
RAW = InputSpec((416, 416))
UNIT_RGB = InputSpec((416, 416), colour="rgb", std=(255.0, 255.0, 255.0))
NET = InputSpec((416, 416), colour="rgb", mean=NET_RGB[0], std=NET_RGB[1])
NET_BGR = InputSpec((416, 416), mean=NET_RGB[0][::-1], std=NET_RGB[1][::-1])


def centred(boxes):
    """Centre x, y, width, height."""
    return np.concatenate(((boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]), 1)


def cells(boxes, hw, strides=(8, 16, 32), centre=0.5):
    """The cells of a dense head, and for each box the one nearest to its middle."""
    grid = distance_bins.cells(hw[0], hw[1], strides, centre)
    middle = centred(boxes)[:, None, :2]
    fine = np.where(grid.strides == strides[0], 0, 1e6)
    return grid, (np.linalg.norm(grid.centres - middle, axis=2) + fine).argmin(1)


def yolo(objectness=False, across=True, normalised=False, joints=False):
    def encode(boxes, hw):
        rows = np.zeros((10647, 85 if objectness else 56 if joints else 84), np.float32)
        rows[: len(boxes), :4] = centred(boxes) / (np.tile(hw[::-1], 2) if normalised else 1)
        rows[: len(boxes), 4] = 0.9
        if objectness:
            rows[: len(boxes), 5] = 0.9
        if joints:
            rows[: len(boxes), 5:] = np.tile([50, 60, 0.7], 17)
        return {"output": rows.T if across else rows}

    return encode


def yolox(decoded):
    def encode(boxes, hw):
        grid, own = cells(boxes, hw)
        rows = np.zeros((len(grid.strides), 85), np.float32)
        xywh, stride = centred(boxes), grid.strides[own, None]
        if not decoded:
            corner = grid.centres[own] - stride / 2
            rows[own, :2] = (xywh[:, :2] - corner) / stride
            rows[own, 2:4] = np.log(xywh[:, 2:] / stride)
        else:
            rows[own, :4] = xywh
        rows[own, 4:6] = 0.95
        return {"output": rows}

    return encode


def nanodet(logits=False, bins=8, one=False, strides=(8, 16, 32), centre=0.5, pixels=False):
    def encode(boxes, hw):
        grid, own = cells(boxes, hw, strides, centre)
        scores = np.full((len(grid.strides), 80), -6.0 if logits else 0.0, np.float32)
        scores[own, 0] = 2.0 if logits else 0.88
        x, y = grid.centres[own].T
        sides = np.stack((x - boxes[:, 0], y - boxes[:, 1], boxes[:, 2] - x, boxes[:, 3] - y), 1)
        if not pixels:
            sides = sides / grid.strides[own, None]
        if bins > 1:  # the mean of a softmax over two neighbouring bins
            sides = np.clip(sides, 0, bins - 1 - 1e-3)
            low = np.floor(sides).astype(int)
            all_bins = np.full((len(grid.strides), 4, bins), -30.0, np.float32)
            for side in range(4):
                part = sides[:, side] - low[:, side]
                all_bins[own, side, low[:, side]] = np.log(np.maximum(1 - part, 1e-9))
                all_bins[own, side, low[:, side] + 1] = np.log(np.maximum(part, 1e-9))
            distances = all_bins.reshape(len(grid.strides), -1)
        else:
            distances = np.zeros((len(grid.strides), 4), np.float32)
            distances[own] = sides
        if one:
            return {"output": np.concatenate((scores, distances), 1)}
        outputs = {}
        for stride in strides:
            level = grid.strides == stride
            outputs[f"cls_{stride}"], outputs[f"dis_{stride}"] = scores[level], distances[level]
        return outputs

    return encode


def rows(*columns):
    def encode(boxes, hw):
        named = dict(zip(("x1", "y1", "x2", "y2"), boxes.T, strict=True))
        named |= {"score": np.full(len(boxes), 0.8), "class": np.zeros(len(boxes))}
        named |= {"batch": np.zeros(len(boxes))}
        return {"output": np.stack([named[name] for name in columns], 1)}

    return encode


def separate(*names, person=0, normalised=False):
    def encode(boxes, hw):
        scaled = boxes / np.tile(hw[::-1], 2) if normalised else boxes
        labels = np.full(len(boxes), person)
        given = {"boxes": scaled, "labels": labels, "scores": np.linspace(0.7, 0.9, len(boxes))}
        given["num"] = np.array([len(boxes)])
        return {name: given[name] for name in names}

    return encode


def dets_labels(boxes, hw):
    scored = np.concatenate((boxes, np.full((len(boxes), 1), 0.8)), 1)
    return {"dets": scored, "labels": np.zeros(len(boxes))}


def detr(boxes, hw):
    queries, logits = np.zeros((50, 4)), np.full((50, 91), -7.0)
    queries[: len(boxes)] = centred(boxes) / np.tile(hw[::-1], 2)
    logits[: len(boxes), 1] = 1.5
    return {"dets": queries, "labels": logits}


def dense_pair(probabilities=True, across=False):
    """YOLO-NAS: corners in pixels and probabilities; PP-YOLOE's scores lie across."""

    def encode(boxes, hw):
        corners, scores = np.zeros((200, 4)), np.full((200, 80), 0.01)
        corners[: len(boxes)] = boxes
        scores[: len(boxes), 0] = 0.8
        return {"boxes": corners, "scores": scores.T if across else scores}

    return encode


def beside(encode, **others):
    """What ``encode`` gives, and further outputs of these shapes."""

    def both(boxes, hw):
        return encode(boxes, hw) | {name: np.ones(shape) for name, shape in others.items()}

    return both


def posed_rows(boxes, hw):
    flat = rows("x1", "y1", "x2", "y2", "score", "class")(boxes, hw)["output"]
    return {"output": np.concatenate((flat, np.tile([50, 60, 0.7], (len(boxes), 17))), 1)}


def rtmdet(boxes, hw):
    grid, own = cells(boxes, hw, centre=0.0)
    logits = np.full((1, len(grid.strides)), -6.0)
    logits[0, own] = 2.0
    x, y = grid.centres[own].T
    sides = np.zeros((4, len(grid.strides)))
    sides[:, own] = (x - boxes[:, 0], y - boxes[:, 1], boxes[:, 2] - x, boxes[:, 3] - y)
    outputs = {}
    for stride in (8, 16, 32):
        level, side = grid.strides == stride, hw[0] // stride
        outputs[f"cls_{stride}"] = logits[:, level].reshape(1, side, side)
        outputs[f"box_{stride}"] = sides[:, level].reshape(4, side, side)
    return outputs


def rtmo(boxes, hw):
    return {
        "dets": np.concatenate((boxes, np.full((len(boxes), 1), 0.8)), 1),
        "keypoints": np.tile(np.float32([50, 60, 0.7]), (len(boxes), 17, 1)),
    }
