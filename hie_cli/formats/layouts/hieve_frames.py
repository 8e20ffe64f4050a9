"""HiEve all-track ground truth: one ``000000.xml`` (or its JSON rendering) per frame.

Layout: humaninevents.org/format.html. A joint is the text ``x,y,flag`` with flag 0 visible,
1 invisible, -1 not annotated. ``difficult`` 1 is read as "does not count", its meaning in VOC.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from hie_cli.core.action_classes import ACTIONS, action_index
from hie_cli.core.annotations import INVISIBLE, NOT_ANNOTATED, VISIBLE, Annotations, TruthSequence
from hie_cli.core.errors import InputError, input_error, nearest
from hie_cli.core.skeletons import HIEVE_NAMES, NUM_JOINTS
from hie_cli.formats.documents.annolist_truth import truth_of_people
from hie_cli.formats.documents.entries import frame_number
from hie_cli.formats.documents.fields import check_box
from hie_cli.formats.files import parse_json
from hie_cli.formats.layouts.xml_records import parse_xml
from hie_cli.formats.limits import MAX_COORDINATE, MAX_FRAMES, MAX_SIDE
from hie_cli.formats.output import write_text
from hie_cli.formats.sequence import VideoSequence
from hie_cli.formats.sources import Source

MAX_FRAME_BYTES = 16 << 20  # a thousand people take about 1 MB
HOLDS = frozenset(
    {"boxes", "track ids", "hidden joints", "ignored people", "actions", "image size"}
    | {"joints", "noses", "chests", "unlabelled frames"}
    | {"frames without people", "empty frames at the end", "people without an action"}
)
_VISIBILITY = {0: VISIBLE, 1: INVISIBLE, -1: NOT_ANNOTATED}
# Names as written and in small letters.
_JOINT_INDEX = {name: j for j, given in enumerate(HIEVE_NAMES) for name in (given, given.lower())}
_NOWHERE = (math.nan, math.nan)
_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_NO_ACTION = ("", "none", "null", "unspecified", "unknown")


def parse_sequence(files: list[Source], name: str) -> TruthSequence:
    """The frames of one sequence from its per-frame files (numbered by file name).

    Frames without a file are not annotated.
    """
    frames: dict[int, Annotations] = {}
    sizes: set[tuple[int, int]] = set()
    for source in files:
        index = frame_number(source.name)
        if index is None or index >= MAX_FRAMES:
            raise input_error(source.label, "no frame number", "expected a name like 000118.xml")
        if index in frames:
            raise input_error(source.label, f"frame {index}", "occurs in two files; remove one")
        frames[index], size = parse_frame_file(source)
        if size is not None:
            sizes.add(size)
    if len(sizes) > 1:
        shown = ", ".join(f"{w}x{h}" for w, h in sorted(sizes))
        raise InputError(f"{files[0].label}: sequence {name} mixes image sizes ({shown})")
    width, height = sizes.pop() if sizes else (None, None)
    missing = Annotations.empty(annotated=False)
    all_frames = tuple(frames.get(t, missing) for t in range(max(frames, default=-1) + 1))
    return TruthSequence(name, all_frames, width, height)


def parse_frame_file(source: Source) -> tuple[Annotations, tuple[int, int] | None]:
    """One frame's annotations and the image size it states."""
    content = source.read_bytes(MAX_FRAME_BYTES + 1)
    if len(content) > MAX_FRAME_BYTES:
        raise input_error(source.label, f"more than {MAX_FRAME_BYTES} bytes", "not one frame")
    parse = parse_json if source.suffix == ".json" else parse_xml
    data = parse(content, source.label)
    annotation = data.get("annotation") if isinstance(data, dict) else None
    if annotation == "":
        annotation = {}
    if not isinstance(annotation, dict):
        raise input_error(source.label, "no <annotation>", "expected HiEve all-track ground truth")
    objects = annotation.get("object") or []
    objects = objects if isinstance(objects, list) else [objects]
    n = len(objects)
    boxes, ids = np.zeros((n, 4)), np.full(n, -1, np.int64)
    ignore, actions = np.zeros(n, bool), np.full(n, -1, np.int64)
    keypoints = np.full((n, NUM_JOINTS, 2), np.nan)
    visibility = np.full((n, NUM_JOINTS), NOT_ANNOTATED, np.int8)
    owners: dict[int, int] = {}
    for i, record in enumerate(objects):
        where = f"{source.label}: object {i}"
        if not isinstance(record, dict) or not isinstance(record.get("bndbox"), dict):
            raise InputError(f"{where}: no bndbox; every object needs one")
        box = record["bndbox"]
        boxes[i] = _corners(box, where)
        check_box(boxes[i], where)
        ids[i] = identity = _identity(record.get("name", ""), where)
        if identity in owners and identity >= 0:
            raise InputError(
                f"{where}: name P-{identity} occurs twice (object {owners[identity]}); "
                "one object per person"
            )
        owners[identity] = i
        ignore[i] = str(record.get("difficult", 0)).strip() == "1"
        actions[i] = _action(record.get("action", ""), where)
        _read_joints(box, where, keypoints[i], visibility[i])
    found = Annotations(boxes, ids, ignore, keypoints, visibility, actions)
    return found, _size(annotation.get("size"))


