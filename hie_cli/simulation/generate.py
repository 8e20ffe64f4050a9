"""Simulated crowds as files: settings, one crowd after another."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2

from hie_cli.core import config as settings
from hie_cli.core.errors import ConfigError, input_error, one_line
from hie_cli.core.progress import note, progress
from hie_cli.core.types import Image
from hie_cli.formats.files import taken
from hie_cli.pipeline.calls import Call, Outcome, run_calls
from hie_cli.pipeline.executors.engine import Engine
from hie_cli.simulation import crowd as crowds
from hie_cli.simulation.crowd import CrowdConfig
from hie_cli.simulation.files import write_observations, write_truth, write_video
from hie_cli.simulation.observe import Noise, observe
from hie_cli.simulation.render import render


@dataclass(frozen=True)
class SimulateConfig(CrowdConfig):
    """``configs/simulate.yaml``: a crowd and the noise of its observations."""

    noise: Noise = field(default_factory=Noise)


@dataclass(frozen=True)
class SimulatedVideo:
    """One simulated crowd on disk: its video (None if not rendered), and counts of what is in it.

    ``boxes`` counts the true boxes of all ``frames``.
    """

    name: str
    video: Path | None
    observations: Path
    people: int
    frames: int
    boxes: int


def simulate(
    output: Path | str = "out",
    *,
    count: int = 1,
    seed: int | None = None,
    action: Sequence[str] = (),
    background: Path | str | None = None,
    video: bool = True,
    config: settings.Files = None,
    set: settings.Sets = None,
    overwrite: bool = False,
    workers: int | None = None,
    engine: str = "local",
    address: str | None = None,
) -> list[SimulatedVideo]:
    """Write ``count`` crowds with exact ground truth under ``output`` (the folders of the command).

    seed: of the first, the others follow · action: only these actions · background: a picture
    behind the crowd · video: render it, or only write the data · workers, engine, address: crowds
    at a time, and where (``executors.engine``). One that cannot be written is told and stops no
    other. Raises ConfigError for a bad setting or a result that is already there, InputError for an
    unreadable background, and at the end the first error of a crowd.
    """
    if count < 1:
        raise ConfigError(f"--count {count}: expected 1 or more")
    folder = Path(output)
    given = {"actions": tuple(action) or None, "seed": seed}
    chosen = settings.load(SimulateConfig(), config, set)
    chosen = settings.load(chosen, None, {k: v for k, v in given.items() if v is not None})
    plate = None if background is None else Path(background)
    if plate is not None:
        _picture(plate)
    where = Engine(workers, engine, address)
    items = [dataclasses.replace(chosen, seed=chosen.seed + k) for k in range(count)]
    if not overwrite:
        for item in items:
            path = folder / "track" / f"{crowds.name_of(item)}.json"
            if taken(path):
                raise ConfigError(f"{path}: already there; give --overwrite or another -o")
    made: list[SimulatedVideo] = []
    errors: list[Exception] = []

    def take(outcome: Outcome) -> None:
        if outcome.error is not None:
            errors.append(outcome.error)
            note(f"{outcome.name}: {one_line(outcome.error)}")
            return
        done: SimulatedVideo = outcome.value
        note(f"{done.name}: {done.people} people, {done.frames} frames, {done.boxes} boxes")
        made.append(done)

    run_calls(
        [Call(crowds.name_of(item), _written, (item, folder, plate, video)) for item in items],
        where,
        take,
    )
    if errors:
        raise errors[0]
    return made


def _written(
    config: SimulateConfig, folder: Path, background: Path | None, render_video: bool
) -> SimulatedVideo:
    """Simulate one crowd and write its files."""
    crowd = crowds.simulate(config)
    plate = None if background is None else _picture(background)
    info = crowd.info
    video = folder / "videos" / f"{info.name}.mp4" if render_video else None
    if video is not None:
        write_video(video, progress(render(crowd, plate), info.name, config.frames), info)
    write_truth(folder / "labels", crowds.truth(crowd), info)
    # Last: its presence says that everything else is there.
    path = folder / "track" / f"{info.name}.json"
    write_observations(path, observe(crowd, config.noise), info)
    boxes = int(crowd.present.sum())
    return SimulatedVideo(info.name, video, path, len(crowd.actors), config.frames, boxes)


def _picture(path: Path) -> Image:
    if not path.is_file():
        raise input_error(path, "no such file", "give a picture")
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise input_error(path, "not a picture that OpenCV reads", "give a JPEG or PNG")
    return image
