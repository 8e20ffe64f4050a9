"""Variation of training samples: mirrored, turned, with joints missing, brighter, boxes shaken."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from hie_cli.core.skeletons import FLIP
from hie_cli.core.types import Image
from hie_cli.recognition.learned.network_specs import Portraits, VideoClip
from hie_cli.recognition.learned.pose_clips import PoseClip

_LIMBS = ((2, 3, 4), (5, 6, 7), (8, 9, 10), (11, 12, 13))


@dataclass(frozen=True)
class Augmentation:
    """``flip``: chance of mirroring the scene; the others: chances per person or joint."""

    flip: float = 0.5
    lose_joint: float = 0.03
    lose_limb: float = 0.05
    lose_pose: float = 0.1
    lose_all: float = 0.12  # chance of a scene without any pose
    stretch: float = 0.2  # spread of the log of the picture's aspect
    unsure: float = 0.6  # up to this share of a scene's joint scores is taken away
    jitter: float = 0.01  # spread of joints in sizes
    turn: float = 0.15  # spread of the picture's rotation, radians
    light: float = 0.3  # pixels: up to this change of contrast, and a quarter of it of brightness
    box: float = 0.03  # pixels: spread of a box's sides, over its size


def augmented(view: Any, how: Augmentation, rng: np.random.Generator) -> Any:
    """A varied copy of what a network sees of a frame; pixels and joints keep in step."""
    flip = rng.random() < how.flip
    if isinstance(view, PoseClip):
        return varied(mirrored(view) if flip else view, how, rng)
    if isinstance(view, Portraits):
        clip = varied(mirrored(view.clip) if flip else view.clip, how, rng)
        crops = np.asarray(view.crops)
        return Portraits(clip, lit(crops[:, :, :, ::-1] if flip else crops, how, rng))
    assert isinstance(view, VideoClip)
    images = np.stack([np.asarray(image) for image in view.images])
    boxes = view.boxes.copy()
    if flip:
        images = images[:, :, ::-1]
        boxes[:, [0, 2]] = images.shape[2] - boxes[:, [2, 0]]
    sides = (boxes[:, 2:] - boxes[:, :2])[:, [0, 1, 0, 1]]
    boxes = boxes + rng.normal(0, how.box, boxes.shape) * sides
    return VideoClip(tuple(lit(images, how, rng)), boxes)


def lit(images: Image, how: Augmentation, rng: np.random.Generator) -> Image:
    """Images (..., 3) with another contrast and brightness, the same for all."""
    gain = rng.uniform(1 - how.light, 1 + how.light)
    shift = rng.uniform(-how.light, how.light) * 64
    table = np.clip(np.arange(256) * gain + shift, 0, 255).astype(np.uint8)
    flat = np.ascontiguousarray(images).reshape(len(images), -1, 3)
    changed: Image = cv2.LUT(flat, table).astype(np.uint8, copy=False).reshape(images.shape)
    return changed


def mirrored(clip: PoseClip) -> PoseClip:
    """The clip of the mirrored video: x turned round, left and right joints exchanged."""
    joints = clip.joints[:, :, FLIP].copy()
    joints[..., [0, 2]] *= -1
    boxes = clip.boxes.copy()
    boxes[..., [0, 4]] *= -1
    pairs = clip.pairs.copy()
    pairs[..., [0, 2, 4, 8]] *= -1
    return PoseClip(joints, boxes, pairs)


def turned(clip: PoseClip, angle: float) -> PoseClip:
    """Joints and motions turned in the picture, as by a tilted or wide-angle camera.

    Boxes keep their sides, and where people stand to each other stays.
    """
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, s], [-s, c]], np.float32)
    joints, boxes = clip.joints.copy(), clip.boxes.copy()
    for first in (0, 2):
        joints[..., first : first + 2] = joints[..., first : first + 2] @ turn
    for first in (0, 4):
        boxes[..., first : first + 2] = boxes[..., first : first + 2] @ turn
    return PoseClip(joints, boxes, clip.pairs)


def varied(clip: PoseClip, how: Augmentation, rng: np.random.Generator) -> PoseClip:
    """The clip turned, stretched, with joints shaken, in doubt and missing."""
    clip = turned(clip, float(rng.normal(0, how.turn)))
    joints = clip.joints.copy()
    n, t, j, _ = joints.shape
    noise = rng.normal(0, how.jitter, (n, t, j, 2)).astype(np.float32)
    joints[..., :2] += noise * joints[..., 5:]
    lost = rng.random((n, 1, j)) < how.lose_joint
    for limb in _LIMBS:
        lost[:, :, list(limb)] |= rng.random((n, 1, 1)) < how.lose_limb
    lost |= rng.random((n, 1, 1)) < how.lose_pose
    lost |= rng.random() < how.lose_all
    joints[..., 4] *= 1 - how.unsure * rng.random()
    wider = float(rng.normal(0, how.stretch))
    joints[..., [0, 2]] *= np.exp(wider)
    boxes = clip.boxes.copy()
    boxes[..., 2] += wider * boxes[..., 7]
    joints[np.broadcast_to(lost, (n, t, j))] = 0
    return PoseClip(joints, boxes, clip.pairs)