def _corners(box: dict[str, Any], where: str) -> list[float]:
    """xmin, ymin, xmax, ymax in pixels."""
    try:
        corners = [float(box[key]) for key in _CORNERS]
        if all(abs(value) <= MAX_COORDINATE for value in corners):
            return corners
    except (KeyError, TypeError, ValueError, OverflowError):
        pass
    return [_number(box.get(key), f"{where}: {key}") for key in _CORNERS]


def _number(value: Any, where: str) -> float:
    """A finite number in pixels from a JSON number or XML text."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        shown = "missing" if value is None else repr(value)[:40]
        raise InputError(f"{where} is {shown}; expected a number") from None
    if not math.isfinite(number) or abs(number) > MAX_COORDINATE:
        raise InputError(f"{where} is {str(value)[:40]}; expected a finite number of pixels")
    return number


def _identity(name: Any, where: str) -> int:
    """``P-12`` -> 12; a name without a number is nobody known (-1)."""
    digits = str(name).strip().rpartition("-")[2]
    if not digits.isascii() or not digits.isdigit():
        return -1
    if len(digits) > 15:
        raise InputError(f"{where}: name {str(name)[:40]!r}; expected P-<number>")
    return int(digits)


def _action(name: Any, where: str) -> int:
    text = "" if name is None else str(name)
    if text.strip().lower() in _NO_ACTION:
        return -1
    index = action_index(text)
    if index is None:
        raise InputError(
            f"{where}: action {text[:40]!r} is none of the 14"
            f"{nearest(text.strip().lower(), list(ACTIONS))}"
        )
    return index


def _read_joints(box: dict[str, Any], where: str, keypoints: Any, visibility: Any) -> None:
    """Fill one person's ``keypoints`` (14, 2) and ``visibility`` (14,)."""
    points = [_NOWHERE] * NUM_JOINTS
    flags = [NOT_ANNOTATED] * NUM_JOINTS
    for key, value in box.items():
        joint = _JOINT_INDEX.get(key)
        if joint is None:
            if key in _CORNERS:
                continue
            joint = _JOINT_INDEX.get(key.strip().lower().replace("_", "-"))
        if joint is None:
            hint = nearest(key, list(HIEVE_NAMES))
            raise InputError(f"{where}: unknown joint {key[:40]!r}{hint}")
        x, y, flag = _joint(value, where, key)
        flags[joint] = _VISIBILITY[int(flag)]
        points[joint] = _NOWHERE if flag == -1 else (x, y)
    keypoints[:], visibility[:] = points, flags


def _joint(value: Any, where: str, key: str) -> tuple[float, float, float]:
    """A joint's x, y (pixels) and flag, from the text ``x,y,flag`` or a list of them."""
    parts = value if isinstance(value, list) else str(value).split(",")
    if len(parts) != 3:
        raise InputError(f"{where}: {key} is {str(value)[:40]!r}; expected x,y,flag")
    try:
        x, y, flag = float(parts[0]), float(parts[1]), float(parts[2])
    except (TypeError, ValueError, OverflowError):
        x = math.nan
    if not (abs(x) <= MAX_COORDINATE and abs(y) <= MAX_COORDINATE and flag in _VISIBILITY):
        x, y, flag = (_number(part, f"{where}: {key}") for part in parts)  # says what is wrong
        if flag not in _VISIBILITY:
            raise InputError(
                f"{where}: {key} has flag {flag:g}; expected 0 visible, 1 invisible, "
                "-1 not annotated"
            )
    return x, y, flag


