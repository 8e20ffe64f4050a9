"""Writing the stage document ``NAME.json`` frame by frame.

``DocumentWriter`` writes to ``.NAME.json.MARK.partial`` beside the target and renames it at a clean
end; a partial file can be resumed after its last whole frame line. A lock keeps others from writing
the same document meanwhile.
"""

import json
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.partial_files import partial_path, partial_paths
from hie_cli.core.types import FramePeople
from hie_cli.formats.documents.annolist_people import check_writable
from hie_cli.formats.documents.annolist_text import format_people
from hie_cli.formats.documents.document import (
    FORMAT_VERSION,
    HEADER_END,
    HEADER_START,
    Header,
    complete,
)
from hie_cli.formats.documents.entries import camera_numbers, check_camera, parse_frame
from hie_cli.formats.files import parse_json, write_error
from hie_cli.formats.locks import Lock


def frame_line(item: FramePeople) -> str:
    """One frame as a line of a document. Raises InputError as ``check_writable`` does."""
    where = f"frame {item.index}"
    check_writable(item.people, where)
    camera = ""
    if item.camera is not None:
        numbers = camera_numbers(item.camera)
        check_camera(numbers, where)
        camera = f'"camera":[{",".join(f"{number:.10g}" for number in numbers)}],'
    return (
        f'{{"image":[{{"name":"{item.index:06d}.jpg"}}],"ignore_regions":[],'
        f'{camera}"annorect":{format_people(item.people)}}}'
    )


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


class DocumentWriter:
    """Streams frames into a document; published by ``publish``, or by a clean end of ``with``.

    With ``resume``, ``done`` holds the frames that an earlier, interrupted or finished, writing of
    the same header left, ``finished`` says which of the two, and ``write`` goes on after them.
    Raises ConfigError if the place cannot be written, holds a document of another header, or is
    being written by another process.
    """

    def __init__(self, path: Path, header: Header, resume: bool = False) -> None:
        self.path = path
        self.partial = partial_path(path)
        self.header = header
        self.done: list[FramePeople] = []
        self.finished = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(path)
        except OSError as error:
            raise write_error(path, error) from None
        try:
            self._file = self._opened((_header_line(header) + "\n").encode(), resume)
        except OSError as error:
            self._lock.release()
            raise write_error(path, error) from None
        except BaseException:
            self._lock.release()
            raise
        self._first = not self.done

    def _opened(self, head: bytes, resume: bool) -> BinaryIO:
        """The unfinished document, open at its end; what other writers left is gone."""
        left = partial_paths(self.path)  # of writers that are gone, for the lock is ours
        end = self._resume(head, left) if resume else 0
        for path in left:
            path.unlink(missing_ok=True)
        file = open(self.partial, "r+b" if end else "w+b")  # noqa: SIM115 # closed in close
        if end:
            file.seek(end)
            file.truncate()
        else:
            file.write(head)
        return file

    def _resume(self, head: bytes, left: Sequence[Path]) -> int:
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
        else:
            found = [path for path in left if _begins(path, head)]
            if not found:
                return 0
            os.replace(max(found, key=lambda path: path.stat().st_size), self.partial)
        with open(self.partial, "rb") as file:
            file.readline()
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
        finally:
            self._lock.release()

    def close(self) -> None:
        """Leave the document as far as it has come, to be resumed; no effect on a published one."""
        with suppress(OSError):  # what was to be written may be lost; --resume looks what is there
            self._file.close()
        self._lock.release()


def _begins(path: Path, head: bytes) -> bool:
    with open(path, "rb") as file:
        return file.readline() == head
