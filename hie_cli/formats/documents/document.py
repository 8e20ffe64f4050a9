"""The stage document ``NAME.json``: the challenge's annolist with a ``"hie"`` header, streamed.

Line 1 is the header, then one line per frame, then a closing line; together they are one JSON
object that any reader of PoseTrack-2017 style files can read. ``documents.writer`` writes it.
"""

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from hie_cli.core.errors import InputError, input_error
from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.entries import frame_number, image_name, parse_frame
from hie_cli.formats.documents.fields import scalar, whole
from hie_cli.formats.files import file_name, parse_json, refuse_endless
from hie_cli.formats.limits import MAX_FPS, MAX_FRAMES, MAX_SIDE, MIN_FPS
from hie_cli.formats.sources import Source, plain_source

FORMAT_VERSION = 1
STAGES = ("detect", "pose", "track", "action")
HEADER_START, HEADER_END = '{"hie":', ',"annolist":['
# A bare annolist with a frame a line, and not merely a line break there.
BARE = re.compile(rb'\{"annolist":\[[ \t]*\r?\n(\{"image":|\]\})')
HEAD_BYTES = 4096
_NAME = re.compile(rb'\s*,?\{"image":\[\{"name":"([^"\\]*)"\}\]')
MAX_HEADER_BYTES = 16 << 20
BARE_START = '{"annolist":['  # the same without a header, as submissions are written


@dataclass(frozen=True)
class Header:
    """What a document says of itself.

    ``models`` holds one ``{"name": ..., "sha256": ...}`` per model used; ``config`` holds, per
    stage, the configuration it ran with; ``frames`` = (first, last+1, stride).
    """

    stage: str
    video: VideoInfo
    frames: tuple[int, int | None, int] = (0, None, 1)
    skeleton: str = "hieve14"
    models: tuple[dict[str, str], ...] = ()
    config: tuple[tuple[str, Any], ...] = ()

    def next_stage(self, stage: str, models: tuple[dict[str, str], ...], config: Any) -> "Header":
        """This document's header one stage richer."""
        kept = tuple(item for item in self.config if item[0] != stage)
        return Header(
            stage,
            self.video,
            self.frames,
            self.skeleton,
            self.models + models,
            (*kept, (stage, config)),
        )

    @property
    def stages(self) -> frozenset[str]:
        """The stages that this document has been through."""
        return frozenset({self.stage} | {name for name, _ in self.config})


class Document:
    """A stage document opened for reading: its header, and its frames streamed in order.

    Any annolist file without a header (a submission, another program's result) is read as well;
    its header then is None, and its frames may come in any order. ``kind`` is what the people of a
    frame are read as. Raises InputError naming file, line or frame, and fix.
    """

    def __init__(self, path: Path | Source, kind: type[People] = People) -> None:
        self.source = path if isinstance(path, Source) else plain_source(path)
        self.path = path
        self.label = self.source.label
        self.kind = kind
        self.header: Header | None = None
        with self._lines() as lines:
            start = lines.read(HEAD_BYTES).removeprefix(codecs.BOM_UTF8)
            first = b""
            headed = start.startswith(HEADER_START.encode())
            if headed:  # the whole line, which may be longer
                lines.seek(0)
                first = lines.readline(MAX_HEADER_BYTES).removeprefix(codecs.BOM_UTF8).strip()
                headed = first.endswith(HEADER_END.encode())
        self.streams = headed or BARE.match(start) is not None
        if headed:
            head = parse_json(first.removesuffix(HEADER_END.encode()) + b"}", self.label, 1)
            self.header = _parse_header(head, self.label)
        elif not self.streams and b'"hie"' in start:
            self.whole()

    @contextmanager
    def _lines(self) -> Iterator[BinaryIO]:
        """The file's bytes; a plain file is streamed, a member of an archive read whole."""
        path = self.source.path
        if path is None:
            yield io.BytesIO(self.source.read_bytes())
            return
        try:
            refuse_endless(path)
            with open(path, "rb") as file:
                yield file
        except FileNotFoundError:
            raise input_error(path, "no such file", "run the stage that writes it") from None
        except IsADirectoryError:
            raise input_error(path, "is a folder", "give a stage document") from None
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or str(error)
            raise input_error(path, "cannot be read", said) from None

    def __iter__(self) -> Iterator[FramePeople]:
        return (item for item, _ in self.entries())

    def entries(self) -> Iterator[tuple[FramePeople, dict[str, Any]]]:
        """Each frame with the annolist entry it was read from, frames ascending.

        A document's frames are streamed and must ascend; those of an annolist without a header are
        sorted.
        """
        if self.header is None and not self._ascends():
            yield from sorted(self._parsed(False), key=lambda pair: pair[0].index)
        else:
            yield from self._parsed(True)

    def _ascends(self) -> bool:
        """Whether the numbers in the images' names ascend."""
        last = -1
        for index in self._numbers():
            if index is not None and index <= last:
                return False
            last = last + 1 if index is None else index
        return True

    def _numbers(self) -> Iterator[int | None]:
        """The number in every image's name; of a streamed line without parsing it."""
        if not self.streams:
            for place, record in self.records():
                yield frame_number(image_name(record, self.label, place))
            return
        with self._lines() as lines:
            next(lines)
            for number, line in enumerate(lines, 2):
                found = _NAME.match(line)
                if found is not None:
                    yield frame_number(found[1].decode("utf-8", "replace"))
                elif line.strip() not in (b"", b"]}"):
                    record = parse_json(line.strip().removeprefix(b","), self.label, number)
                    yield frame_number(image_name(record, self.label, f"line {number}"))

    def _parsed(self, ascending: bool) -> Iterator[tuple[FramePeople, dict[str, Any]]]:
        seen: set[int] = set()
        last = -1
        for place, record in self.records():
            item = parse_frame(record, self.label, place, last + 1, self.kind)
            if ascending and item.index <= last:
                raise input_error(
                    self.label,
                    place,
                    f"frame {item.index} comes after frame {last}; frames must ascend",
                )
            if item.index in seen:
                raise input_error(self.label, place, f"frame {item.index} occurs twice")
            if not ascending:
                seen.add(item.index)
            last = item.index
            yield (item if self.header is None else complete(item, self.header)), record

    def records(self) -> Iterator[tuple[str, Any]]:
        """Each annolist entry as parsed JSON, with its place in the file."""
        if not self.streams:
            for number, record in enumerate(self.whole()["annolist"]):
                yield f"entry {number}", record
            return
        closed = False
        with self._lines() as lines:
            next(lines)
            for number, line in enumerate(lines, 2):
                text = line.strip()
                if closed and text:
                    raise input_error(
                        self.label, f"line {number}", "text after the end of the document"
                    )
                if text == b"]}":
                    closed = True
                elif text:
                    yield f"line {number}", parse_json(text.removeprefix(b","), self.label, number)
        if not closed:
            raise input_error(self.label, "ends early", "the file is cut off; write it anew")

    def whole(self) -> dict[str, Any]:
        """The JSON object of an annolist that is not laid out line by line; parsed once."""
        data = self.source.json()
        if not isinstance(data, dict) or not isinstance(data.get("annolist"), list):
            raise input_error(self.label, "no 'annolist'", "expected a stage or annolist document")
        if "hie" in data and self.header is None:
            self.header = _parse_header(data, self.label)
        return data


