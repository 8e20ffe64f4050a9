"""How far the videos of a folder of results have come, from their records and documents."""

from dataclasses import dataclass
from pathlib import Path

from hie_cli.core.errors import InputError, input_error
from hie_cli.formats.locks import is_locked
from hie_cli.pipeline import remote, run_records, segment_parts
from hie_cli.pipeline.inputs import Paths, path_texts
from hie_cli.pipeline.output import OutputDir, output_dir
from hie_cli.pipeline.run_records import RunRecord
from hie_cli.pipeline.video_pieces import find_pieces
from hie_cli.video.cuts import Piece
from hie_cli.video.frame_range import ALL_FRAMES


@dataclass(frozen=True)
class VideoStatus:
    """One video of a batch.

    ``state``: done; running (somebody writes it now); failed (``reason``, ``exit_code``; ``log``
    says where in the program); interrupted (begun, and nobody at it); stale (finished, but its
    files are gone or changed, or its input is another one now); waiting (never begun).
    """

    name: str
    state: str
    reason: str = ""
    exit_code: int = 0
    attempts: int = 0
    log: str = ""


def status(folder: Path | str, videos: Paths = ()) -> list[VideoStatus]:
    """The videos that were run into ``folder``, by name; of ``videos`` also those not begun.

    ``folder`` may be an address, whose records are fetched; nobody can say there whether a run that
    was begun goes on: it is called running. Only inputs named in ``videos`` are looked at: no path
    or address is taken from a record. Raises InputError for a folder that is not there.
    """
    output = output_dir(folder, False, False, stored=True)
    wanted = path_texts(videos)
    inputs = {piece.name: piece for piece in find_pieces(wanted, ALL_FRAMES)} if wanted else {}
    with remote.work_folder(output):
        remote.bring_records(output)
        if not output.address and not output.folder.is_dir():
            raise input_error(output.folder, "no such folder", "give the -o of hie run")
        begun = segment_parts.begun(output)
        names = sorted({*run_records.recorded_names(output), *begun, *inputs})
        published = remote.published(output)
        if output.address and not published:
            raise InputError(f"{output}: nothing is there; give the -o of hie run")
        return [_status(output, name, inputs.get(name), published) for name in names]


def _status(output: OutputDir, name: str, video: Piece | None, published: set[str]) -> VideoStatus:
    record = run_records.read_record(output, name)
    if record is None:
        return _segments_status(output, name)
    state, reason = _state(output, record, video, published)
    log = ""
    if state == "failed":
        path = output.failure_log(name)
        found = output.place(path) in published if output.address else path.is_file()
        log = output.place(path) if found else ""
    code = record.exit_code if state == "failed" else 0
    return VideoStatus(name, state, reason, code, record.attempts, log)


def _segments_status(output: OutputDir, name: str) -> VideoStatus:
    """Of a video without a record: its segments may be under way."""
    if name not in segment_parts.begun(output):
        return VideoStatus(name, "waiting")
    if is_locked(output.run_record(name)):
        return VideoStatus(name, "running", "in segments")
    return VideoStatus(name, "interrupted", "in its segments; --resume goes on")


def _state(
    output: OutputDir, record: RunRecord, video: Piece | None, published: set[str]
) -> tuple[str, str]:
    try:
        held = is_locked(output.run_record(record.name))
    except InputError:
        held = False
    if held:
        return "running", f"since {record.begun}"
    if record.status == run_records.RUNNING and output.address:
        return "running", f"since {record.begun}, or stopped; --resume runs it anew"
    if record.status == run_records.RUNNING:
        return "interrupted", f"begun {record.begun}; --resume goes on"
    if record.status == run_records.FAILED:
        return "failed", record.error
    if not run_records.complete(record, output, published.__contains__):
        return "stale", "documents or pictures are missing or were replaced; --resume makes them"
    if video is not None:
        seen = remote.fingerprint(video.path, video.address)
        if seen and record.input and seen != record.input:
            shown = video.address or video.path
            return "stale", f"{shown} is not what was run; --resume runs it anew"
    return "done", ""
