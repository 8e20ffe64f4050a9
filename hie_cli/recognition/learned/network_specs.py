"""The kinds of learned recognisers: what each network sees of a window, and how it is built.

A view is what a network sees of one frame's people, in numpy; several make a batch. Every network
takes a batch's tensors and gives logits (M, 14) of all its people, view after view.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from hie_cli.core.types import FloatArray, Image
from hie_cli.recognition.learned import crops
from hie_cli.recognition.learned.footage import FrameCrop, FrameRequest
from hie_cli.recognition.learned.pose_clips import LONGEST, PoseClip, Sampling, clip_of
from hie_cli.recognition.window import Window

if TYPE_CHECKING:
    from torch import Tensor, nn

Tensors = tuple["Tensor", ...]


class Pixels(Protocol):
    """A uint8 array, or what ``np.asarray`` makes one of."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""

    def __array__(self) -> Image:
        """Its values."""


@dataclass(frozen=True)
class TrainingDefaults:
    """How a network is trained unless the settings say otherwise.

    batch: labelled frames with all their people in a step · learning_rate: the highest ·
    measure_norms: whether batch norms are measured anew after every epoch · needs_poses: whether
    people without poses would be no use.
    """

    batch: int = 12
    learning_rate: float = 0.003
    measure_norms: bool = False
    needs_poses: bool = True


class NetworkSpec(Protocol):
    """A network, its input and its size."""

    @property
    def defaults(self) -> TrainingDefaults:
        """How it is trained."""

    @property
    def sampling(self) -> Sampling:
        """The instants that it sees round a frame."""

    @property
    def wanted(self) -> FrameRequest | None:
        """The frames that it looks at; None if none."""

    @property
    def most(self) -> int:
        """How many views make a batch where nothing is learned."""

    def build(self) -> "nn.Module":
        """The network with random weights."""

    def view(self, window: Window, look: FrameCrop | None) -> Any:
        """What it sees of a window; ``look`` is there if frames are ``wanted``."""

    def inputs(self, views: Sequence[Any]) -> Tensors:
        """The batch of several views."""


def _told(sampling: Sampling) -> str:
    return f"{sampling.length} instants, {sampling.rate:g} a second"


@dataclass(frozen=True)
class PoseStreamSpec:
    """``pose-stream``: joints, boxes and neighbours of a frame's people; no pixels."""

    sampling: Sampling
    wanted: ClassVar[None] = None
    most: ClassVar[int] = 16
    defaults: ClassVar[TrainingDefaults] = TrainingDefaults()

    def __str__(self) -> str:
        return f"pose-stream of {_told(self.sampling)}"

    def build(self) -> "nn.Module":
        """See ``NetworkSpec``."""
        from hie_cli.recognition.learned.pose_stream import PoseStream

        return PoseStream()

    def view(self, window: Window, look: FrameCrop | None) -> PoseClip:
        """See ``NetworkSpec``."""
        return clip_of(window, self.sampling)

    def inputs(self, views: Sequence[PoseClip]) -> Tensors:
        """joints (B, N, T, 14, 6), boxes (B, N, T, 8), pairs (B, N, N, 11), padded to the largest
        N; real (B, N) bool: who is not padding.
        """
        import torch

        most = max((len(view) for view in views), default=0)

        def padded(parts: Sequence[FloatArray], square: bool = False) -> "Tensor":
            tail = parts[0].shape[2 if square else 1 :]
            out = np.zeros((len(parts), most, *((most,) if square else ()), *tail), np.float32)
            for k, part in enumerate(parts):
                if square:
                    out[k, : len(part), : len(part)] = part
                else:
                    out[k, : len(part)] = part
            return torch.from_numpy(out)

        real = np.arange(most) < np.array([len(view) for view in views])[:, None]
        return (
            padded([view.joints for view in views]),
            padded([view.boxes for view in views]),
            padded([view.pairs for view in views], square=True),
            torch.from_numpy(real),
        )


@dataclass(frozen=True)
class Portraits:
    """The clip of a frame's people and their crops (N, K, side, side, 3) uint8 BGR."""

    clip: PoseClip
    crops: Pixels

    def __len__(self) -> int:
        return len(self.clip)


@dataclass(frozen=True)
class ParallelSpec:
    """``parallel``: each person's joints and box over time, and their crops."""

    sampling: Sampling
    wanted: ClassVar[FrameRequest] = crops.WANTED
    most: ClassVar[int] = 16
    defaults: ClassVar[TrainingDefaults] = TrainingDefaults()

    def __post_init__(self) -> None:
        if self.sampling.length > LONGEST:
            raise ValueError(f"sampling.length {self.sampling.length}: parallel takes {LONGEST}")

    def __str__(self) -> str:
        return f"parallel of {_told(self.sampling)}"

    def build(self) -> "nn.Module":
        """See ``NetworkSpec``."""
        from hie_cli.recognition.learned.parallel import Parallel

        return Parallel()

    def view(self, window: Window, look: FrameCrop | None) -> Portraits:
        """See ``NetworkSpec``."""
        assert look is not None
        return Portraits(clip_of(window, self.sampling), crops.crops_of(window, look))

    def inputs(self, views: Sequence[Portraits]) -> Tensors:
        """joints (M, T, 14, 6), boxes (M, T, 8), crops (M, K, 3, side, side) about -1 to 1."""
        import torch

        joints = np.concatenate([view.clip.joints for view in views])
        boxes = np.concatenate([view.clip.boxes for view in views])
        pixels = torch.from_numpy(np.concatenate([np.asarray(view.crops) for view in views]))
        pictures = pixels.permute(0, 1, 4, 2, 3).float() / 127.5 - 1
        return torch.from_numpy(joints), torch.from_numpy(boxes), pictures


