"""The stage document ``NAME.json``: the challenge's annolist with a ``"hie"`` header, streamed.

Line 1 is the header, then one line per frame, then a closing line; together they are one JSON
object that any reader of PoseTrack-2017 style files can read. ``document_writer`` writes it.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.actions import NUM_ACTIONS
from hie_cli.errors import InputError, input_error
from hie_cli.skeletons import NUM_JOINTS
from hie_cli.types import FramePeople, People, VideoInfo

FORMAT_VERSION = 1
STAGES = ("detect", "pose", "track", "action")
# What a written number keeps: hundredths of a pixel, ten-thousandths of a score.
PIXEL_DIGITS, SCORE_DIGITS = 2, 4


@dataclass(frozen=True)
class Header:
    """What a document says of itself.

    ``models`` maps a model's role to ``{"name": ..., "sha256": ...}``; ``config`` holds, per stage,
    the configuration it ran with; ``frames`` = (first, last+1, stride) of the frames it covers.
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


def rounded(people: People) -> People:
    """``people`` exactly as they come back from a document (numbers keep 2 or 4 decimals).

    ``hie run`` passes this between stages, so that its files equal those of separate commands.
    """

    def cut(values: Any, digits: int) -> Any:
        return None if values is None else np.round(np.asarray(values, np.float64), digits)

    keypoints = cut(people.keypoints, PIXEL_DIGITS)
    scores = cut(people.keypoint_scores, SCORE_DIGITS)
    if keypoints is not None:
        missing = ~np.isfinite(keypoints).all(-1)
        keypoints[missing] = np.nan
        scores[missing] = 0
    return People(
        cut(people.boxes, PIXEL_DIGITS),
        cut(people.scores, SCORE_DIGITS),
        people.track_ids,
        keypoints,
        scores,
        cut(people.action_scores, SCORE_DIGITS),
    )