def complete(item: FramePeople, header: Header) -> FramePeople:
    """Nobody is nobody at every stage: an empty frame gets the fields its stages write."""
    people, stages = item.people, header.stages
    if len(people):
        return item
    if "pose" in stages:
        nobody = np.zeros((0, NUM_JOINTS))
        people = people.replace(keypoints=np.zeros((0, NUM_JOINTS, 2)), keypoint_scores=nobody)
    if "track" in stages:
        people = people.replace(track_ids=np.zeros(0, np.int64))
    return replace(item, people=people)


def _parse_header(record: Any, label: str) -> Header:
    try:
        hie = record["hie"]
        version = hie["format_version"]
        if version != FORMAT_VERSION:
            raise input_error(
                label,
                f"format version {str(version)[:40]}",
                f"this hie reads version {FORMAT_VERSION}; write the document anew",
            )
        video = _video_info(hie["video"], f"{label}: header: video")
        stage = str(hie["stage"])
        if stage not in STAGES:
            raise input_error(
                label, f"stage {stage[:40]!r}", f"expected one of {', '.join(STAGES)}"
            )
        models, config = hie["models"], hie["config"]
        if not all(isinstance(m, dict) and set(map(type, m.values())) <= {str} for m in models):
            raise TypeError("models are not names and hashes")
        return Header(
            stage,
            video,
            _frame_range(hie["frames"], f"{label}: header: frames"),
            str(hie["skeleton"]),
            tuple(models),
            tuple(config.items()),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        said = repr(error)[:80]
        raise input_error(label, "header", f"broken ({said}); write the document anew") from None


def _video_info(video: Any, where: str) -> VideoInfo:
    """The header's video, every number within what a video can have."""
    if not isinstance(video["name"], str):
        raise TypeError(f"name is {str(video['name'])[:40]}")
    try:
        name = file_name(video["name"])
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    fps = scalar(video, "fps", where)
    if not MIN_FPS <= fps <= MAX_FPS:
        raise InputError(f"{where}: fps is {fps:g}; expected a rate of {MIN_FPS:g} to {MAX_FPS:g}")
    return VideoInfo(
        name,
        whole(video, "width", where, 1, MAX_SIDE),
        whole(video, "height", where, 1, MAX_SIDE),
        float(fps),
        None if video["num_frames"] is None else whole(video, "num_frames", where, 0, MAX_FRAMES),
    )


def _frame_range(frames: Any, where: str) -> tuple[int, int | None, int]:
    """The header's (first, last+1, stride)."""
    first, end, stride = frames
    parts = {"first": first, "end": end, "stride": stride}
    return (
        whole(parts, "first", where, 0, MAX_FRAMES),
        None if end is None else whole(parts, "end", where, 0, MAX_FRAMES),
        whole(parts, "stride", where, 1, MAX_FRAMES),
    )
