"""What became of each video of a batch: ``DIR/runs/NAME.json``, never in its documents.

A record says which input was run how, and how that ended. So a batch that is started again knows
what is finished (``finished``), and whoever asks sees what is not (``status``).
"""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hie_cli.core.config import as_dict
from hie_cli.core.endless import is_endless
from hie_cli.core.errors import InputError
from hie_cli.core.text import encodable, without_login
from hie_cli.core.version import __version__
from hie_cli.formats.files import write_error, write_json
from hie_cli.formats.locks import Lock, is_locked
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.settings import ChainConfig
from hie_cli.storage import objects
from hie_cli.video.frame_range import FrameRange
from hie_cli.video.images import IMAGE_ENDINGS, files_inside

RUNNING, DONE, FAILED = "running", "done", "failed"
_SAMPLE = 1 << 20  # bytes that are read at the beginning, the middle and the end of a video


@dataclass(frozen=True)
class RunRecord:
    """One video of a batch.

    ``status``: running, done or failed · ``video``: as it was given · ``input``: its fingerprint ·
    ``settings``: a digest of stages, frames and configuration · ``documents``: of each document the
    digest of its header · ``attempts``: how often it was begun · ``result``: what ``summary.json``
    says of it · ``error``, ``exit_code``: of a failure.
    """

    name: str
    status: str
    video: str
    input: str
    settings: str
    stages: tuple[str, ...]
    attempts: int = 1
    begun: str = ""
    ended: str = ""
    error: str = ""
    exit_code: int = 0
    documents: tuple[tuple[str, str], ...] = ()
    result: dict[str, Any] | None = None
    hie: str = __version__

    def ending(self, result: dict[str, Any], documents: tuple[tuple[str, str], ...]) -> "RunRecord":
        """This record of a video that has come to its end, well or not."""
        good = result.get("status") == "ok"
        return replace(
            self,
            status=DONE if good else FAILED,
            ended=_now(),
            error=str(result.get("error", "")),
            exit_code=int(result.get("exit_code", 0)),
            documents=documents if good else (),
            result={key: value for key, value in result.items() if key != "transient"},
        )


def begun(
    name: str,
    video: str,
    seen: str,
    settings: str,
    stages: Sequence[str],
    before: RunRecord | None,
) -> RunRecord:
    """The record of a video whose run begins now.

    seen: the fingerprint of its input · before: what was recorded of it earlier.
    """
    same = before is not None and before.settings == settings
    attempts = before.attempts + 1 if before is not None and same else 1
    shown = without_login(video)
    return RunRecord(name, RUNNING, shown, seen, settings, tuple(stages), attempts, _now())


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")


def settings_digest(stages: Sequence[str], frames: FrameRange, config: ChainConfig) -> str:
    """What decides the documents besides the input: stages, frames and configuration."""
    told = [list(stages), asdict(frames), as_dict(config)]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def fingerprint(video: Path) -> str:
    """What tells an input from another of its name; "" for one that cannot be read.

    Of a file its size and three samples of its bytes, so that a copy counts as the same; of a
    folder the names, sizes and times of its images.
    """
    digest = hashlib.sha256()
    try:
        if is_endless(video):
            return ""
        if video.is_dir():
            for path in files_inside(video, IMAGE_ENDINGS):
                seen = path.stat()
                digest.update(f"{path.name}\0{seen.st_size}\0{seen.st_mtime_ns}\n".encode())
            return digest.hexdigest()[:16]
        size = video.stat().st_size
        digest.update(str(size).encode())
        with open(video, "rb") as file:
            for start in sorted({0, max(0, size // 2), max(0, size - _SAMPLE)}):
                file.seek(start)
                digest.update(file.read(_SAMPLE))
    except (OSError, ValueError, InputError):
        return ""
    return digest.hexdigest()[:16]


def header_digests(
    output: OutputDir, name: str, stages: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """Of each stage's document the digest of its first line; "" where there is none."""
    found = []
    for stage in stages:
        if stage != "render":
            found.append((stage, _first_line(output.document(stage, name))))
    return tuple(found)


def _first_line(path: Path) -> str:
    try:
        if is_endless(path):
            return ""
        with open(path, "rb") as file:
            return hashlib.sha256(file.readline(1 << 24)).hexdigest()[:16]
    except OSError:
        return ""


def finished(record: RunRecord | None, settings: str, output: OutputDir) -> bool:
    """Whether a record tells of a finished run with these settings whose files are all there."""
    return (
        record is not None
        and record.status == DONE
        and record.settings == settings
        and complete(record, output)
    )


def complete(
    record: RunRecord, output: OutputDir, is_there: Callable[[str], bool] = objects.is_there
) -> bool:
    """Whether the files that a finished run made are there, the documents with their headers.

    What is published at an address was published whole, and is not read once more: ``is_there``
    says of its files whether they are still there.
    """
    try:
        files = output.files(record.name, record.stages)
        if output.address:
            return all(is_there(output.place(path)) for path in files)
        documents = header_digests(output, record.name, record.stages)
    except InputError:
        return False
    return documents == record.documents and all(path.exists() for path in files)


def read_record(output: OutputDir, name: str) -> RunRecord | None:
    """What is recorded of a video; None if nothing is, or nothing that we wrote."""
    try:
        path = output.run_record(name)
        if is_endless(path):
            return None
        return _parsed(json.loads(path.read_text(encoding="utf-8")), name)
    except (OSError, ValueError, TypeError, KeyError, RecursionError, InputError):
        return None


def _parsed(held: Any, name: str) -> RunRecord:
    """Raises TypeError or ValueError for what is no record of ``name``."""
    record = RunRecord(**held)
    texts = (record.name, record.status, record.video, record.input, record.settings, record.error)
    good = (
        all(isinstance(text, str) for text in (*texts, record.begun, record.ended))
        and record.name == name
        and record.status in (RUNNING, DONE, FAILED)
        and all(isinstance(number, int) for number in (record.attempts, record.exit_code))
        and isinstance(record.result, dict | None)
    )
    if not good:
        raise ValueError(name)
    documents = tuple((str(stage), str(digest)) for stage, digest in record.documents)
    stages = tuple(str(stage) for stage in record.stages)
    return replace(record, stages=stages, documents=documents)


def write_record(output: OutputDir, record: RunRecord) -> None:
    """Write a record, and publish it where results are. Raises ConfigError if that cannot be."""
    path = output.run_record(record.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, encodable(asdict(record)))
    except OSError as error:
        raise write_error(path, error) from None
    if output.address:
        objects.publish(path, output.place(path))


def hold(output: OutputDir, name: str) -> Lock:
    """The lock on a video's record, held while it runs. Raises ConfigError naming who holds it."""
    path = output.run_record(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return Lock(path)
    except OSError as error:
        raise write_error(path, error) from None


def note_death(output: OutputDir, result: dict[str, Any]) -> None:
    """Record the failure of a video whose worker died and so could not record it itself.

    Of results at an address ``output`` holds what was published (``remote.bring_record``).
    """
    record = read_record(output, result["name"])
    if record is None or record.status != RUNNING or result["status"] == "ok":
        return
    if not is_locked(output.run_record(record.name)):
        write_record(output, record.ending(result, ()))


def recorded_names(output: OutputDir) -> list[str]:
    """The videos of which something is recorded, in order."""
    folder = output.folder / "runs"
    return sorted(path.stem for path in folder.glob("[!.]*.json"))
