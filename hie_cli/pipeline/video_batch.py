"""Many videos through the chain at once: which of them, on what executor, and their records."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from hie_cli.core.errors import ConfigError, HieError
from hie_cli.core.progress import note
from hie_cli.pipeline import remote, run_records, segment_parts
from hie_cli.pipeline.batch import part_of, run_batch
from hie_cli.pipeline.executors.base import Record
from hie_cli.pipeline.executors.engine import HERE, Engine
from hie_cli.pipeline.inputs import check_cut_options
from hie_cli.pipeline.job import Setup, VideoJob
from hie_cli.pipeline.metrics import served
from hie_cli.pipeline.networks import check_models
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.segment_job import Segments, run_any
from hie_cli.pipeline.settings import ChainConfig, stages_of_stills, stages_until
from hie_cli.pipeline.summary import summary
from hie_cli.pipeline.video_list import Listed, read_list
from hie_cli.pipeline.video_pieces import find_pieces
from hie_cli.video.cuts import Piece
from hie_cli.video.cuts import find_pieces as cut_pieces
from hie_cli.video.sources import FrameRange, find_videos

WHOLE = (1, 1)


@dataclass(frozen=True)
class Batch:
    """Which of the videos are run, and where.

    ``engine``: which executor · ``shard``: (i, n) takes the i-th of n parts of them, i from 1 ·
    ``retry_failed``: only those that failed or were interrupted earlier · ``listed``: a file that
    names the videos, with options of each (``video_list``) · ``table``: their people also go to the
    parquet data set DIR/people · ``segment_frames``: long videos are parted into segments of so
    many frames, run side by side; 0: never, None: where workers would be idle · ``metrics``: where
    figures of the run are served meanwhile (``metrics``).
    """

    engine: Engine = HERE
    shard: tuple[int, int] = WHOLE
    retry_failed: bool = False
    listed: Path | None = None
    table: bool = False
    segment_frames: int | None = None
    metrics: str | None = None


def parse_segment_frames(text: str) -> int | None:
    """Frames of a segment (``Batch.segment_frames``), of "auto" or a number. Raises ConfigError."""
    if text == "auto":
        return None
    if text.isdecimal() and len(text) < 10:
        return int(text)
    raise ConfigError(f"--segment-frames {text}: expected auto, or a number of frames (0: never)")


def parse_shard(text: str) -> tuple[int, int]:
    """``i/n``: the i-th of n parts, i from 1. Raises ConfigError."""
    first, slash, second = text.partition("/")
    if slash and first.isdecimal() and second.isdecimal() and 1 <= int(first) <= int(second):
        return int(first), int(second)
    raise ConfigError(f"--shard {text}: expected i/n with 1 <= i <= n, such as 3/8")


def prepare(
    videos: Sequence[str],
    output: OutputDir,
    config: ChainConfig,
    device: str,
    until: str | None,
    frames: FrameRange,
    stills: bool,
    batch: Batch,
    recorded: bool,
    cuts: Path | None,
) -> tuple[tuple[str, ...], list[VideoJob]]:
    """The stages up to ``until`` (None: all), and the jobs of the videos; none runs yet.

    recorded: each video has its record (``run_records``) · cuts: as ``video_jobs``. Raises what
    that raises, and ModelError for a model or device that is not there.
    """
    last = until or "render"
    stages = stages_of_stills(until) if stills else stages_until(last, config.order)
    check_models(config, stages, device)
    setup = Setup(stages, output, config, device, recorded=recorded, table=batch.table)
    return stages, video_jobs(videos, frames, setup, batch, stills, cuts)


def video_jobs(
    patterns: Sequence[str],
    frames: FrameRange,
    setup: Setup,
    batch: Batch,
    stills: bool = False,
    cuts: Path | None = None,
) -> list[VideoJob]:
    """The jobs of a batch, in order; none runs yet.

    cuts: a cut list, whose pieces are the videos; ``patterns`` may then be empty.
    Raises InputError and ConfigError as ``find_videos`` does, and for results that are there
    already and may be neither kept nor replaced.
    """
    if batch.listed is not None:
        if patterns or stills or cuts is not None:
            raise ConfigError("--list: names the videos; leave VIDEO, --stills and --cuts out")
        found = part_of(read_list(batch.listed, setup.config, frames), batch.shard)
        check_list(found, setup)
    else:
        pieces = part_of(_pieces(patterns, frames, stills, cuts), batch.shard)
        found = [Listed(piece, setup.config) for piece in pieces]
    output = setup.output_dir
    if batch.retry_failed:
        assert output is not None
        remote.bring_records(output)
        found = [each for each in found if _failed(output, each.piece.name)]
    if output is not None:
        remote.check_free(output, [each.piece.name for each in found], setup.stages)
        for each in found:
            output.check_video(each.piece.name, setup.stages)
    return [_job(each, setup) for each in found]


def _job(listed: Listed, setup: Setup) -> VideoJob:
    own = setup if listed.config is setup.config else replace(setup, config=listed.config)
    piece = listed.piece
    return VideoJob(piece.path, piece.frames, own, piece.name, address=piece.address)


def check_list(listed: Sequence[Listed], setup: Setup) -> None:
    """Know the models that the settings of single videos ask for. Raises ModelError."""
    others = {repr(each.config): each.config for each in listed if each.config is not setup.config}
    for config in others.values():
        check_models(config, setup.stages, setup.device)


def _pieces(
    patterns: Sequence[str], frames: FrameRange, stills: bool, cuts: Path | None
) -> list[Piece]:
    """``frames`` of each video, or what a cut list names."""
    if cuts is not None:
        check_cut_options(frames, stills)
        return cut_pieces(cuts, find_videos(patterns) if patterns else [])
    return find_pieces(patterns, frames, stills)


def _failed(output: OutputDir, name: str) -> bool:
    record = run_records.read_record(output, name)
    if record is None:
        return name in segment_parts.begun(output)
    return record.status != run_records.DONE


def run_jobs(
    jobs: Sequence[VideoJob], batch: Batch, finished: Callable[[Record], None]
) -> list[Record]:
    """The records of all jobs, in their order; one that fails does not stop the others.

    finished: told of each record as it comes.
    """
    names = [job.name for job in jobs]
    with served(batch.metrics, names, finished) as told:
        where = batch.engine.executor(run_any, len(jobs) if batch.segment_frames == 0 else 0)
        parts = Segments(batch.segment_frames, where.slots, len(jobs))
        return run_batch(jobs, names, where, partial(_ended, jobs, told), parts)


def _ended(jobs: Sequence[VideoJob], finished: Callable[[Record], None], record: Record) -> None:
    setup = jobs[0].setup
    if setup.recorded and setup.output_dir is not None:
        with suppress(HieError):  # what came of the video is told all the same
            if record["status"] != "ok":
                remote.bring_record(setup.output_dir, record["name"])
            run_records.note_death(setup.output_dir, record)
    finished(record)


def _tell(record: Record) -> None:
    note(f"{record['name']}: {record['status']}")


def run_videos(
    videos: Sequence[str],
    output: OutputDir,
    config: ChainConfig,
    device: str = "auto",
    until: str | None = None,
    frames: FrameRange | None = None,
    stills: bool = False,
    batch: Batch | None = None,
    cuts: Path | None = None,
) -> list[dict[str, Any]]:
    """``hie run`` as a function: every video through the stages, written and recorded.

    cuts: as ``video_jobs``. Failures are records. Raises what ``prepare`` raises.
    """
    chosen = batch or Batch()
    stages, jobs = prepare(
        videos, output, config, device, until, frames or FrameRange(), stills, chosen, True, cuts
    )
    with remote.work_folder(output):
        records = run_jobs(jobs, chosen, _tell)
        if records:
            remote.write_summary(output, summary(records, stages, config))
    return records
