"""The chain for callers in Python: videos in, frames with their people out.

With an output folder it writes what ``hie run`` writes; without one nothing touches the disk.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hie_cli.core.errors import ConfigError, OnError, check_on_error
from hie_cli.core.types import FramePeople, FrameStream
from hie_cli.pipeline.failures import failure
from hie_cli.pipeline.inputs import (
    VideoInput,
    Videos,
    check_cut_options,
    cut_inputs,
    video_inputs,
)
from hie_cli.pipeline.job import Setup, video_frames
from hie_cli.pipeline.networks import check_models
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.settings import ChainConfig, stages_of_stills, stages_until
from hie_cli.pipeline.summary import summary, write_summary
from hie_cli.pipeline.video_selection import Selection

DEFAULTS = ChainConfig()
EVERY_FRAME = Selection()


@dataclass(frozen=True)
class Failure:
    """A video that could not be finished, and why."""

    name: str
    error: Exception


class ChainRun(Iterator[FramePeople]):
    """An iterator over the frames of all videos, one video after another.

    ``failures``: the videos that failed so far (``errors="collect"``) · ``records``: what was
    counted of each video that has come to its end. ``finish()`` runs to the end without giving
    frames; ``close()`` stops early, and what was written until then can be resumed.
    """

    def __init__(self, frames: "Iterator[FramePeople]", state: "_State") -> None:
        self._frames = frames
        self._state = state

    def __next__(self) -> FramePeople:
        return next(self._frames)

    @property
    def failures(self) -> list[Failure]:
        """The videos that failed, in order."""
        return self._state.failures

    @property
    def records(self) -> list[dict[str, Any]]:
        """Of each video that came to its end: name, frames, people and so on, and seconds."""
        return self._state.records

    def finish(self) -> list[dict[str, Any]]:
        """Run to the end; the records."""
        for _ in self._frames:
            pass
        return self.records

    def close(self) -> None:
        """Stop; documents that are not finished stay to be resumed."""
        close = getattr(self._frames, "close", None)
        if close is not None:
            close()


class _State:
    def __init__(self) -> None:
        self.failures: list[Failure] = []
        self.records: list[dict[str, Any]] = []


def run(
    videos: Videos,
    selection: Selection = EVERY_FRAME,
    *,
    until: str | None = None,
    config: ChainConfig = DEFAULTS,
    device: str = "auto",
    output: OutputDir | Path | str | None = None,
    fps: float | None = None,
    name: str | None = None,
    errors: OnError = "raise",
    images: bool = True,
) -> ChainRun:
    """The people of every frame of ``videos``, through the stages up to ``until``.

    videos: a path, folder or pattern, or several; a list of image files (one video); or any
    iterable of pictures (H, W, 3) uint8 BGR, whose ``fps`` and ``name`` are given here ·
    selection: which frames of them, stills, a cut list (``videos`` are then paths, or () where the
    list itself holds them) · until: detect, pose, track, action, or (with ``output`` only, and the
    default there) render · output: a folder, or an ``OutputDir`` that says what may happen to
    results already there · images: whether items carry pixels; where identities have to wait for
    the end of the video it is read once more for them, and a source that can be read once only has
    none left.

    detect and pose come frame by frame; identities when their video has ended, or at once with
    ``track.online``. Names, files and models are checked at once, before the first frame is asked
    for. Raises ConfigError, InputError and ModelError; with errors="collect" a video's failure, of
    any kind, goes to ``failures`` and the next video follows.
    """
    check_on_error(errors)
    if until == "render" and output is None:
        raise ConfigError("until render needs an output folder to draw to")
    last = until or ("action" if output is None else "render")
    stages = stages_of_stills(until) if selection.stills else stages_until(last, config.order)
    output_dir = output if isinstance(output, OutputDir | None) else OutputDir(Path(output))
    check_models(config, stages, device)
    rate = config.video.fps if fps is None else fps
    if selection.cuts is None:
        chosen = video_inputs(videos, selection.frames, rate, name, selection.stills)
    else:
        check_cut_options(selection.frames, selection.stills)
        chosen = cut_inputs(selection.cuts, videos, rate)
    if output_dir is not None:
        for video in chosen:
            output_dir.check(output_dir.files(video.name, stages))
    state = _State()
    setup = Setup(stages, output_dir, config, device, images)
    return ChainRun(_all(chosen, setup, errors == "collect", state), state)


def _all(videos: Sequence[VideoInput], setup: Setup, collect: bool, state: _State) -> FrameStream:
    records: list[dict[str, Any]] = []
    try:
        for video in videos:
            records.append({"name": video.name})
            try:
                yield from video_frames(video, setup, records[-1])
            except Exception as error:
                records[-1] |= failure(video.name, error)
                if not collect:
                    raise
                state.failures.append(Failure(video.name, error))
            else:
                state.records.append(records[-1])
    finally:
        ended = [record for record in records if "status" in record]
        if setup.output_dir is not None and len(setup.stages) > 1 and ended:
            write_summary(setup.output_dir.folder, summary(ended, setup.stages, setup.config))
