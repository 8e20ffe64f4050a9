"""One video or document through its stages, with a record of what came of it."""

import traceback
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hie_cli.core.errors import HieError
from hie_cli.core.text import without_login
from hie_cli.core.types import FramePeople, FrameStream, VideoInfo
from hie_cli.formats.files import atomic_write, file_name
from hie_cli.formats.layouts import people_dataset
from hie_cli.formats.readers import read
from hie_cli.pipeline import remote, run_records, segment_parts
from hie_cli.pipeline.clock import Clock
from hie_cli.pipeline.failures import failure
from hie_cli.pipeline.inputs import VideoInput, video_file
from hie_cli.pipeline.networks import Models
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.run import Stream, video_stream
from hie_cli.pipeline.run_records import RunRecord
from hie_cli.pipeline.segment_plan import Split
from hie_cli.pipeline.settings import ChainConfig
from hie_cli.pipeline.tally import Tally
from hie_cli.video.frame_range import FrameRange


@dataclass(frozen=True)
class Setup:
    """How videos are gone through, in plain values, so that a worker process can be told.

    ``stages`` in their order · ``output_dir``: None writes nothing · ``images``: see
    ``video_stream`` · ``recorded``: whether each video has its record (``run_records``) ·
    ``table``: whether its people go to the parquet data set as well.
    """

    stages: tuple[str, ...]
    output_dir: OutputDir | None
    config: ChainConfig
    device: str
    images: bool = False
    recorded: bool = False
    table: bool = False


@dataclass(frozen=True)
class VideoJob:
    """One video file or folder of images, to be gone through in this or a worker process.

    name: of its documents · split: the segments of it that were run before, if any · address: where
    the file is fetched from; ``path`` is then its name.
    """

    path: Path
    frames: FrameRange
    setup: Setup
    name: str
    split: Split | None = None
    address: str = ""

    def again(self) -> "VideoJob":
        """The job for another attempt: what is written already is kept, unless it was old."""
        output = self.setup.output_dir
        if output is None or output.overwrite:
            return self
        return replace(self, setup=replace(self.setup, output_dir=replace(output, resume=True)))


def run_job(job: VideoJob) -> dict[str, Any]:
    """Run a job to its end, whatever comes of it; its record.

    Of recorded jobs one that is finished already, from the same input with the same settings, is
    not run once more (``resume``), and its record says ``kept``; documents of another input of that
    name are made anew.
    """
    output = job.setup.output_dir
    if output is None:
        return _run(job, _video(job))[0]
    try:
        with remote.own_folder(output, job.name) as own:
            here = replace(job, setup=replace(job.setup, output_dir=own))
            if job.address:
                here = replace(here, path=own.fetched(job.name) / file_name(job.path.name))
            if not job.setup.recorded:
                return _run(here, _video(here))[0]
            with run_records.hold(own, job.name):
                return _run_recorded(here, _video(here), own)
    except HieError as error:
        return {"name": job.name} | failure(job.name, error) | {"files": []}


def _video(job: VideoJob) -> VideoInput:
    video = video_file(job.path, job.frames, job.setup.config.video.fps, job.name)
    return remote.fetched(video, job.address, job.path) if job.address else video


def _run(job: VideoJob, video: VideoInput) -> tuple[dict[str, Any], Exception | None]:
    """The record of a job that was run to its end, and what made it fail."""
    record: dict[str, Any] = {"name": video.name}
    error = run_to_end(video_frames(video, job.setup, record), record)
    if error is None and job.setup.table:
        error = _write_table(video.name, job.setup, record)
    if error is None and job.setup.output_dir is not None:
        error = _publish(job.setup.output_dir, record)
    if error is not None and job.address:
        record["error"] = record["error"].replace(str(job.path), job.address)
    if job.setup.output_dir is not None:
        cutouts = "render" in job.setup.stages and job.setup.config.render.cutouts
        files = job.setup.output_dir.existing(video.name, job.setup.stages, cutouts)
        record["files"] = [job.setup.output_dir.place(path) for path in files]
    return record, error


