"""The configuration of the whole chain, its presets, and the order of its stages."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from hie_cli.core.config import Files, Sets, load
from hie_cli.core.errors import ConfigError, nearest
from hie_cli.detection.settings import DetectConfig
from hie_cli.models.runtime import Precision
from hie_cli.pipeline import alternatives
from hie_cli.posing.settings import PoseConfig, RefineConfig
from hie_cli.recognition.stage import ActionConfig
from hie_cli.rendering.settings import RenderConfig
from hie_cli.tracking.stage import TrackConfig

STAGES = ("detect", "pose", "track", "action", "render")
PRESETS = ("fast", "balanced", "accurate", "best")


@dataclass(frozen=True)
class VideoConfig:
    """How videos are read; ``fps`` overrides what the file says (folders of images say nothing).

    Of live sources: ``rate`` frames a second are looked at (None: as many as the machine can), a
    connection is lost after ``timeout`` seconds of silence and given up after ``patience`` seconds.
    """

    fps: float | None = None
    rate: float | None = None
    timeout: float = 10.0
    patience: float = 60.0

    def __post_init__(self) -> None:
        for name, value in (("fps", self.fps), ("rate", self.rate)):
            if value is not None and not 0 < value <= 1000:
                raise ValueError(f"video.{name} is {value}; expected more than 0, at most 1000")
        if not 0 < self.timeout <= 3600 or not 0 <= self.patience <= 1e6:
            raise ValueError("video.timeout must be within 0..3600 s, video.patience within 0..1e6")


@dataclass(frozen=True)
class ChainConfig:
    """One section per stage; the defaults are the preset ``balanced``.

    order: ``track-first`` gives people their identities before their poses, as Yuan et al. do for
    pose tracking (arXiv 2010.10007): boxes are then linked, filled and smoothed without poses, and
    refinement knows who is who.

    precision: of the packaged networks' numbers; ``auto``: int8 where a CPU gains by it, else fp32;
    fp16 is for CUDA.
    """

    order: Literal["pose-first", "track-first"] = "pose-first"
    precision: Precision = "auto"
    video: VideoConfig = field(default_factory=VideoConfig)
    detect: DetectConfig = field(default_factory=DetectConfig)
    pose: PoseConfig = field(default_factory=PoseConfig)
    refine: RefineConfig = field(default_factory=RefineConfig)
    track: TrackConfig = field(default_factory=TrackConfig)
    action: ActionConfig = field(default_factory=ActionConfig)
    render: RenderConfig = field(default_factory=RenderConfig)


def stages_until(last: str, order: str) -> tuple[str, ...]:
    """The chain's stages in their ``order``, up to and with ``last``. Raises ConfigError."""
    if last not in STAGES:
        hint = nearest(last, list(STAGES))
        raise ConfigError(f"--until {last}: unknown stage{hint} (known: {', '.join(STAGES)})")
    stages = STAGES if order == "pose-first" else ("detect", "track", "pose", "action", "render")
    return stages[: stages.index(last) + 1]


def stages_of_stills(last: str | None) -> tuple[str, ...]:
    """The stages that single images go through, up to ``last`` (None: pose).

    Raises ConfigError for a stage that follows people through time.
    """
    if last is not None and last in STAGES and last not in ("detect", "pose"):
        raise ConfigError(f"until {last}: single images have no tracks; --stills ends with pose")
    return stages_until(last or "pose", "pose-first")


def shipped_configs() -> Path:
    """The folder of the YAML files that come with hie."""
    inside = Path(__file__).parent.parent / "configs"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "configs"


def load_chain(preset: str | None, files: Files = None, sets: Sets = None) -> ChainConfig:
    """Defaults < preset (a shipped one's name, or a YAML file) < ``files`` < ``sets``.

    Of models named ``A|B`` the first that is there is taken (``alternatives``). Raises ConfigError
    for anything unknown.
    """
    config = ChainConfig()
    if preset is not None:
        path = Path(preset)
        if preset in PRESETS:
            path = shipped_configs() / f"{preset}.yaml"
        elif path.suffix not in (".yaml", ".yml"):
            hint = nearest(preset, list(PRESETS))
            raise ConfigError(
                f"--preset {preset}: unknown{hint} (known: {', '.join(PRESETS)}, or a YAML file)"
            )
        config = load(config, path)
    return _settled(load(config, files, sets))


def _settled(config: ChainConfig) -> ChainConfig:
    """``config`` with one model for each ``A|B``."""
    if not any("|" in name for name in (*config.detect.models, config.pose.model)):
        return config
    return replace(
        config,
        detect=replace(config.detect, models=alternatives.detectors(config.detect.models)),
        pose=replace(config.pose, model=alternatives.first(config.pose.model)),
    )
