"""Every layout on a graph that sees the test picture's people: found out, and read right."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from hie_cli.core.errors import ModelError
from hie_cli.core.skeletons import COCO17, KEYPOINT_SETS
from hie_cli.models.decoders import distance_bins
from hie_cli.models.decoders.yolox import Yolox
from hie_cli.models.importing import picture
from hie_cli.models.importing.readings import Reading, options_between
from hie_cli.models.importing.recognise import recognise
from hie_cli.models.runtime import session
from hie_cli.models.spec import InputSpec
from tests.support import seeing_graphs

NET_RGB = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
RAW = InputSpec((416, 416))
UNIT_RGB = InputSpec((416, 416), colour="rgb", std=(255.0, 255.0, 255.0))
NET = InputSpec((416, 416), colour="rgb", mean=NET_RGB[0], std=NET_RGB[1])
NET_BGR = InputSpec((416, 416), mean=NET_RGB[0][::-1], std=NET_RGB[1][::-1])


def found(data, **fixed):
    return recognise(session(data, "x", 1), "x", fixed)


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


UNBATCHED: dict[str, Any] = {"batched": False}
DETECTORS: dict[str, tuple[InputSpec, Any, dict[str, Any], dict[str, Any]]] = {
    "YOLOv8": (UNIT_RGB, yolo(), {}, {"objectness": False, "normalised": False}),
    "YOLOv8, normalised": (UNIT_RGB, yolo(normalised=True), {}, {"normalised": True}),
    "YOLOv8 pose": (UNIT_RGB, yolo(joints=True), {}, {"keypoints": "coco17"}),
    "YOLOv5": (UNIT_RGB, yolo(objectness=True, across=False), {}, {"objectness": True}),
    "YOLOX": (RAW, yolox(False), {}, {"decoded": False}),
    "YOLOX, decoded": (RAW, yolox(True), {}, {}),
    "YOLOv10": (UNIT_RGB, rows("x1", "y1", "x2", "y2", "score", "class"), {}, {}),
    "YOLOv7 end to end": (
        UNIT_RGB, rows("batch", "x1", "y1", "x2", "y2", "class", "score"), UNBATCHED, {},
    ),
    "PP-YOLOE": (
        NET, rows("class", "score", "x1", "y1", "x2", "y2"),
        UNBATCHED | {"sizes": ("scale_factor", "im_shape")}, {},
    ),
    "PP-YOLOE with its count": (
        NET, beside(rows("class", "score", "x1", "y1", "x2", "y2"), count=(1,)),
        UNBATCHED | {"sizes": ("scale_factor",)},
        {"columns": ("class", "score", "x1", "y1", "x2", "y2")},
    ),
    "YOLO26 pose": (UNIT_RGB, posed_rows, {}, {"keypoints": "coco17"}),
    "YOLOv8 with masks": (
        UNIT_RGB, beside(yolo(), masks=(32, 104, 104)), {}, {"objectness": False},
    ),
    "YOLOv5 with its raw heads": (
        UNIT_RGB, beside(yolo(objectness=True, across=False), raw=(3, 52, 52, 85)), {},
        {"objectness": True},
    ),
    "YOLO-NAS": (
        UNIT_RGB, dense_pair(), {}, {"corners": True, "pixels": True, "probabilities": True},
    ),
    "PP-YOLOE without suppression": (NET, dense_pair(across=True), {}, {"probabilities": True}),
    "mmdeploy": (NET_BGR, dets_labels, {}, {"person": 0}),
    "TorchVision": (
        UNIT_RGB, separate("boxes", "labels", "scores", person=1), UNBATCHED | {"image_rank": 3},
        {"boxes_at": 0, "scores_at": 2, "classes_at": 1, "person": 1},
    ),
    "SSD": (
        NET, separate("boxes", "labels", "scores", person=1, normalised=True), {},
        {"normalised": True},
    ),
    "TensorRT's suppression": (
        UNIT_RGB, separate("num", "boxes", "scores", "labels"), {}, {"boxes_at": 1, "scores_at": 2},
    ),
    "RT-DETR": (
        UNIT_RGB, separate("labels", "boxes", "scores"), {"sizes": ("orig_target_sizes",)},
        {"boxes_at": 1, "scores_at": 2, "classes_at": 0},
    ),
    "D-FINE, another name for the size": (
        UNIT_RGB, separate("labels", "boxes", "scores"), {"sizes": ("image_size",)}, {},
    ),
    "fp16": (UNIT_RGB, yolo(), {"kind": TensorProto.FLOAT16}, {}),
    "int8": (RAW, yolox(False), {"kind": TensorProto.UINT8, "quantised": True}, {}),
    "DETR's logits": (NET, detr, {}, {"softmax": False, "person": 1}),
    "NanoDet": (NET_BGR, nanodet(), {}, {"logits": False, "centre": 0.5}),
    "NanoDet, logits": (NET_BGR, nanodet(logits=True), {}, {"logits": True}),
    "NanoDet-Plus without batch": (
        NET_BGR, nanodet(one=True, strides=(8, 16, 32, 64), centre=0.0), UNBATCHED,
        {"strides": (8, 16, 32, 64), "centre": 0.0, "classes": 80},
    ),
    "NanoDet, four distances": (NET_BGR, nanodet(bins=1), {}, {"pixels": False}),
    "NanoDet, four distances in pixels": (
        NET_BGR, nanodet(bins=1, pixels=True), {}, {"pixels": True},
    ),
    "RTMDet's raw heads": (NET_BGR, rtmdet, {}, {"pixels": True, "person": 0}),
    "RTMO": (RAW, rtmo, {}, {"keypoints": "coco17"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", DETECTORS)
def test_detectors(kind):
    spec, encode, build, expected = DETECTORS[kind]
    blue = 2 if spec.colour == "rgb" else 0
    seen = found(seeing_graphs.detector(spec, encode, blue=blue, **build))
    assert seen.look.seen.startswith("7 of the 7")
    assert seen.quality > 0.8
    for key, value in expected.items():
        assert getattr(seen.layout, key) == value
    assert (seen.input.colour, seen.input.std) == (spec.colour, spec.std)
    np.testing.assert_allclose(seen.input.mean, spec.mean)
    assert seen.input.batched == build.get("batched", True)
    assert seen.assumptions


def test_a_wrong_decoding_is_never_silent():
    """What YOLOX's boxes are when read in the other way: nobody."""
    data = seeing_graphs.detector(RAW, yolox(False))
    seen = found(data, decoded=True, decoder="yolox")
    assert not seen.look.sees
    assert seen.doubts[0].startswith("it saw 0 of the 7 people")


