"""Recognisers by name: the one place where a recogniser is made known.

``register(name, factory)`` adds one, from a module of this package or of another. Folders that
``hie train action`` and ``hie train fusion`` wrote are recognisers too, by their path.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from hie_cli.core import plugins
from hie_cli.core.errors import ModelError, nearest
from hie_cli.core.types import Frame, FramePeople, VideoInfo
from hie_cli.recognition.base import Recogniser
from hie_cli.recognition.kinematic.recogniser import Kinematic
from hie_cli.recognition.learned import fused_recogniser, loading
from hie_cli.recognition.settings import ActionConfig


@dataclass(frozen=True)
class Inputs:
    """What a recogniser of one video may be made from.

    frames: the video itself, iterated once, None where it was not given · people: all of the
    video's, iterated once, None where they are not known beforehand · device: "auto", "cpu", ...
    """

    video: VideoInfo
    config: ActionConfig
    frames: Iterable[Frame] | None = None
    people: Iterable[FramePeople] | None = None
    device: str = "auto"


Factory = Callable[[Inputs], Recogniser]


@dataclass(frozen=True)
class _Registered:
    make: Factory
    needs_pixels: bool


_REGISTERED: dict[str, _Registered] = {}


def register(name: str, factory: Factory, needs_pixels: bool = False) -> None:
    """Make a recogniser known as ``name``; with ``needs_pixels`` it is given ``Inputs.frames``.

    Raises ValueError if the name is taken.
    """
    if name in _REGISTERED:
        raise ValueError(f"recogniser {name!r} is already registered")
    _REGISTERED[name] = _Registered(factory, needs_pixels)


def names() -> list[str]:
    """The registered names, sorted."""
    plugins.load()
    return sorted(_REGISTERED)


def make(name: str, inputs: Inputs) -> Recogniser:
    """The recogniser of that name or in that folder, for one video.

    Raises ModelError for an unknown name, missing weights, or a missing video.
    """
    plugins.load()
    if (known := _REGISTERED.get(name)) is not None:
        if known.needs_pixels and inputs.frames is None:
            raise ModelError(f"{name}: looks at pixels; give the video with --video")
        return known.make(inputs)
    if fused_recogniser.is_fusion(name):
        return fused_recogniser.load_fusion(
            Path(name),
            inputs.video,
            inputs.frames,
            inputs.people,
            inputs.device,
            lambda member: make(member, inputs),
        )
    if loading.is_learned(name):
        return loading.load_recogniser(name, inputs.video, inputs.frames, inputs.device)
    raise ModelError(
        f"action model {name!r} is unknown{nearest(name, names())} (known: {', '.join(names())}, "
        "or a folder that `hie train` wrote)"
    )


def needs_pixels(name: str) -> bool:
    """Whether that recogniser looks at the video. False for an unknown name."""
    plugins.load()
    if (known := _REGISTERED.get(name)) is not None:
        return known.needs_pixels
    if fused_recogniser.is_fusion(name):
        return fused_recogniser.needs_pixels(Path(name))
    return loading.is_learned(name) and loading.needs_pixels(name)


def needs_people_twice(name: str) -> bool:
    """Whether that recogniser may go over ``Inputs.people`` before its first score."""
    return name not in _REGISTERED and fused_recogniser.is_fusion(name)


register("kinematic", lambda inputs: Kinematic(inputs.video, inputs.config.kinematic))
register(
    loading.SIMULATED,
    lambda inputs: loading.load_recogniser(
        loading.SIMULATED, inputs.video, inputs.frames, inputs.device
    ),
)
