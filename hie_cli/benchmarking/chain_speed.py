"""The chain, timed end to end and by its parts."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hie_cli.benchmarking.results import ChainSpeed
from hie_cli.models.runtime import wants_int8
from hie_cli.pipeline.chain import run
from hie_cli.pipeline.inputs import Videos
from hie_cli.pipeline.settings import ChainConfig
from hie_cli.pipeline.video_selection import Selection
from hie_cli.video.frame_range import FrameRange, parse_range


def chain_speed(
    videos: Videos,
    name: str,
    preset: str,
    config: ChainConfig,
    frames: str = ":",
    fps: float | None = None,
    device: str = "auto",
) -> ChainSpeed:
    """``videos`` (one) from boxes to actions with documents written, as ``hie run`` does.

    The first frame goes through once before, so that loading networks is not counted.
    """
    named = None if isinstance(videos, str | Path) else name
    first = Selection(frames=FrameRange(end=1))
    run(videos, first, until="pose", config=config, device=device, fps=fps, name=named,
        images=False).finish()  # fmt: skip
    start = os.times()
    with tempfile.TemporaryDirectory() as folder:
        (record,) = run(
            videos, Selection(frames=parse_range(frames)), until="action", config=config,
            device=device, output=folder, fps=fps, name=named, images=False,
        ).finish()  # fmt: skip
    end = os.times()
    stages: Mapping[str, float] = record["stage_seconds"]
    count, seconds = int(record["frames"]), float(record["seconds"])
    return ChainSpeed(
        input=name,
        preset=preset,
        precision=_precision(config, device),
        people=round(record["people"] / max(count, 1), 2),
        frames=count,
        seconds=seconds,
        frames_per_second=round(count / seconds, 2) if seconds else 0.0,
        cpu_seconds=round(end.user + end.system - start.user - start.system, 2),
        stages=stages,
        shares=shares(stages, record["network_seconds"]),
        peak_memory_mb=record["peak_memory_mb"],
    )


def _precision(config: ChainConfig, device: str) -> str:
    if wants_int8(config.precision, device):
        return "int8"
    return "fp16" if config.precision == "fp16" else "fp32"


def shares(stages: Mapping[str, float], network: float) -> dict[str, float]:
    """Of all stages' seconds the share of networks, decoding, writing, and the rest (``glue``)."""
    total = sum(stages.values())
    if total <= 0:
        return {"network": 0.0, "decode": 0.0, "write": 0.0, "glue": 0.0}
    parts = {
        "network": network,
        "decode": stages.get("decode", 0.0),
        "write": stages.get("write", 0.0),
    }
    parts["glue"] = max(0.0, total - sum(parts.values()))
    return {name: round(each / total, 3) for name, each in parts.items()}
