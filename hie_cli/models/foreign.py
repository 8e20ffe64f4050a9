"""Imported ONNX files as detectors and estimators: their input, and decoders by manifest."""

from collections.abc import Callable
from typing import Any

import numpy as np

from hie_cli.core.errors import ModelError
from hie_cli.core.geometry import nms
from hie_cli.core.skeletons import KEYPOINT_SETS, to_hieve
from hie_cli.core.types import FloatArray, Image, People
from hie_cli.models import foreign_decode
from hie_cli.models.detectors import LIMIT, SAME_PERSON, Fit, ImageDetector
from hie_cli.models.detectors import Decoder as PeopleDecoder
from hie_cli.models.estimators import CropEstimator
from hie_cli.models.estimators import Decoder as PoseDecoder
from hie_cli.models.images import Letterbox
from hie_cli.models.manifest import Manifest
from hie_cli.models.runtime import resolve_device, session

_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int32)": np.int32,
    "tensor(uint8)": np.uint8,
}


class ForeignNetwork:
    """Somebody else's ONNX graph of one image input; see ``base.Network``.

    Colour order, layout (N, 3, H, W) or (N, H, W, 3), number type and a fixed batch size are
    taken care of here. Outputs of different lengths (a graph with suppression inside, run image by
    image) are filled up with zeros, so with people of score 0.
    """

    def __init__(self, graph: bytes, model: Manifest, device: str, threads: int | None) -> None:
        self._model = model
        self._session = session(graph, model.name, threads, device=device)
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4:
            raise ModelError(f"{model.name}: expected a graph with one input of 4 dimensions")
        self._input = inputs[0]
        if self._input.type not in _TYPES:
            raise ModelError(f"{model.name}: the graph takes {self._input.type}, not images")
        shape = self._input.shape
        if 3 not in (shape[1], shape[3]):
            raise ModelError(
                f"{model.name}: the graph's input {shape} has no colour dimension of 3"
            )
        self._mean, self._std = np.array((model.mean, model.std), np.float32)
        self._planes = shape[1] == 3
        self._batch = shape[0] if isinstance(shape[0], int) and shape[0] > 0 else None
        height, width = (shape[2], shape[3]) if self._planes else (shape[1], shape[2])
        self.any_size = not isinstance(height, int) and not isinstance(width, int)
        wanted = model.input_size or (0, 0)
        for side, given in ((width, wanted[0]), (height, wanted[1])):
            if isinstance(side, int) and side > 0 and side != given:
                raise ModelError(
                    f"{model.name}: the graph takes {width} x {height} pixels, "
                    f"the manifest's input_size says {wanted[0]} x {wanted[1]}"
                )

    def __call__(self, images: Image) -> list[FloatArray]:
        """See ``base.Network``."""
        size = self._batch or len(images)
        parts = []
        for start in range(0, len(images), size):
            values = self._values(images[start : start + size])
            missing = size - len(values)
            if missing:
                values = np.concatenate((values, np.repeat(values[-1:], missing, axis=0)))
            try:
                outputs = self._session.run(None, {self._input.name: values})
            except Exception as error:  # whatever the runtime raises is about this graph
                reason = str(error).splitlines()[0]
                raise ModelError(f"{self._model.name}: the graph failed ({reason})") from None
            parts.append([np.asarray(array, np.float32)[: size - missing] for array in outputs])
        return [_join(list(same)) for same in zip(*parts, strict=True)]

    def _values(self, images: Image) -> Any:
        ordered = images[..., ::-1] if self._model.colour == "rgb" else images
        if any(self._model.mean) or self._model.std != (1.0, 1.0, 1.0):
            ordered = (ordered - self._mean) / self._std
        if self._planes:
            ordered = ordered.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(ordered, _TYPES[self._input.type])


def _join(parts: list[FloatArray]) -> FloatArray:
    if len(parts) == 1 or parts[0].ndim < 2:
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
    longest = max(part.shape[1] for part in parts)
    return np.concatenate(
        [
            np.pad(part, [(0, 0), (0, longest - part.shape[1])] + [(0, 0)] * (part.ndim - 2))
            for part in parts
        ]
    )


def build(
    graph: bytes, model: Manifest, device: str, threads: int | None
) -> ImageDetector | CropEstimator:
    """The detector or estimator that ``model`` describes, round the ONNX file's bytes."""
    # An ONNX file runs on ONNX Runtime, whose CUDA build is a package of its own: auto means cpu.
    place = "cpu" if device == "auto" else resolve_device(device)
    network = ForeignNetwork(graph, model, place, threads)
    if model.task == "pose":
        assert model.input_size is not None  # the manifest's parser requires it with a decoder
        size = model.input_size
        return CropEstimator(
            model.name, model.sha256, network, size, model.context, _poses(model, size)
        )
    return ImageDetector(
        model.name,
        model.sha256,
        network,
        _fit(model, network.any_size),
        _PEOPLE[model.decoder](model),
    )


