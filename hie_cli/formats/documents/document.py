"""The stage document ``NAME.json``: the challenge's annolist with a ``"hie"`` header, streamed.

Line 1 is the header, then one line per frame, then a closing line; together they are one JSON
object that any reader of PoseTrack-2017 style files can read. ``document_writer`` writes it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from hie_cli.core.errors import InputError, input_error
from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.annolist_people import PIXEL_DIGITS, SCORE_DIGITS, parse_people
from hie_cli.formats.files import parse_json
from hie_cli.formats.limits import MAX_FRAMES
from hie_cli.formats.sources import Source

FORMAT_VERSION = 1
STAGES = ("detect", "pose", "track", "action")
HEADER_START, HEADER_END = '{"hie":', ',"annolist":['
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


def rounded(people: People) -> People:
    """``people`` exactly as they come back from a document (numbers keep 2 or 4 decimals).

    ``hie run`` passes this between stages, so that its files equal those of separate commands.
    """

    def cut(values: Any, digits: int) -> Any:
        return None if values is None else np.round(np.asarray(values, np.float64), digits) + 0.0

    keypoints = cut(people.keypoints, PIXEL_DIGITS)
    scores = cut(people.keypoint_scores, SCORE_DIGITS)
    if keypoints is not None:
        missing = ~np.isfinite(keypoints).all(-1)
        keypoints[missing] = np.nan
        scores[missing] = 0
    actions = cut(people.action_scores, SCORE_DIGITS)
    if actions is not None:
        actions[~np.isfinite(actions).all(-1)] = np.nan
    return People(
        cut(people.boxes, PIXEL_DIGITS),
        cut(people.scores, SCORE_DIGITS),
        people.track_ids,
        keypoints,
        scores,
        actions,
    )


class Document:
    """A stage document opened for reading: its header, and its frames streamed in order.

    Any annolist file without a header (a submission, another program's result) is read as well;
    its header then is None. Raises InputError naming file, line or frame, and fix.
    """

    def __init__(self, path: Path | Source) -> None:
        self.path = path
        self.label = path.label if isinstance(path, Source) else str(path)
        self._data: dict[str, Any] | None = None
        with self._lines() as lines:
            first = next(lines, "").strip()
        headed = first.startswith(HEADER_START) and first.endswith(HEADER_END)
        self.streams = headed or first == BARE_START
        self.header: Header | None = None
        if headed:
            head = _load(first.removesuffix(HEADER_END) + "}", self.label, 1)
            self.header = _parse_header(head, self.label)

    @contextmanager
    def _lines(self) -> Iterator[Iterator[str]]:
        """The file's lines; a plain file is streamed, a member of an archive read whole."""
        if isinstance(self.path, Source) and self.path.path is None:
            yield iter(self.path.read_text().splitlines())
            return
        path = self.path.path if isinstance(self.path, Source) else self.path
        assert path is not None
        try:
            with open(path, encoding="utf-8-sig") as file:
                yield iter(file)
        except FileNotFoundError:
            raise input_error(path, "no such file", "run the stage that writes it") from None
        except IsADirectoryError:
            raise input_error(path, "is a folder", "give a stage document") from None
        except UnicodeDecodeError:
            raise input_error(path, "not UTF-8 text", "give a stage document") from None
        except OSError as error:
            raise input_error(path, "cannot be read", error.strerror or str(error)) from None

    def __iter__(self) -> Iterator[FramePeople]:
        return (item for item, _ in self.entries())

    def entries(self) -> Iterator[tuple[FramePeople, dict[str, Any]]]:
        """Each frame with the annolist entry it was read from."""
        last = -1
        for place, record in self.records():
            item = parse_frame(record, self.label, place, last + 1)
            if item.index <= last:
                raise input_error(
                    self.label,
                    place,
                    f"frame {item.index} comes after frame {last}; frames must ascend",
                )
            self._check_range(item.index)
            last = item.index
            yield (item if self.header is None else complete(item, self.header)), record

    def _check_range(self, frame: int) -> None:
        count = None if self.header is None else self.header.video.num_frames
        if count is not None and frame >= count:
            raise InputError(
                f"{self.label}: frame {frame}: past the end of the video's {count} frames; "
                "write the document anew"
            )

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
                if text == "]}":
                    closed = True
                elif text:
                    yield f"line {number}", _load(text.removeprefix(","), self.label, number)
        if not closed:
            raise input_error(self.label, "ends early", "the file is cut off; write it anew")

    def whole(self) -> dict[str, Any]:
        """The JSON object of an annolist that is not laid out line by line; read once."""
        if self._data is None:
            with self._lines() as lines:
                data = parse_json("".join(_ended(lines)), self.label)
            if not isinstance(data, dict) or not isinstance(data.get("annolist"), list):
                raise input_error(
                    self.label, "no 'annolist'", "expected a stage or annolist document"
                )
            if "hie" in data:
                self.header = _parse_header(data, self.label)
            self._data = data
        return self._data


def _ended(lines: Iterator[str]) -> Iterator[str]:
    """Lines that each end in a newline."""
    return (line if line.endswith("\n") else f"{line}\n" for line in lines)


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
    return FramePeople(item.index, people)


def _load(text: str, label: str, line: int) -> Any:
    def refuse(constant: str) -> NoReturn:
        raise input_error(label, f"line {line}", f"holds {constant}; numbers must be finite")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        place = f"line {line} column {error.colno}"
        raise input_error(label, place, f"broken JSON ({error.msg}); write it anew") from None
    except ValueError:  # Python refuses to convert thousands of digits
        raise input_error(label, f"line {line}", "a number of too many digits") from None
    except RecursionError:
        raise input_error(label, f"line {line}", "JSON nested too deeply") from None


def _parse_header(record: Any, label: str) -> Header:
    try:
        hie = record["hie"]
        version = hie["format_version"]
        if version != FORMAT_VERSION:
            raise input_error(
                label,
                f"format version {version}",
                f"this hie reads version {FORMAT_VERSION}; write the document anew",
            )
        video = hie["video"]
        count = video["num_frames"]
        info = VideoInfo(
            str(video["name"]),
            int(video["width"]),
            int(video["height"]),
            float(video["fps"]),
            None if count is None else int(count),
        )
        stage = str(hie["stage"])
        if stage not in STAGES:
            raise input_error(label, f"stage {stage!r}", f"expected one of {', '.join(STAGES)}")
        first, end, stride = hie["frames"]
        return Header(
            stage,
            info,
            (int(first), None if end is None else int(end), int(stride)),
            str(hie["skeleton"]),
            tuple(hie["models"]),
            tuple(hie["config"].items()),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise input_error(label, "header", f"broken ({error!r}); write the document anew") from None


def frame_number(name: str) -> int | None:
    """The number in an image name such as ``000118.jpg``; None if there is none."""
    stem = Path(name.replace("\\", "/")).stem
    digits = stem[len(stem.rstrip("0123456789")) :]
    return int(digits[-18:]) if digits else None


def parse_frame(record: Any, label: str, place: str, expected: int = 0) -> FramePeople:
    """The people of one annolist entry, numbered ``expected`` if its image name holds no number."""
    try:
        image = record["image"]
        name = (image[0] if isinstance(image, list) else image)["name"]
        name = name[0] if isinstance(name, list) else name
        rects = record.get("annorect")
    except (KeyError, TypeError, IndexError, AttributeError):
        raise input_error(label, place, "not an annolist entry with an image name") from None
    index = frame_number(str(name))
    index = expected if index is None else index
    if index >= MAX_FRAMES:
        raise input_error(label, place, f"frame {index}; expected a number below {MAX_FRAMES}")
    where = f"{label}: frame {index}"
    rects = [] if rects is None else rects
    if not isinstance(rects, list) or not all(isinstance(r, dict) for r in rects):
        raise InputError(f"{where}: annorect is not a list of persons")
    return FramePeople(index, parse_people(rects, where))
