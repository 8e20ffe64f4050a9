"""Many videos through the chain at once: on what executor, and their records."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from hie_cli.core.errors import ConfigError, HieError
from hie_cli.core.progress import note
from hie_cli.pipeline import remote, run_records
from hie_cli.pipeline.batch import run_batch
from hie_cli.pipeline.executors.base import Record
from hie_cli.pipeline.executors.engine import HERE, Engine
from hie_cli.pipeline.job import Setup, VideoJob
from hie_cli.pipeline.metrics import served
from hie_cli.pipeline.networks import check_models
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.segment_job import BatchSegments, run_any
from hie_cli.pipeline.settings import ChainConfig, stages_of_stills, stages_until
from hie_cli.pipeline.summary import summary
from hie_cli.pipeline.video_selection import Selection, video_jobs


@dataclass(frozen=True)
class Batch:
    """How many videos are run.

    ``engine``: which executor · ``table``: their people also go to the parquet data set DIR/people
    · ``segment_frames``: long videos are parted into segments of so many frames, run side by side;
    0: never, None: where workers would be idle · ``metrics``: where figures of the run are served
    meanwhile (``metrics``).
    """

    engine: Engine = HERE
    table: bool = False
    segment_frames: int | None = None
    metrics: str | None = None


SINGLE = Batch()


def parse_segment_frames(text: str) -> int | None:
    """Frames of a segment (``Batch.segment_frames``), of "auto" or a number. Raises ConfigError."""
    if text == "auto":
        return None
    if text.isdecimal() and len(text) < 10:
        return int(text)
    raise ConfigError(f"--segment-frames {text}: expected auto, or a number of frames (0: never)")


def prepare(
    selection: Selection,
    output: OutputDir,
    config: ChainConfig,
    device: str,
    until: str | None,
    batch: Batch,
    recorded: bool,
) -> tuple[tuple[str, ...], list[VideoJob]]:
    """The stages up to ``until`` (None: all), and the jobs of the videos; none runs yet.

    recorded: each video has its record (``run_records``). Raises what ``video_jobs`` raises, and
    ModelError for a model or device that is not there.
    """
    stages = (
        stages_of_stills(until)
        if selection.stills
        else stages_until(until or "render", config.order)
    )
    check_models(config, stages, device)
    setup = Setup(stages, output, config, device, recorded=recorded, table=batch.table)
    return stages, video_jobs(selection, setup)


def run_jobs(
    jobs: Sequence[VideoJob], batch: Batch, finished: Callable[[Record], None]
) -> list[Record]:
    """The records of all jobs, in their order; one that fails does not stop the others.

    finished: told of each record as it comes.
    """
    names = [job.name for job in jobs]
    with served(batch.metrics, names, finished) as told:
        where = batch.engine.executor(run_any, len(jobs) if batch.segment_frames == 0 else 0)
        parts = BatchSegments(batch.segment_frames, where.slots, len(jobs))
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
    selection: Selection,
    output: OutputDir,
    config: ChainConfig,
    device: str = "auto",
    until: str | None = None,
    batch: Batch = SINGLE,
) -> list[dict[str, Any]]:
    """``hie run`` as a function: every video through the stages, written and recorded.

    Failures are records. Raises what ``prepare`` raises.
    """
    stages, jobs = prepare(selection, output, config, device, until, batch, recorded=True)
    with remote.work_folder(output):
        records = run_jobs(jobs, batch, _tell)
        if records:
            remote.write_summary(output, summary(records, stages, config))
    return records