def test_a_graph_that_sees_nobody_is_in_doubt():
    def nothing(boxes, hw):
        return {"output": np.zeros((3549, 85), np.float32)}

    seen = found(seeing_graphs.detector(RAW, nothing))
    assert not seen.look.sees
    assert "--set decoder=" in seen.doubts[0]


def test_outputs_of_no_known_layout():
    def strange(boxes, hw):
        return {"output": np.zeros((3, 5, 7, 9), np.float32)}

    with pytest.raises(ModelError, match=r"\(1, 3, 5, 7, 9\).* are of no layout known here"):
        found(seeing_graphs.detector(RAW, strange))


@pytest.mark.parametrize(("build", "batch"), [({}, 0), ({"fixed_inside": True}, 1)])
def test_two_images_at_once_are_tried(build, batch):
    """A graph that says any number of images and reshapes to one inside runs image by image."""
    data = seeing_graphs.detector(RAW, yolox(False), free_batch=True, **build)
    seen = found(data)
    assert seen.input.batch == batch
    assert (batch == 1) == any("one image at a time" in each for each in seen.assumptions)


def test_an_input_of_its_own_proportions_is_stretched():
    """PicoDet's exports see stretched pictures: this graph knows the whole one only so."""
    squeezed = dataclasses.replace(NET, resize="stretch")
    encode = rows("class", "score", "x1", "y1", "x2", "y2")
    seen = found(seeing_graphs.detector(squeezed, encode, blue=2, **UNBATCHED))
    assert seen.input.resize == "stretch"
    assert any("stretch" in each for each in seen.assumptions)


