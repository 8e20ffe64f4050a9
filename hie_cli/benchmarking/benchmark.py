"""The whole benchmark: a video or rendered crowds, presets, and loops to compare with."""

import dataclasses
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path

from hie_cli.benchmarking.chain_speed import chain_speed
from hie_cli.benchmarking.crowds import FPS, crowd_images
from hie_cli.benchmarking.loops import naive_loop, peer_loops
from hie_cli.benchmarking.results import Benchmark, ChainSpeed, LoopSpeed
from hie_cli.core.config import Files, Sets
from hie_cli.core.errors import ConfigError
from hie_cli.core.progress import note
from hie_cli.core.types import Image
from hie_cli.models import registry
from hie_cli.models.runtime import Precision, available_cpus
from hie_cli.pipeline.inputs import video_file
from hie_cli.pipeline.settings import ChainConfig, load_chain
from hie_cli.video.frame_range import parse_range


def benchmark(
    video: Path | str | None = None,
    *,
    presets: Sequence[str] = ("fast", "balanced"),
    models: Sequence[str] = (),
    people: Sequence[int] = (1, 10, 40),
    frames: int = 40,
    loops: bool = True,
    config: Files = None,
    set: Sets = None,
    device: str = "auto",
    precision: Precision | None = None,
) -> Benchmark:
    """How fast the chain is here, where its time goes, and against simple loops.

    video: the first ``frames`` frames of a video; without it rendered crowds of 1280 x 720 pixels,
    one for each number of ``people`` · models: detectors or a pose model in place of the presets' ·
    loops: also time the presets' networks frame by frame and crop by crop, and packages that are
    installed (their networks with random weights, for the time alone). Raises ConfigError,
    InputError and ModelError.
    """
    if frames < 2:
        raise ConfigError(f"frames: {frames}; expected 2 or more")
    chains: list[ChainSpeed] = []
    timed_loops: list[LoopSpeed] = []
    settings = {preset: _chosen(load_chain(preset, config, set), models) for preset in presets}
    if precision is not None:
        settings = {
            name: dataclasses.replace(each, precision=precision) for name, each in settings.items()
        }
    for name, images in _inputs(video, people, frames):
        for preset, chosen in settings.items():
            note(f"{name}: {preset}")
            chains.append(chain_speed(images, name, preset, chosen, fps=FPS, device=device))
            if loops:
                loop, seen = naive_loop(images, name, chosen, device)
                timed_loops.append(dataclasses.replace(loop, name=f"naive, {preset}"))
        if loops:
            timed_loops += peer_loops(images, name, seen)
    return Benchmark(_machine(), available_cpus(), tuple(chains), tuple(timed_loops))


def _inputs(
    video: Path | str | None, people: Sequence[int], frames: int
) -> Iterator[tuple[str, list[Image]]]:
    """Names and frames, one input after another."""
    if video is None:
        for count in people:
            yield f"rendered {count}", crowd_images(count, frames)
        return
    source = video_file(Path(video), parse_range(f":{frames}"), None)
    yield source.name, [frame.image for frame in source.open()]


def _chosen(config: ChainConfig, models: Sequence[str]) -> ChainConfig:
    """``config`` with ``models`` in the places of those it names for the same tasks."""
    specs = [registry.find(name) for name in models]
    detectors = tuple(spec.name for spec in specs if spec.task == "detect")
    poses = [spec.name for spec in specs if spec.task == "pose"]
    other = [spec.name for spec in specs if spec.task not in ("detect", "pose")]
    if other or len(poses) > 1:
        raise ConfigError(f"models {', '.join(models)}: expected detectors and one pose model")
    if detectors:
        config = dataclasses.replace(
            config, detect=dataclasses.replace(config.detect, models=detectors)
        )
    if poses:
        config = dataclasses.replace(config, pose=dataclasses.replace(config.pose, model=poses[0]))
    return config


def _machine() -> str:
    cpu = Path("/proc/cpuinfo")
    if cpu.is_file():
        for line in cpu.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
