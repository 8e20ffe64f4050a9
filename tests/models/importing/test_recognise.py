"""Every layout on a graph that sees the test picture's people: found out, and read right."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from hie_cli.core.errors import ModelError
from hie_cli.core.skeletons import COCO17, KEYPOINT_SETS
from hie_cli.models.decoders.yolox import Yolox
from hie_cli.models.importing import picture
from hie_cli.models.importing.readings import Reading, options_between
from hie_cli.models.importing.recognise import recognise
from hie_cli.models.runtime import session
from hie_cli.models.spec import InputSpec
from tests.support import seeing_graphs
from tests.support.output_layouts import (
    NET,
    NET_BGR,
    NET_RGB,
    RAW,
    UNIT_RGB,
    beside,
    dense_pair,
    detr,
    dets_labels,
    nanodet,
    posed_rows,
    rows,
    rtmdet,
    rtmo,
    separate,
    yolo,
    yolox,
)


def found(data, **fixed):
    return recognise(session(data, "x", 1), "x", fixed)


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