def test_two_readings_that_do_as_well_name_the_options():
    one = Reading(Yolox(decoded=True), RAW, 0.90)
    other = Reading(Yolox(decoded=False), RAW, 0.89)
    assert options_between(one, other) == "--set decoded=true or --set decoded=false"
    red = Reading(Yolox(decoded=True), UNIT_RGB, 0.90)
    assert options_between(one, red).startswith("--set colour=bgr --set std=[1.0,1.0,1.0] or ")


POSES = ("heatmaps", "simcc", "joints", "joints in one", "normalised joints", "whole body")


@pytest.mark.parametrize("kind", POSES)
def test_poses(kind):
    count = 133 if kind == "whole body" else 17
    joints = KEYPOINT_SETS["wholebody133"] if kind == "whole body" else COCO17
    spec = InputSpec((192, 256), "crop", colour="rgb", mean=NET_RGB[0], std=NET_RGB[1], padding=0)

    def encode(person):
        ours = seeing_graphs.joints_in_crop(spec, person)
        points, scores = np.full((count, 2), 5.0), np.full(count, 0.6)
        for j, sources in enumerate(joints.sources):
            for source in sources if j != 1 else ():  # the chest is made of the shoulders
                points[source] = ours[j]
        if kind in ("heatmaps", "whole body"):
            maps = np.zeros((count, 64, 48), np.float32)
            at = np.clip(np.round(points / 4).astype(int), 0, (47, 63))
            maps[np.arange(count), at[:, 1], at[:, 0]] = 0.6
            return {"heatmaps": maps}
        if kind == "simcc":
            x, y = np.zeros((count, 384)), np.zeros((count, 512))
            at = np.clip(np.round(points * 2).astype(int), 0, (383, 511))
            x[np.arange(count), at[:, 0]] = y[np.arange(count), at[:, 1]] = 0.6
            return {"simcc_x": x, "simcc_y": y}
        if kind == "joints in one":
            return {"keypoints": np.concatenate((points, scores[:, None]), 1)}
        if kind == "normalised joints":
            points = points / spec.size_wh
        return {"keypoints": points, "scores": scores}

    seen = found(seeing_graphs.crops(spec, encode, blue=2))
    assert seen.quality > 0.95
    assert seen.layout.keypoints == joints.name
    assert (seen.input.colour, seen.input.mean) == ("rgb", spec.mean)


def test_a_pose_network_whose_joints_lie_elsewhere_is_in_doubt():
    spec = InputSpec((192, 256), "crop", padding=0)

    def encode(person):
        return {"keypoints": np.full((17, 2), 5.0), "scores": np.full(17, 0.9)}

    seen = found(seeing_graphs.crops(spec, encode))
    assert seen.layout.task == "pose"
    assert not seen.look.sees


def appearance(vectors_now, vectors_before):
    spec = InputSpec((128, 256), "crop")
    given = [
        *seeing_graphs.stretched(spec, picture.BOXES),
        *seeing_graphs.stretched(spec, picture.EARLIER_BOXES, "people_second_earlier"),
    ]
    pairs = zip(given, (*vectors_now, *vectors_before), strict=True)
    return seeing_graphs.graph([(image, {"vector": vector}) for image, vector in pairs])


def test_appearance():
    people = np.eye(7, 32)
    seen = found(appearance(people + 0.01, people))
    assert seen.layout.task == "appearance"
    assert seen.look.seen.startswith("7 of 7 people recognised")


def test_an_appearance_network_that_knows_nobody_again_is_in_doubt():
    people = np.eye(7, 32)
    seen = found(appearance(people, np.roll(people, 1, axis=0)))
    assert not seen.look.sees
    assert seen.doubts[0].startswith("it saw 0 of 7 people recognised")


def test_what_is_known_is_not_varied():
    data = seeing_graphs.detector(dataclasses.replace(RAW, colour="rgb"), yolox(False), blue=2)
    seen = found(data, colour="rgb", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    assert seen.input.colour == "rgb"
