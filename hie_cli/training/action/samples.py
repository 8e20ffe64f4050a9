"""Training samples: what a network sees of one frame, with labels; shuffled batches of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import gcd
from typing import TYPE_CHECKING, Any

import numpy as np

from hie_cli.core.errors import ConfigError
from hie_cli.core.types import IntArray, People, VideoInfo
from hie_cli.recognition.learned.footage import Footage, FrameRequest
from hie_cli.recognition.learned.network_specs import NetworkSpec, Tensors, VideoClip
from hie_cli.recognition.window import windows
from hie_cli.training.action.augment import Augmentation, augmented
from hie_cli.training.action.data import Material
from hie_cli.training.action.pixels import PixelStore

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Sample:
    """One labelled frame: its view, its labels (N,) 0-based, -1 = none, its people, and for
    messages its place.
    """

    view: Any
    labels: IntArray
    people: People
    place: str = ""


def samples_of(
    material: Material,
    labels: Mapping[int, IntArray],
    kind: NetworkSpec,
    store: PixelStore | None = None,
) -> Iterator[Sample]:
    """The samples of a video; ``labels[k]`` (N,) belong to ``observed[k]``. Pixels go to ``store``.

    Raises ConfigError where pixels are needed and there are none.
    """
    observed, video = material.observed, material.video
    by_frame = {observed[k].index: row for k, row in labels.items() if (row >= 0).any()}
    footage = None
    if kind.wanted is not None:
        if material.frames is None:
            raise ConfigError(f"{material.name}: needs its video; give it with --video")
        frames = material.frames(indices(list(by_frame), kind.wanted, video))
        footage = Footage(frames, video, kind.wanted)
    every = gcd(*by_frame) or 1
    reach = kind.sampling.seconds + 0.5 / kind.sampling.rate
    for item, window in windows(observed, video, reach, every):
        row = by_frame.get(item.index)
        if window is not None and row is not None:
            look = None if footage is None else footage.look(item.index)
            view = kind.view(window, look)
            place = f"{material.name}: frame {item.index}"
            yield Sample(view if store is None else store.kept(view), row, item.people, place)


def indices(middles: Sequence[int], wanted: FrameRequest, video: VideoInfo) -> list[int]:
    """The frames that the views of the frames ``middles`` look at, in order."""
    every = np.asarray(middles, np.int64)[:, None] + wanted.offsets(video)
    last = None if video.num_frames is None else video.num_frames - 1
    found: list[int] = np.unique(np.clip(every, 0, last)).tolist()
    return found


@dataclass(frozen=True)
class Batch:
    """A network's inputs, and the labels (M,) of all their people, -1 = none.

    samples, views: what it was made of.
    """

    inputs: Tensors
    labels: "Tensor"
    samples: tuple[Sample, ...] = ()
    views: tuple[Any, ...] = ()

    def to(self, device: str) -> "Batch":
        """The batch on a device."""
        inputs = tuple(part.to(device) for part in self.inputs)
        return replace(self, inputs=inputs, labels=self.labels.to(device))


def batch_of(
    samples: Sequence[Sample], kind: NetworkSpec, views: Sequence[Any] | None = None
) -> Batch:
    """One batch of samples of one size; ``views``: to be taken instead of theirs."""
    import torch

    labels = np.concatenate([np.asarray(s.labels, np.int64) for s in samples])
    chosen = [s.view for s in samples] if views is None else views
    made_of = tuple(samples), tuple(chosen)
    return Batch(kind.inputs(chosen), torch.from_numpy(labels), *made_of)


def groups(samples: Sequence[Sample]) -> list[list[int]]:
    """Positions of the samples that may share a batch: those whose images are of one size."""
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for k, sample in enumerate(samples):
        shape = sample.view.images[0].shape if isinstance(sample.view, VideoClip) else ()
        by_shape.setdefault(shape, []).append(k)
    return list(by_shape.values())


def batches(samples: Sequence[Sample], size: int) -> int:
    """How many batches an epoch has."""
    return sum(-(-len(group) // size) for group in groups(samples))


def epoch(
    samples: Sequence[Sample],
    kind: NetworkSpec,
    size: int,
    how: Augmentation | None,
    seed: int,
    number: int,
    part: tuple[int, int] = (0, 1),
) -> Iterator[Batch]:
    """The batches of epoch ``number``: shuffled and augmented by (seed, number) alone.

    So an epoch repeated after an interruption is the same. Scenes of similar size go together.
    part: of every batch, the samples of process number ``part[0]`` of ``part[1]``; where there is
    none for it, one that teaches nothing.
    """
    rng = np.random.default_rng([seed, number])
    order = rng.permutation(len(samples))
    plan = []
    for group in groups(samples):
        inside = set(group)
        row = [int(k) for k in order if int(k) in inside]
        # Within blocks of 8 batches sort by number of people, then shuffle the batches.
        for start in range(0, len(row), 8 * size):
            block = row[start : start + 8 * size]
            ranked = sorted(block, key=lambda i: len(samples[i].view))
            plan += [ranked[k : k + size] for k in range(0, len(ranked), size)]
    for k in rng.permutation(len(plan)):
        chosen = [samples[i] for i in plan[int(k)]]
        views = [s.view if how is None else augmented(s.view, how, rng) for s in chosen]
        own = slice(part[0], None, part[1])
        if part[0] < len(chosen):
            yield batch_of(chosen[own], kind, views[own])
        else:
            silent = batch_of(chosen[:1], kind, views[:1])
            yield replace(silent, labels=silent.labels * 0 - 1)


def counts(samples: Sequence[Sample], classes: int) -> IntArray:
    """How many labelled persons each class has (K,)."""
    every = np.concatenate([np.zeros(0, np.int64), *(s.labels for s in samples)])
    return np.bincount(every[every >= 0], minlength=classes)