class Document:
    """A stage document opened for reading: its header, and its frames streamed in order.

    Any annolist file without a header (a submission, another program's result) is read as well;
    its header then is None. Raises InputError naming file, line or frame, and fix.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with open(path, encoding="utf-8") as file:
                first = file.readline()
        except FileNotFoundError:
            raise input_error(path, "no such file", "run the stage that writes it") from None
        except (OSError, UnicodeDecodeError) as error:
            raise input_error(path, f"cannot be read ({error})", "give a stage document") from None
        self._streams = first.startswith('{"hie":') and first.rstrip().endswith('"annolist":[')
        self.header: Header | None = None
        if self._streams:
            self.header = _parse_header(
                _load(first.rstrip()[: -len(',"annolist":[')] + "}", path, 1), path
            )

    def __iter__(self) -> Iterator[FramePeople]:
        last = -1
        for place, record in self._records():
            item = parse_frame(record, self.path, place, last + 1)
            if item.frame_index <= last:
                raise input_error(
                    self.path,
                    place,
                    f"frame {item.frame_index} comes after frame {last}; frames must ascend",
                )
            last = item.frame_index
            yield item

    def _records(self) -> Iterator[tuple[str, Any]]:
        if not self._streams:
            yield from self._whole()
            return
        closed = False
        with open(self.path, encoding="utf-8") as file:
            next(file)
            for number, line in enumerate(file, 2):
                text = line.strip()
                if closed and text:
                    raise input_error(
                        self.path, f"line {number}", "text after the end of the document"
                    )
                if text == "]}":
                    closed = True
                elif text:
                    yield f"line {number}", _load(text.removeprefix(","), self.path, number)
        if not closed:
            raise input_error(self.path, "ends early", "the file is cut off; write it anew")

    def _whole(self) -> Iterator[tuple[str, Any]]:
        from hie_cli.formats.files import read_json

        data = read_json(self.path)
        if not isinstance(data, dict) or not isinstance(data.get("annolist"), list):
            raise input_error(self.path, "no 'annolist'", "expected a stage or annolist document")
        if self.header is None and isinstance(data.get("hie"), dict):
            self.header = _parse_header(data, self.path)
        for number, record in enumerate(data["annolist"]):
            yield f"entry {number}", record


def _load(text: str, path: Path, line: int) -> Any:
    def refuse(constant: str) -> None:
        raise input_error(path, f"line {line}", f"holds {constant}; numbers must be finite")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise input_error(
            path, f"line {line} column {error.colno}", f"broken JSON ({error.msg})"
        ) from None


def _parse_header(record: Any, path: Path) -> Header:
    try:
        hie = record["hie"]
        version = hie["format_version"]
        if version != FORMAT_VERSION:
            raise input_error(
                path, f"format version {version}", f"this hie reads version {FORMAT_VERSION}"
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
            raise input_error(path, f"stage {stage!r}", f"expected one of {', '.join(STAGES)}")
        first, end, stride = hie["frames"]
        return Header(
            stage,
            info,
            (int(first), None if end is None else int(end), int(stride)),
            str(hie["skeleton"]),
            tuple(hie["models"]),
            tuple(hie["config"].items()),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise input_error(path, "header", f"broken ({error!r}); write the document anew") from None


def frame_number(name: str) -> int | None:
    """The number in an image name such as ``000118.jpg``; None if there is none."""
    stem = Path(name.replace("\\", "/")).stem
    digits = stem[len(stem.rstrip("0123456789")) :]
    return int(digits) if digits else None


def _scalar(record: dict[str, Any], key: str, where: str) -> float:
    """The finite number under ``key``, alone or in a one-element list."""
    value = record.get(key)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{where}: {key} is {record.get(key)!r}; expected one finite number")
    return value


def parse_frame(record: Any, path: Path, place: str, expected: int = 0) -> FramePeople:
    """The people of one annolist entry. ``expected`` numbers it where its image name holds no number."""
    try:
        image = record["image"]
        name = (image[0] if isinstance(image, list) else image)["name"]
        name = name[0] if isinstance(name, list) else name
        rects = record.get("annorect") or []
    except (KeyError, TypeError, IndexError, AttributeError):
        raise input_error(path, place, "not an annolist entry with an image name") from None
    index = frame_number(str(name))
    index = expected if index is None else index
    where = f"{path}: frame {index}"
    if not isinstance(rects, list) or not all(isinstance(r, dict) for r in rects):
        raise InputError(f"{where}: annorect is not a list of persons")
    return FramePeople(index, _parse_people(rects, where))


def _parse_people(rects: list[dict[str, Any]], where: str) -> People:
    n = len(rects)
    boxes, scores = np.zeros((n, 4)), np.ones(n)
    ids = np.full(n, -1, np.int64)
    keypoints = np.full((n, NUM_JOINTS, 2), np.nan)
    joint_scores = np.zeros((n, NUM_JOINTS))
    actions = np.full((n, NUM_ACTIONS), np.nan)
    has_ids = n > 0 and all("track_id" in r for r in rects)
    has_pose = any("annopoints" in r for r in rects)
    has_actions = any("actions" in r for r in rects)
    for i, rect in enumerate(rects):
        person = f"{where}: person {i}"
        boxes[i] = [_scalar(rect, key, person) for key in ("x1", "y1", "x2", "y2")]
        for low, high, axis in ((0, 2, "x"), (1, 3, "y")):
            if boxes[i, high] < boxes[i, low]:
                raise InputError(
                    f"{person} has {axis}2 < {axis}1 "
                    f"({boxes[i, high]:g} < {boxes[i, low]:g}); expected xyxy"
                )
        scores[i] = _scalar(rect, "score", person) if "score" in rect else 1.0
        if has_ids:
            ids[i] = int(_scalar(rect, "track_id", person))
        _parse_points(rect.get("annopoints") or [], person, keypoints[i], joint_scores[i])
        for action in rect.get("actions") or []:
            number = int(_scalar(action, "id", person))
            if not 1 <= number <= NUM_ACTIONS:
                raise InputError(f"{person}: action id {number}; expected 1..{NUM_ACTIONS}")
            actions[i, number - 1] = _scalar(action, "score", person)
    return People(
        boxes, scores,
        ids if has_ids else None,
        keypoints if has_pose else None,
        joint_scores if has_pose else None,
        actions if has_actions else None,
    )  # fmt: skip


def _parse_points(annopoints: Any, person: str, keypoints: Any, scores: Any) -> None:
    """Fill one person's ``keypoints`` (14, 2) and ``scores`` (14,) from its annopoints."""
    if isinstance(annopoints, dict):
        annopoints = [annopoints]
    for group in annopoints:
        points = group.get("point", []) if isinstance(group, dict) else None
        if not isinstance(points, list) or not all(isinstance(p, dict) for p in points):
            raise InputError(f"{person}: annopoints holds no list of points")
        for point in points:
            joint = int(_scalar(point, "id", person))
            if not 0 <= joint < NUM_JOINTS:
                raise InputError(
                    f"{person}: joint id {joint}; expected 0..{NUM_JOINTS - 1} (hieve14)"
                )
            keypoints[joint] = _scalar(point, "x", person), _scalar(point, "y", person)
            scores[joint] = _scalar(point, "score", person) if "score" in point else 1.0