def probe(model: ImageDetector | CropEstimator) -> None:
    """Run ``model`` once on a grey image; ModelError where graph and decoder do not fit."""
    image = np.full((480, 640, 3), 127, np.uint8)
    if isinstance(model, ImageDetector):
        model.detect([image])
    else:
        model.estimate([image], [np.array([[200, 100, 300, 400]], np.float32)])


def _fit(model: Manifest, any_size: bool) -> Fit:
    width, height = model.input_size or (0, 0)

    def fit(image_hw: tuple[int, int], long_side: int | None) -> Letterbox:
        if long_side is None or long_side == max(width, height):
            return Letterbox.into(image_hw, (height, width), model.padding)
        if any_size:
            return Letterbox.fit(image_hw, long_side, model.padding)
        raise ModelError(
            f"model {model.name!r} takes {width} x {height} pixels only, not a long side of "
            f"{long_side}"
        )

    return fit


def _poses(model: Manifest, size_wh: tuple[int, int]) -> PoseDecoder:
    joints = KEYPOINT_SETS[model.keypoints]

    def decode(outputs: list[FloatArray], boxes: FloatArray) -> tuple[FloatArray, FloatArray]:
        if model.decoder == "movenet-single":
            keypoints, scores = foreign_decode.movenet_single(outputs, size_wh)
        else:
            keypoints, scores = foreign_decode.simcc(
                outputs, size_wh, len(joints.joints), model.split_ratio
            )
        return to_hieve(joints, keypoints, np.clip(scores, 0, 1))

    return decode


def _candidates(
    model: Manifest, found: foreign_decode.Boxes, box: Letterbox, poses: foreign_decode.Coco | None
) -> People:
    """The finite candidates scoring at least the floor, the best ``LIMIT`` of them."""
    boxes, scores = found
    order = np.argsort(-scores, kind="stable")
    order = order[(scores[order] >= max(model.floor, 1e-6)) & np.isfinite(boxes[order]).all(1)]
    order = order[:LIMIT]
    people = People(box.boxes(boxes[order]), np.clip(scores[order], 0, 1))
    if poses is None:
        return people
    keypoints, values = to_hieve(
        KEYPOINT_SETS[model.keypoints], poses[0][order], np.clip(poses[1][order], 0, 1)
    )
    return people.replace(keypoints=keypoints * box.per_pixel, keypoint_scores=values)


def _dense(model: Manifest, found: foreign_decode.Boxes, box: Letterbox) -> People:
    """Candidates of a dense head: above the floor, without near-identical ones."""
    boxes, scores = found
    good = np.flatnonzero(scores >= model.floor)
    kept = good[nms(boxes[good], scores[good], SAME_PERSON)]
    return _candidates(model, (boxes[kept], scores[kept]), box, None)


def _yolox(model: Manifest) -> PeopleDecoder:
    def decode(outputs: list[FloatArray], box: Letterbox) -> People:
        size = (box.padded_height, box.padded_width)
        found = foreign_decode.yolox(outputs, size, model.strides, model.person, model.decoded)
        return _dense(model, found, box)

    return decode


def _nanodet(model: Manifest) -> PeopleDecoder:
    def decode(outputs: list[FloatArray], box: Letterbox) -> People:
        found = foreign_decode.nanodet_rows(
            outputs,
            (box.padded_height, box.padded_width),
            model.strides,
            model.classes,
            model.person,
            model.centre,
            model.floor,
        )
        return _dense(model, found, box)

    return decode


def _rtmo(model: Manifest) -> PeopleDecoder:
    joints = len(KEYPOINT_SETS[model.keypoints].joints)

    def decode(outputs: list[FloatArray], box: Letterbox) -> People:
        boxes, scores, poses = foreign_decode.rtmo(outputs, joints)
        return _candidates(model, (boxes, scores), box, poses)

    return decode


def _movenet_multi(model: Manifest) -> PeopleDecoder:
    def decode(outputs: list[FloatArray], box: Letterbox) -> People:
        size = (box.padded_width, box.padded_height)
        boxes, scores, poses = foreign_decode.movenet_multi(outputs, size)
        return _candidates(model, (boxes, scores), box, poses)

    return decode


_PEOPLE: dict[str | None, Callable[[Manifest], PeopleDecoder]] = {
    "yolox": _yolox,
    "nanodet": _nanodet,
    "rtmo": _rtmo,
    "movenet-multi": _movenet_multi,
}
