"""Writing the stage document ``NAME.json`` frame by frame.

``DocumentWriter`` writes to ``.NAME.json.partial`` beside the target and renames it at a clean
end; a partial file can be resumed after its last whole frame line.
"""

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.types import FramePeople
from hie_cli.formats.documents.annolist_people import format_people
from hie_cli.formats.documents.document import (
    FORMAT_VERSION,
    HEADER_END,
    HEADER_START,
    Header,
    complete,
    parse_frame,
)
from hie_cli.formats.files import parse_json, write_error


def frame_line(item: FramePeople) -> str:
    """One frame as a line of a document. Raises ValueError as ``check_finite`` does."""
    check_finite(item)
    return (
        f'{{"image":[{{"name":"{item.index:06d}.jpg"}}],"ignore_regions":[],'
        f'"annorect":{format_people(item.people)}}}'
    )


def check_finite(item: FramePeople) -> None:
    """Raise ValueError for a box or score that is not finite; JSON cannot hold it."""
    people = item.people
    for values in (people.boxes, people.scores, people.keypoint_scores):
        if values is not None and not np.isfinite(values).all():
            raise ValueError(f"frame {item.index}: a box or score is not finite")


def _header_line(header: Header) -> str:
    video = header.video
    record = {
        "format_version": FORMAT_VERSION,
        "stage": header.stage,
        "video": {
            "name": video.name,
            "width": video.width,
            "height": video.height,
            "fps": round(video.fps, 6),
            "num_frames": video.num_frames,
        },
        "frames": list(header.frames),
        "skeleton": header.skeleton,
        "models": list(header.models),
        "config": dict(header.config),
    }
    return HEADER_START + json.dumps(record, separators=(",", ":"), allow_nan=False) + HEADER_END


def partial_path(path: Path) -> Path:
    """Where an unfinished document of ``path`` is kept."""
    return path.with_name(f".{path.name}.partial")


class DocumentWriter:
    """Streams frames into a document; published by ``publish``, or by a clean end of ``with``.

    With ``resume``, ``done`` holds the frames that an earlier, interrupted or finished, writing of
    the same header left, ``finished`` says which of the two, and ``write`` goes on after them.
    Raises ConfigError if the place cannot be written, or holds a document of another header.
    """

    def __init__(self, path: Path, header: Header, resume: bool = False) -> None:
        self.path = path
        self.partial = partial_path(path)
        self.header = header
        self.done: list[FramePeople] = []
        self.finished = False
        head = _header_line(header) + "\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            end = self._resume(head.encode()) if resume else 0
            self._file = open(self.partial, "r+b" if end else "w+b")  # noqa: SIM115 # closed in __exit__
            if end:
                self._file.seek(end)
                self._file.truncate()
            else:
                self._file.write(head.encode())
        except OSError as error:
            raise write_error(path, error) from None
        self._first = not self.done

    def _resume(self, head: bytes) -> int:
        """Fill ``done`` with what is there already; the byte where its last frame ends."""
        if self.path.exists():
            with open(self.path, "rb") as file:
                if file.readline() != head:
                    raise ConfigError(
                        f"{self.path}: was made with other settings, models or frames; "
                        "--overwrite replaces it"
                    )
            shutil.copyfile(self.path, self.partial)
            self.finished = True
        if not self.partial.exists():
            return 0
        with open(self.partial, "rb") as file:
            if file.readline() != head:
                return 0
            return self._read_frames(file)

    def _read_frames(self, file: BinaryIO) -> int:
        """Fill ``done`` with the whole frame lines that follow; where the last of them ends."""
        end = file.tell()
        for number, raw in enumerate(file, 2):
            if not raw.endswith(b"\n"):
                break
            try:
                record = parse_json(raw.strip().removeprefix(b","), self.partial, number)
                item = parse_frame(record, str(self.partial), f"line {number}")
            except InputError:
                break
            self.done.append(complete(item, self.header))
            end += len(raw)
        return end

    def write(self, item: FramePeople) -> None:
        """Append one frame. Raises ConfigError if the disk is full."""
        line = ("" if self._first else ",") + frame_line(item) + "\n"
        try:
            self._file.write(line.encode())
        except OSError as error:
            raise write_error(self.path, error) from None
        self._first = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.publish()
        else:
            self.close()

    def publish(self) -> None:
        """End the document and put it in its place. Raises ConfigError if the disk is full."""
        try:
            with self._file:
                self._file.write(b"]}\n")
            os.replace(self.partial, self.path)
        except OSError as error:
            raise write_error(self.path, error) from None

    def close(self) -> None:
        """Leave the document as far as it has come, to be resumed; no effect on a published one."""
        with suppress(OSError):  # what was to be written may be lost; --resume looks what is there
            self._file.close()