@dataclass(frozen=True)
class VideoClip:
    """T images (h, w, 3) uint8 BGR, and boxes (N, 4) of its people in the middle one's pixels."""

    images: tuple[Pixels, ...]
    boxes: FloatArray

    def __len__(self) -> int:
        return len(self.boxes)


@dataclass(frozen=True)
class SlowFastSpec:
    """``slowfast-r18`` and ``-r50``: all pixels of a clip, people by their boxes.

    ``width`` 64 and ``side`` 256 are the published sizes.
    """

    network: str
    sampling: Sampling
    width: int = 64
    side: int = 256
    most: ClassVar[int] = 1  # a clip is work enough
    defaults: ClassVar[TrainingDefaults] = TrainingDefaults(4, 0.002, True, False)

    def __post_init__(self) -> None:
        if self.sampling.length % 4:
            raise ValueError(f"sampling.length {self.sampling.length}: SlowFast needs 4, 8, 12, ..")
        if self.width % 8 or not 8 <= self.width <= 256:
            raise ValueError(f"slowfast.width {self.width}: expected a multiple of 8 up to 256")
        if not 32 <= self.side <= 1080:
            raise ValueError(f"slowfast.side {self.side}: expected 32 to 1080")

    def __str__(self) -> str:
        return f"{self.network} of {_told(self.sampling)}, width {self.width}, side {self.side}"

    @property
    def wanted(self) -> FrameRequest:
        """See ``NetworkSpec``."""
        return FrameRequest(self.sampling, self.side)

    def build(self) -> "nn.Module":
        """See ``NetworkSpec``."""
        from hie_cli.recognition.learned.slowfast import slowfast

        return slowfast(self.network, width=self.width)

    def view(self, window: Window, look: FrameCrop | None) -> VideoClip:
        """See ``NetworkSpec``."""
        assert look is not None
        return VideoClip(look.images, window.people.boxes * look.scale)

    def inputs(self, views: Sequence[VideoClip]) -> Tensors:
        """clips (B, 3, T, h, w), boxes (M, 4), and the clip (M,) that each box is in."""
        import torch

        from hie_cli.recognition.learned.slowfast import inputs

        clips = np.stack([np.stack([np.asarray(image) for image in v.images]) for v in views])
        boxes = np.concatenate([np.asarray(v.boxes, np.float32).reshape(-1, 4) for v in views])
        which = np.repeat(np.arange(len(views)), [len(v) for v in views])
        return inputs(torch.from_numpy(clips)), torch.from_numpy(boxes), torch.from_numpy(which)


NetworkFactory = Callable[[Sampling | None, Mapping[str, Any]], NetworkSpec]
NETWORKS: dict[str, NetworkFactory] = {}


def register_network(name: str, factory: NetworkFactory) -> None:
    """Make a network known as ``name``.

    ``factory`` takes the instants that it looks at (None: those of the settings) and a training's
    settings, as a card keeps them. Raises ValueError if the name is taken.
    """
    if name in NETWORKS:
        raise ValueError(f"network {name!r} is already registered")
    NETWORKS[name] = factory


def _sampling(settings: Mapping[str, Any]) -> Sampling:
    chosen = settings["sampling"]
    return Sampling(float(chosen["rate"]), int(chosen["length"]))


def _slowfast(network: str) -> NetworkFactory:
    def spec(sampling: Sampling | None, settings: Mapping[str, Any]) -> NetworkSpec:
        sizes = settings["slowfast"]
        instants = sampling or _sampling(sizes)
        return SlowFastSpec(network, instants, int(sizes["width"]), int(sizes["side"]))

    return spec


register_network("pose-stream", lambda sampling, s: PoseStreamSpec(sampling or _sampling(s)))
register_network("parallel", lambda sampling, s: ParallelSpec(sampling or _sampling(s)))
for _network in ("slowfast-r18", "slowfast-r50"):
    register_network(_network, _slowfast(_network))


def spec_of(network: str, sampling: Sampling | None, settings: Mapping[str, Any]) -> NetworkSpec:
    """The network of that name; ``settings``: a training's, as a card keeps them; ``sampling``:
    None for theirs. Raises ValueError for sizes that make no sense.
    """
    try:
        return NETWORKS[network](sampling, settings)
    except (KeyError, TypeError):
        raise ValueError(f"the sizes of {network} are missing or no numbers") from None
