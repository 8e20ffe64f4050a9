"""One video or document through its stages, with a record of what came of it."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hie_cli.core.types import FramePeople, FrameStream, VideoInfo
from hie_cli.pipeline.clock import Clock
from hie_cli.pipeline.failures import failure
from hie_cli.pipeline.inputs import VideoInput, video_file
from hie_cli.pipeline.networks import Models
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.run import Stream, video_stream
from hie_cli.pipeline.settings import ChainConfig
from hie_cli.pipeline.tally import Tally
from hie_cli.video.sources import FrameRange


@dataclass(frozen=True)
class Setup:
    """How videos are gone through, in plain values, so that a worker process can be told.

    ``stages`` in their order · ``output_dir``: None writes nothing · ``images``: see
    ``video_stream``.
    """

    stages: tuple[str, ...]
    output_dir: OutputDir | None
    config: ChainConfig
    device: str
    images: bool = False


@dataclass(frozen=True)
class VideoJob:
    """One video file or folder of images, to be gone through in this or a worker process."""

    path: Path
    frames: FrameRange
    setup: Setup


def run_job(job: VideoJob) -> dict[str, Any]:
    """Run a job to its end, whatever comes of it; its record."""
    video = video_file(job.path, job.frames, job.setup.config.video.fps)
    record: dict[str, Any] = {"name": video.name}
    run_to_end(video_frames(video, job.setup, record), record)
    if job.setup.output_dir is not None:
        cutouts = "render" in job.setup.stages and job.setup.config.render.cutouts
        files = job.setup.output_dir.existing(video.name, job.setup.stages, cutouts)
        record["files"] = [str(path) for path in files]
    return record


def run_to_end(stream: Stream, record: dict[str, Any]) -> None:
    """Take a stream to its end; a failure, of whatever kind, goes to ``record``."""
    try:
        for _ in stream:
            pass
    except Exception as error:
        record |= failure(record["name"], error)


def video_frames(video: VideoInput, setup: Setup, record: dict[str, Any]) -> Stream:
    """The frames of one video; ``record`` is filled in when they end."""
    clock = Clock()
    models = Models(setup.config, setup.device)
    source = video.open()
    stream = video_stream(
        source, setup.stages, setup.output_dir, setup.config, models, setup.images, clock
    )
    yield from recorded(stream, source.info, clock, record)


def recorded(stream: Stream, video: VideoInfo, clock: Clock, record: dict[str, Any]) -> Stream:
    """``stream``, each frame with its video; ``record`` is filled in when it ends."""
    tally = Tally()
    try:
        with closing(stream):
            for item in _counted(stream, tally):
                yield replace(item, video=video)
        record["status"] = "ok"
    finally:
        record |= tally.record() | {"fps": round(video.fps, 3)} | clock.record(tally.frames)
        if record.get("status") == "ok" and tally.frames and not tally.people:
            record["warning"] = (
                f"{record['name']}: nobody was found in {tally.frames} frames; try --preset "
                "accurate or a lower detect.min_score, or look whether people are large enough"
            )


def _counted(stream: Iterable[FramePeople], tally: Tally) -> FrameStream:
    for item in stream:
        tally.add(item)
        yield item
