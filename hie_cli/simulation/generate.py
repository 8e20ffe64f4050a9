"""``hie simulate``: settings, one crowd after another, files, summary."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2

from hie_cli.core import config as settings
from hie_cli.core.errors import ConfigError, input_error
from hie_cli.core.progress import note, progress, set_quiet
from hie_cli.core.types import Image
from hie_cli.simulation.crowd import CrowdConfig, simulate, truth
from hie_cli.simulation.files import write_observations, write_truth, write_video
from hie_cli.simulation.observe import Noise, observe
from hie_cli.simulation.render import render


@dataclass(frozen=True)
class SimulateConfig(CrowdConfig):
    """``configs/simulate.yaml``: a crowd and the noise of its observations."""

    noise: Noise = field(default_factory=Noise)


def run(
    output: Path,
    count: int,
    seed: int | None,
    actions: Sequence[str] | None,
    background: Path | None,
    video: bool,
    config_files: Sequence[Path] | None,
    sets: Sequence[str] | None,
    overwrite: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Write ``count`` crowds under ``output``.

    Raises ConfigError for a bad setting or a result that is already there, InputError for an
    unreadable background.
    """
    set_quiet(quiet)
    config = settings.load(SimulateConfig(), config_files or (), sets or ())
    if actions:
        config = dataclasses.replace(config, actions=tuple(actions))
    if seed is not None:
        config = dataclasses.replace(config, seed=seed)
    plate = _picture(background)
    crowds = [dataclasses.replace(config, seed=config.seed + k) for k in range(count)]
    if not overwrite:
        for item in crowds:
            path = output / "track" / f"sim-{item.split}-{item.seed}.json"
            if path.exists():
                raise ConfigError(f"{path}: already there; give --overwrite or another -o")
    summary: list[dict[str, Any]] = []
    for item in crowds:
        crowd = simulate(item)
        info = crowd.info
        if video:
            frames = progress(render(crowd, plate), info.name, item.frames)
            write_video(output / "videos" / f"{info.name}.mp4", frames, info)
        write_truth(output / "labels", truth(crowd), info)
        # Last: its presence says that everything else is there.
        write_observations(
            output / "track" / f"{info.name}.json", observe(crowd, config.noise), info
        )
        boxes = int(crowd.present.sum())
        summary.append({"name": info.name, "people": len(crowd.actors), "boxes": boxes})
        note(f"{info.name}: {len(crowd.actors)} people, {item.frames} frames, {boxes} boxes")
    if as_json:
        print(json.dumps({"videos": summary}))


def _picture(path: Path | None) -> Image | None:
    if path is None:
        return None
    if not path.is_file():
        raise input_error(path, "no such file", "give a picture")
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise input_error(path, "not a picture that OpenCV reads", "give a JPEG or PNG")
    return image
