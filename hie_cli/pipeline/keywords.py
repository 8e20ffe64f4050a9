"""The keywords that functions of ``hie_cli`` share, named as the command line's options."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TypedDict, Unpack

from hie_cli.core.config import Files, Sets, overlay
from hie_cli.models.runtime import Precision
from hie_cli.pipeline.settings import ChainConfig, load_chain
from hie_cli.pipeline.video_selection import Selection
from hie_cli.video.frame_range import parse_range


class SettingsKeywords(TypedDict, total=False):
    """preset: a shipped one's name, or a YAML file · config: one or several YAML files over it ·
    set: single settings over those, such as ``{"detect.min_score": 0.3}``.
    """

    preset: str | None
    config: Files
    set: Sets


class DeviceKeywords(SettingsKeywords, total=False):
    """device: auto, cpu, cuda or mps."""

    device: str


class NetworkKeywords(DeviceKeywords, total=False):
    """precision: of the networks, auto, fp32, int8 (on a CPU) or fp16 (on CUDA)."""

    precision: Precision | None


class VideoKeywords(NetworkKeywords, total=False):
    """until: the last stage, detect, pose, track, action or render · frames: "A:B:S" as
    ``--frames`` · begin, end: a span of time, "MM:SS" or seconds · stills: every image is a video
    of its own · cuts: a cut list, whose pieces of the videos are run, each a video of its own (no
    videos: the list holds their paths) · overwrite, resume: of results that are there already.
    """

    until: str | None
    frames: str
    begin: str | float | None
    end: str | float | None
    stills: bool
    cuts: PathLike[str] | str | None
    overwrite: bool
    resume: bool


@dataclass(frozen=True)
class Networks:
    """What ``NetworkKeywords`` stand for."""

    config: ChainConfig
    device: str


@dataclass(frozen=True)
class VideoRun(Networks):
    """What ``VideoKeywords`` stand for; ``selection``: without the videos themselves."""

    until: str | None
    selection: Selection
    overwrite: bool
    resume: bool


def settings(preset: str | None = None, config: Files = None, set: Sets = None) -> ChainConfig:
    """Of ``SettingsKeywords``. Raises ConfigError."""
    return load_chain(preset, config, set)


def networks(
    *, device: str = "auto", precision: Precision | None = None, **given: Unpack[SettingsKeywords]
) -> Networks:
    """Of ``NetworkKeywords``. Raises ConfigError."""
    over = {} if precision is None else {"precision": precision}
    return Networks(overlay(settings(**given), over, "precision"), device)


def video_run(
    *,
    until: str | None = None,
    frames: str = ":",
    begin: str | float | None = None,
    end: str | float | None = None,
    stills: bool = False,
    cuts: PathLike[str] | str | None = None,
    overwrite: bool = False,
    resume: bool = False,
    **given: Unpack[NetworkKeywords],
) -> VideoRun:
    """Of ``VideoKeywords``. Raises ConfigError."""
    loaded = networks(**given)
    pieces = None if cuts is None else Path(cuts)
    selection = Selection((), parse_range(frames, begin, end), stills, pieces)
    return VideoRun(loaded.config, loaded.device, until, selection, overwrite, resume)
