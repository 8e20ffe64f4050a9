"""Training samples: the clip of one frame's people with their labels; padded batches of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from hie_cli.recognition.window import windows
from hie_cli.recognition_models.clips import Clip, Sampling, clip_of
from hie_cli.skeletons import FLIP
from hie_cli.types import FloatArray, FramePeople, IntArray, People, VideoInfo

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Sample:
    """One labelled frame: its clip, its labels (N,) 0-based, -1 = none, and its people."""

    clip: Clip
    labels: IntArray
    people: People


def samples_of(
    observed: Sequence[FramePeople],
    video: VideoInfo,
    labels: Mapping[int, IntArray],
    sampling: Sampling,
) -> list[Sample]:
    """The samples of a video; ``labels[k]`` (N,) belong to ``observed[k]``."""
    by_frame = {observed[k].frame_index: row for k, row in labels.items() if (row >= 0).any()}
    every = gcd(*by_frame) or 1
    found = []
    for item, window in windows(observed, video, sampling.seconds + 0.5 / sampling.rate, every):
        row = by_frame.get(item.frame_index)
        if window is not None and row is not None:
            found.append(Sample(clip_of(window, sampling), row, item.people))
    return found


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


def mirrored(clip: Clip) -> Clip:
    """The clip of the mirrored video: x turned round, left and right joints exchanged."""
    joints = clip.joints[:, :, FLIP].copy()
    joints[..., [0, 2]] *= -1
    boxes = clip.boxes.copy()
    boxes[..., [0, 4]] *= -1
    pairs = clip.pairs.copy()
    pairs[..., [0, 2, 4, 8]] *= -1
    return Clip(joints, boxes, pairs)


def turned(clip: Clip, angle: float) -> Clip:
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
    return Clip(joints, boxes, clip.pairs)


_LIMBS = ((2, 3, 4), (5, 6, 7), (8, 9, 10), (11, 12, 13))


def augmented(clip: Clip, how: Augmentation, rng: np.random.Generator) -> Clip:
    """A varied copy of a clip."""
    if rng.random() < how.flip:
        clip = mirrored(clip)
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
    return Clip(joints, boxes, clip.pairs)


@dataclass(frozen=True)
class Batch:
    """Scenes padded to one size: the network's four inputs and labels (B, N), -1 = none."""

    joints: "Tensor"
    boxes: "Tensor"
    pairs: "Tensor"
    real: "Tensor"
    labels: "Tensor"


def batch_of(clips: Sequence[Clip], labels: Sequence[IntArray], device: str = "cpu") -> Batch:
    """One padded batch."""
    import torch

    most = max((len(c) for c in clips), default=0)
    shape = (len(clips), most)

    def padded(parts: Sequence[FloatArray], square: bool = False) -> "Tensor":
        tail = parts[0].shape[2 if square else 1 :]
        out = np.zeros((*shape, *((most,) if square else ()), *tail), np.float32)
        for k, part in enumerate(parts):
            if square:
                out[k, : len(part), : len(part)] = part
            else:
                out[k, : len(part)] = part
        return torch.from_numpy(out).to(device)

    real = np.zeros(shape, bool)
    target = np.full(shape, -1, np.int64)
    for k, (clip, row) in enumerate(zip(clips, labels, strict=True)):
        real[k, : len(clip)] = True
        target[k, : len(clip)] = row
    return Batch(
        padded([c.joints for c in clips]),
        padded([c.boxes for c in clips]),
        padded([c.pairs for c in clips], square=True),
        torch.from_numpy(real).to(device),
        torch.from_numpy(target).to(device),
    )


def epoch(
    samples: Sequence[Sample], size: int, how: Augmentation | None, seed: int, number: int
) -> Iterator[Batch]:
    """The batches of epoch ``number``: shuffled and augmented by (seed, number) alone.

    So an epoch repeated after an interruption is the same. Scenes of similar size go together.
    """
    rng = np.random.default_rng([seed, number])
    order = rng.permutation(len(samples))
    # Within blocks of 8 batches sort by number of people, then shuffle the batches.
    blocks = [order[k : k + 8 * size] for k in range(0, len(order), 8 * size)]
    batches = []
    for block in blocks:
        ranked = sorted(block.tolist(), key=lambda i: len(samples[i].clip))
        batches += [ranked[k : k + size] for k in range(0, len(ranked), size)]
    for k in rng.permutation(len(batches)):
        chosen = [samples[i] for i in batches[int(k)]]
        clips = [s.clip if how is None else augmented(s.clip, how, rng) for s in chosen]
        yield batch_of(clips, [s.labels for s in chosen])


def counts(samples: Sequence[Sample], classes: int) -> IntArray:
    """How many labelled persons each class has (K,)."""
    every = np.concatenate([np.zeros(0, np.int64), *(s.labels for s in samples)])
    return np.bincount(every[every >= 0], minlength=classes)