def _size(size: Any) -> tuple[int, int] | None:
    try:
        width, height = int(size["width"]), int(size["height"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return (width, height) if 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE else None


def write_frames(
    sequences: Sequence[VideoSequence], out: Path, overwrite: bool, as_json: bool
) -> list[Path]:
    """A folder per sequence with a file per labelled frame."""
    files = []
    ending = "json" if as_json else "xml"
    for sequence in sequences:
        truth = TruthSequence(
            sequence.name, _annotations(sequence), sequence.width, sequence.height
        )
        for index, frame in enumerate(truth.frames):
            if frame.annotated:
                path = out / sequence.name / f"{index:06d}.{ending}"
                files.append(write_text(path, format_frame(truth, index, as_json), overwrite))
    return files


def _annotations(sequence: VideoSequence) -> tuple[Annotations, ...]:
    """Every frame as truth; results become truth by their best action, everybody counting."""
    frames = [Annotations.empty(annotated=False)] * sequence.num_frames
    for frame in sequence.frames:
        truth = frame.truth
        frames[frame.index] = truth_of_people(frame.people) if truth is None else truth
    return tuple(frames)


def format_frame(sequence: TruthSequence, index: int, as_json: bool) -> str:
    """One frame's file in the site's layout, as XML or as its JSON rendering."""
    annotation: dict[str, Any] = {
        "folder": sequence.name,
        "filename": f"{index}.jpg",
        "path": f"{sequence.name}/{index}.jpg",
        "source": {"database": "Unknown"},
        "size": {"width": sequence.width or 0, "height": sequence.height or 0, "depth": 3},
        "segmented": 0,
        "object": _objects(sequence.frames[index]),
    }
    if as_json:
        return json.dumps({"annotation": annotation}, indent=1) + "\n"
    return "\n".join(_xml_lines("annotation", annotation, 0)) + "\n"


def _objects(frame: Annotations) -> list[dict[str, Any]]:
    objects = []
    boxes = np.round(frame.boxes.astype(np.float64), 3) + 0.0
    for i, corners in enumerate(boxes.tolist()):
        box: dict[str, Any] = {
            key: round(v) if v == round(v) else v for key, v in zip(_CORNERS, corners, strict=True)
        }
        if frame.keypoints is not None and frame.visibility is not None:
            points = (np.round(frame.keypoints[i].astype(np.float64), 3) + 0.0).tolist()
            for j, name in enumerate(HIEVE_NAMES):
                box[name] = _joint_text(points[j], int(frame.visibility[i, j]))
        action = -1 if frame.actions is None else int(frame.actions[i])
        track_id = int(frame.track_ids[i])
        objects.append(
            {
                "name": f"P-{track_id}" if track_id >= 0 else "P",
                "action": ACTIONS[action] if action >= 0 else "none",
                "pose": "Unspecified",
                "truncated": 0,
                "difficult": int(frame.ignore[i]),
                "bndbox": box,
            }
        )
    return objects


def _joint_text(point: list[float], visibility: int) -> str:
    if visibility == NOT_ANNOTATED or math.isnan(point[0]):
        return "0,0,-1"
    return f"{point[0]:.10g},{point[1]:.10g},{0 if visibility == VISIBLE else 1}"


def _xml_lines(tag: str, value: Any, depth: int) -> list[str]:
    """A value as indented XML: a dict nests, a list repeats its tag."""
    if isinstance(value, list):
        return [line for item in value for line in _xml_lines(tag, item, depth)]
    pad = " " * depth
    if isinstance(value, dict):
        inner = [line for key, item in value.items() for line in _xml_lines(key, item, depth + 1)]
        return [f"{pad}<{tag}>", *inner, f"{pad}</{tag}>"]
    return [f"{pad}<{tag}>{escape(str(value))}</{tag}>"]
