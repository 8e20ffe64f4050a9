"""Long videos in segments: which are parted, and the jobs of their segments."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from hie_cli.core.errors import ConfigError, HieError
from hie_cli.core.progress import note
from hie_cli.core.version import __version__
from hie_cli.formats.locks import Lock
from hie_cli.pipeline import run_records, segment_parts
from hie_cli.pipeline.clock import Clock
from hie_cli.pipeline.failures import failure
from hie_cli.pipeline.job import VideoJob, finished_before, recorded, run_job, run_to_end
from hie_cli.pipeline.networks import Models
from hie_cli.pipeline.run import video_stream
from hie_cli.pipeline.segment_plan import Segment, Split, parted_stages, segments
from hie_cli.pipeline.stages import STAGES, VideoRun
from hie_cli.video.sources import VideoSource

LEAST_FRAMES = 1000  # of a segment where nothing else is asked for: below, too much is run twice


@dataclass(frozen=True)
class SegmentJob:
    """One segment of a video, to be run by itself; see ``VideoJob``."""

    video: VideoJob
    split: Split
    segment: Segment

    @property
    def name(self) -> str:
        """For messages."""
        number = self.split.segments.index(self.segment) + 1
        return f"{self.video.name}, segment {number} of {len(self.split.segments)}"

    def again(self) -> Self:
        """The same: what is written is always gone on with."""
        return self


def run_any(job: VideoJob | SegmentJob) -> dict[str, Any]:
    """Run a job of a batch to its end, whatever comes of it; its record."""
    return run_segment(job) if isinstance(job, SegmentJob) else run_job(job)


def run_segment(job: SegmentJob) -> dict[str, Any]:
    """Run a segment's stages to their end, whatever comes of it; its record."""
    setup, split = job.video.setup, job.split
    record: dict[str, Any] = {"name": job.name}
    assert setup.output_dir is not None
    place = segment_parts.place(setup.output_dir, split, job.segment)
    before = segment_parts.read_told(place)
    if before is not None:
        return before
    try:
        fps = setup.config.video.fps
        source = VideoSource(job.video.path, job.segment.run, fps, job.video.name, split.video)
        models, clock = Models(setup.config, setup.device), Clock()
        stream = video_stream(source, split.stages, place, setup.config, models, False, clock)
        if run_to_end(recorded(stream, source.info, clock, record), record) is None:
            segment_parts.write_told(place, record)
    except HieError as error:
        record |= failure(job.name, error)
    return record


def split(job: VideoJob, length: int | None, most: int) -> VideoJob:
    """The job with its segments, if it is worth it and its video says how long it is.

    length: frames of a segment; 0: none; None: ``most`` segments, of ``LEAST_FRAMES`` at least.
    """
    setup = job.setup
    if length == 0 or (length is None and most < 2):
        return job
    if setup.output_dir is None or not setup.recorded:
        return job
    if job.address or setup.output_dir.address or finished_before(job):
        return job  # what is fetched and published is whole
    try:
        source = VideoSource(job.path, job.frames, setup.config.video.fps, job.name)
        setup.output_dir.segments(job.name)
    except HieError:
        return job  # it fails by itself
    total = source.info.num_frames
    if total is None:
        return job
    models = Models(setup.config, setup.device)
    run = VideoRun(source.info, source.range.stride, None, setup.config, models)
    stages = parted_stages([STAGES[name](run) for name in setup.stages])
    wanted = length or max(LEAST_FRAMES, -(-len(source) // most))
    found = segments(stages, source.range, total, wanted) if stages else []
    if len(found) < 2:
        return job
    names = tuple(stage.name for stage in stages)
    return replace(job, split=Split(tuple(found), names, source.info, source.range, _key(job)))


def _key(job: VideoJob) -> str:
    """What tells the segments of this input with these settings from others."""
    setup = job.setup
    settings = run_records.settings_digest(setup.stages, job.frames, setup.config)
    return f"{settings}-{run_records.fingerprint(job.path)}-{__version__}-{setup.device}"


class BatchSegments:
    """The segments of a batch's long videos (``batch.Parts``); a video is locked while they run.

    length: as ``split`` has it; None: where fewer ``videos`` than ``slots`` would leave workers
    idle, each long one is parted for all of them.
    """

    def __init__(self, length: int | None, slots: int, videos: int) -> None:
        self._length = length
        self._most = -(-slots // max(1, videos))
        self._held: dict[str, tuple[VideoJob, Lock]] = {}

    def begin(self, job: VideoJob) -> Sequence[SegmentJob]:
        """The jobs of its segments, which come before it; none where it is not parted."""
        parted = split(job, self._length, self._most)
        output = job.setup.output_dir
        if parted.split is None or output is None:
            return ()
        try:
            lock = run_records.hold(output, job.name)
        except ConfigError:
            return ()  # somebody else is at it: its own run says who
        self._held[job.name] = parted, lock
        key, found = parted.split.key, parted.split.segments
        segment_parts.forget(output, job.name, but=key if output.resume else None)
        note(f"{job.name}: in {len(found)} segments")
        return [SegmentJob(parted, parted.split, segment) for segment in found]

    def end(self, job: VideoJob) -> VideoJob:
        """The job that follows the segments of ``job``, which have come to their end."""
        parted, lock = self._held.pop(job.name)
        lock.release()
        return parted

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for held in self._held.values():
            held[1].release()