def _publish(output: OutputDir, record: dict[str, Any]) -> Exception | None:
    """Publish what a video made, if that is wanted; what made it fail."""
    try:
        remote.publish(output)
    except Exception as error:
        record |= failure(record["name"], error)
        return error
    return None


def _write_table(name: str, setup: Setup, record: dict[str, Any]) -> Exception | None:
    """The video's part of the data set of people; what made it fail."""
    assert setup.output_dir is not None
    last = [stage for stage in setup.stages if stage != "render"][-1]
    try:
        sequence = read(setup.output_dir.document(last, name), kind="results")
        people_dataset.write_part(sequence, setup.output_dir.people_table(name))
    except Exception as error:
        record |= failure(name, error)
        return error
    return None


def _run_recorded(job: VideoJob, video: VideoInput, output: OutputDir) -> dict[str, Any]:
    stages, split = job.setup.stages, job.split
    settings = run_records.settings_digest(stages, job.frames, job.setup.config)
    remote.bring_record(output, video.name)
    before = run_records.read_record(output, video.name)
    shown, seen = job.address or str(job.path), remote.fingerprint(job.path, job.address)
    now = run_records.begun(video.name, shown, seen, settings, stages, before)
    other = before is not None and before.input != now.input and bool(before.input and now.input)
    if output.resume and other:
        renewed = replace(output, overwrite=True, resume=False)
        job = replace(job, setup=replace(job.setup, output_dir=renewed))
    elif (kept := _kept(job, before, settings, output)) is not None:
        return kept
    elif output.resume:
        remote.bring_documents(output, video.name, stages)
    run_records.write_record(output, now)
    if split is not None:
        joined = segment_parts.join(job.setup.output_dir or output, split)
        job = replace(job, setup=replace(job.setup, output_dir=joined))
    result, error = _run(job, video)
    if split is not None:
        result = segment_parts.totals(output, split, result)
    documents = run_records.header_digests(output, video.name, stages)
    run_records.write_record(output, now.ending(result, documents))
    _log_failure(output, video.name, error)
    if error is None:
        segment_parts.forget(output, video.name)
    return result


def finished_before(job: VideoJob) -> bool:
    """Whether a recorded job is finished as far as its record and its files tell."""
    output = job.setup.output_dir
    if output is None or not job.setup.recorded:
        return False
    settings = run_records.settings_digest(job.setup.stages, job.frames, job.setup.config)
    before = run_records.read_record(output, job.name)
    same = before is not None and before.input == run_records.fingerprint(job.path)
    return same and _kept(job, before, settings, output) is not None


def _kept(
    job: VideoJob, before: RunRecord | None, settings: str, output: OutputDir
) -> dict[str, Any] | None:
    """The record of a job that was finished earlier and need not be run again; None: it must."""
    if (
        output.resume
        and before is not None
        and before.result is not None
        and run_records.finished(before, settings, output)
        and not (job.setup.table and not remote.is_there(output, output.people_table(job.name)))
    ):
        return before.result | {"kept": True}
    return None


def _log_failure(output: OutputDir, name: str, error: Exception | None) -> None:
    """Where in the program a video failed; nothing of one that did not."""
    path = output.failure_log(name)
    with suppress(OSError, HieError):  # the record says what happened; this only says where
        path.unlink(missing_ok=True)
        if error is not None:
            with atomic_write(path) as file:
                file.write(without_login("".join(traceback.format_exception(error))))
        remote.publish_or_remove(output, path)


def run_to_end(stream: Stream, record: dict[str, Any]) -> Exception | None:
    """Take a stream to its end; a failure, of whatever kind, goes to ``record``, and is given."""
    try:
        for _ in stream:
            pass
    except Exception as error:
        record |= failure(record["name"], error)
        return error
    return None


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
                f"{record['name']}: nobody was found in {tally.frames} frames; try --set "
                "detect.budget=3 or a lower detect.min_score, or look whether people are large "
                "enough"
            )


def _counted(stream: Iterable[FramePeople], tally: Tally) -> FrameStream:
    for item in stream:
        tally.add(item)
        yield item
