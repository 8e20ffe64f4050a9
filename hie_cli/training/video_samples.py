"""Labelled clips of pixels: sampling from videos, augmentation, batches."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import gcd

import numpy as np
import torch
from torch import Tensor

from hie_cli.recognition.window import windows
from hie_cli.recognition_models.clips import Sampling
from hie_cli.recognition_models.footage import Footage, Wanted
from hie_cli.recognition_models.slowfast import inputs
from hie_cli.types import FloatArray, Frame, FramePeople, Image, IntArray, People, VideoInfo


@dataclass(frozen=True)
class VideoSample:
    """One labelled frame: clip (T, h, w, 3) uint8 BGR, boxes (N, 4) in its pixels, labels (N,)
    0-based with -1 = none, and the people as observed in the video.
    """

    clip: Image
    boxes: FloatArray
    labels: IntArray
    people: People


def video_samples(
    frames: Iterable[Frame],
    observed: Sequence[FramePeople],
    video: VideoInfo,
    labels: Mapping[int, IntArray],
    sampling: Sampling,
    side: int,
) -> Iterator[VideoSample]:
    """The samples of a video; ``labels[k]`` (N,) belong to ``observed[k]``.

    Raises InputError where the video is shorter than its labels.
    """
    by_frame = {observed[k].frame_index: row for k, row in labels.items() if (row >= 0).any()}
    footage = Footage(frames, video, Wanted(sampling, side))
    for item, window in windows(observed, video, 0.0, gcd(*by_frame) or 1):
        row = by_frame.get(item.frame_index)
        if window is not None and row is not None:
            look = footage.look(item.frame_index)
            boxes = item.people.boxes * look.scale
            yield VideoSample(np.stack(look.images), boxes, row, item.people)


def mirrored(sample: VideoSample) -> VideoSample:
    """The sample of the mirrored video."""
    width = sample.clip.shape[2]
    boxes = sample.boxes.copy()
    boxes[:, [0, 2]] = width - boxes[:, [2, 0]]
    return VideoSample(
        np.ascontiguousarray(sample.clip[:, :, ::-1]), boxes, sample.labels, sample.people
    )


def augmented(sample: VideoSample, rng: np.random.Generator) -> VideoSample:
    """Mirrored or not, brighter or darker, boxes a little off as a detector's are."""
    if rng.random() < 0.5:
        sample = mirrored(sample)
    light = sample.clip * rng.uniform(0.7, 1.3) + rng.uniform(-20, 20)
    sides = (sample.boxes[:, 2:] - sample.boxes[:, :2])[:, [0, 1, 0, 1]]
    boxes = sample.boxes + rng.normal(0, 0.03, sample.boxes.shape) * sides
    return VideoSample(np.clip(light, 0, 255).astype(np.uint8), boxes, sample.labels, sample.people)


@dataclass(frozen=True)
class VideoBatch:
    """clips (B, 3, T, h, w) · boxes (K, 4) · batch (K,) the clip of each · labels (K,), -1 none."""

    clips: Tensor
    boxes: Tensor
    batch: Tensor
    labels: Tensor


def batch_of(samples: Sequence[VideoSample], device: str = "cpu") -> VideoBatch:
    """Samples of one size in one batch."""
    clips = torch.from_numpy(np.stack([s.clip for s in samples])).to(device)
    boxes = np.concatenate([np.asarray(s.boxes, np.float32).reshape(-1, 4) for s in samples])
    which = np.repeat(np.arange(len(samples)), [len(s.boxes) for s in samples])
    labels = np.concatenate([np.asarray(s.labels, np.int64) for s in samples])
    return VideoBatch(
        inputs(clips), *(torch.from_numpy(part).to(device) for part in (boxes, which, labels))
    )


def epoch(
    samples: Sequence[VideoSample], size: int, seed: int, number: int, device: str
) -> Iterator[VideoBatch]:
    """The batches of epoch ``number``, shuffled and augmented by (seed, number) alone.

    Clips of different sizes are not mixed.
    """
    rng = np.random.default_rng([seed, number])
    by_size: dict[tuple[int, ...], list[int]] = {}
    for k in rng.permutation(len(samples)):
        by_size.setdefault(samples[int(k)].clip.shape, []).append(int(k))
    batches = [row[k : k + size] for row in by_size.values() for k in range(0, len(row), size)]
    for k in rng.permutation(len(batches)):
        yield batch_of([augmented(samples[i], rng) for i in batches[int(k)]], device)
