"""PoseTrack 2017 annolist JSON: 15 joints, x1..y2 is the head box, ``imgnum`` counts from 1."""

import codecs
import json
from typing import Any

import numpy as np

from hie_cli.core import geometry
from hie_cli.core.annotations import NOT_ANNOTATED, VISIBLE, Annotations, TruthSequence
from hie_cli.core.errors import InputError, input_error
from hie_cli.core.skeletons import NUM_JOINTS, POSETRACK15
from hie_cli.core.types import ExactPeople, FramePeople, People
from hie_cli.formats.documents.annolist_truth import read_regions, region_records
from hie_cli.formats.documents.document import BARE, HEAD_BYTES, HEADER_START
from hie_cli.formats.documents.entries import frame_number
from hie_cli.formats.documents.fields import scalar, whole
from hie_cli.formats.layout import FITS, Fit, Layout, ReadOptions
from hie_cli.formats.layouts import json_keys
from hie_cli.formats.layouts.keypoints import joint_map, pick, plain
from hie_cli.formats.limits import MAX_COORDINATE, MAX_FRAMES
from hie_cli.formats.output import texts
from hie_cli.formats.reading import per_file
from hie_cli.formats.sequence import ResultSequence, SequenceFrame, VideoSequence
from hie_cli.formats.sources import Source

JOINTS = joint_map(POSETRACK15.joints)
TELLING_ENTRIES = 50
_BOX = ("x1", "y1", "x2", "y2")


def is_posetrack17(source: Source) -> bool:
    """Whether an annolist is PoseTrack's own: frame marks, or a head top in most of its people.

    A stray joint 14 in an annolist of HiEve's 14 joints is an error, not a mark. The first entries
    tell.
    """
    data = json_keys.outermost(source)
    entries = _dicts(data.get("annolist"))[:TELLING_ENTRIES] if data is not None else []
    if any("imgnum" in entry or "is_labeled" in entry for entry in entries):
        return True
    posed = sum(bool(rect.get("annopoints")) for e in entries for rect in _dicts(e.get("annorect")))
    return sum(_head_tops(entry) for entry in entries) > posed / 2


def _sniff(source: Source) -> Fit:
    head = source.read_bytes(HEAD_BYTES).removeprefix(codecs.BOM_UTF8)
    if head.startswith(HEADER_START.encode()) or BARE.match(head):
        return Fit(0.3, "is laid out as stage documents are")
    if not json_keys.has(source, "annolist"):
        return json_keys.missing(source, ("annolist",))
    if not is_posetrack17(source):
        return Fit(0.8, "has neither imgnum and is_labeled, nor PoseTrack's 15 joints")
    return FITS


def _dicts(value: Any) -> list[dict[str, Any]]:
    """The objects in a JSON list; none where it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _head_tops(entry: dict[str, Any]) -> int:
    """How many head tops (joint 14), which HiEve lacks, an entry holds."""
    top = POSETRACK15.joints.index("head_top")
    groups = (g for r in _dicts(entry.get("annorect")) for g in _dicts(r.get("annopoints")))
    return sum(p.get("id") in (top, [top]) for g in groups for p in _dicts(g.get("point")))


def _entries(source: Source) -> dict[int, dict[str, Any]]:
    data = source.json()
    entries = data.get("annolist") if isinstance(data, dict) else None
    if not isinstance(entries, list):
        raise input_error(source.label, "no 'annolist'", "expected a PoseTrack 2017 file")
    frames: dict[int, dict[str, Any]] = {}
    for number, entry in enumerate(entries):
        place = f"entry {number}"
        if not isinstance(entry, dict):
            raise input_error(source.label, place, "not an annolist entry")
        frame = _frame(entry, source.label, place)
        if frame in frames:
            raise input_error(source.label, place, f"frame {frame} occurs twice")
        frames[frame] = entry
    return frames


def _frame(entry: dict[str, Any], label: str, place: str) -> int:
    """0-based frame: ``imgnum`` - 1, or else the number in the image's name."""
    if entry.get("imgnum"):
        return whole(entry, "imgnum", f"{label}: {place}", 1, MAX_FRAMES) - 1
    name = image_name(entry)
    frame = frame_number(name)
    if frame is None or frame >= MAX_FRAMES:
        raise input_error(label, place, f"image name {name[:60]!r} holds no frame number")
    return frame


def image_name(entry: dict[str, Any]) -> str:
    """The image's name in an annolist entry; empty if there is none."""
    image = entry.get("image")
    image = image[0] if isinstance(image, list) and image else image
    name = image.get("name", "") if isinstance(image, dict) else ""
    return str(name[0] if isinstance(name, list) and name else name)


def _people(entry: dict[str, Any], where: str) -> tuple[People, Any]:
    """The people of an entry and their head boxes (N, 4) or None."""
    rects = entry.get("annorect") or []
    if not isinstance(rects, list) or not all(isinstance(r, dict) for r in rects):
        raise InputError(f"{where}: annorect is not a list of persons")
    n = len(rects)
    tables = np.full((n, NUM_JOINTS, 3), np.nan)
    boxes, heads, scores = np.zeros((n, 4)), np.full((n, 4), np.nan), np.ones(n)
    ids = np.full(n, -1, np.int64)
    for i, rect in enumerate(rects):
        person = f"{where}: person {i}"
        tables[i] = _joints(rect, person)
        scores[i] = scalar(rect, "score", person) if rect.get("score") not in (None, []) else 1.0
        if "track_id" in rect:
            ids[i] = whole(rect, "track_id", person, -1, 2**53)
        if all(rect.get(key) not in (None, []) for key in _BOX):
            heads[i] = [scalar(rect, key, person) for key in _BOX]
        known = tables[i][np.isfinite(tables[i, :, 0]), :2]
        if len(known):
            boxes[i] = np.concatenate([known.min(0), known.max(0)])
        elif np.isfinite(heads[i]).all():
            boxes[i] = heads[i]
    people = ExactPeople(
        boxes,
        scores,
        ids if any("track_id" in r for r in rects) else None,
        tables[..., :2],
        np.nan_to_num(tables[..., 2]),
    )
    return people, heads if n and np.isfinite(heads).all() else None


def _joints(rect: dict[str, Any], person: str) -> Any:
    """One person's 14 joints (14, 3) x, y, score; NaN where missing."""
    table = np.full((len(JOINTS.names), 3), np.nan)
    groups = rect.get("annopoints") or []
    groups = [groups] if isinstance(groups, dict) else groups
    if not isinstance(groups, list):
        raise InputError(f"{person}: annopoints is not a list")
    for group in groups:
        points = group.get("point") if isinstance(group, dict) else None
        if not isinstance(points, list) or not all(isinstance(p, dict) for p in points):
            raise InputError(f"{person}: annopoints holds no list of points")
        for point in points:
            joint = whole(point, "id", f"{person}: joint", 0, len(JOINTS.names) - 1)
            where = f"{person}: joint {joint}"
            x, y = scalar(point, "x", where), scalar(point, "y", where)
            if max(abs(x), abs(y)) > MAX_COORDINATE:
                raise InputError(f"{where}: lies beyond ±{MAX_COORDINATE:g} pixels")
            score = scalar(point, "score", where) if point.get("score") else 1.0
            if point.get("is_visible") not in (None, []):
                score = float(point["is_visible"] not in (0, [0], "0", ["0"]))
            table[joint] = x, y, score
    chosen = pick(table, JOINTS)
    chosen[[slot < 0 for slot in JOINTS.slots]] = np.nan
    return chosen


def _truth(source: Source, name: str, options: ReadOptions) -> TruthSequence:
    """One file as ground truth; unlabelled frames are not annotated."""
    frames: dict[int, Annotations] = {}
    entries = _entries(source)
    for t, entry in entries.items():
        where = f"{source.label}: frame {t}"
        people, heads = _people(entry, where)
        seen = geometry.known(people.keypoints) if people.keypoints is not None else False
        n = len(people)
        frames[t] = Annotations(
            people.boxes,
            np.full(n, -1) if people.track_ids is None else people.track_ids,
            np.zeros(n, bool),
            people.keypoints,
            np.where(seen, VISIBLE, NOT_ANNOTATED).astype(np.int8),
            ignore_regions=read_regions(entry, where),
            annotated=entry.get("is_labeled") not in (0, False, [0], [False]),
            head_boxes=heads,
            image=image_name(entry),
        )
    missing = Annotations.empty(annotated=False)
    count = max(frames, default=-1) + 1
    return TruthSequence(
        name, tuple(frames.get(t, missing) for t in range(count)), dropped=_dropped(entries)
    )


def _dropped(entries: dict[int, dict[str, Any]]) -> tuple[tuple[str, int], ...]:
    others = sum(_head_tops(entry) for entry in entries.values())
    return (("joints outside HiEve's 14 (head_top)", others),) if others else ()


def _results(source: Source, name: str, options: ReadOptions) -> ResultSequence:
    """One file as results, frames ascending."""
    entries = _entries(source)
    frames = tuple(
        FramePeople(t, _people(entries[t], f"{source.label}: frame {t}")[0])
        for t in sorted(entries)
    )
    return ResultSequence(name, frames, dropped=_dropped(entries))


def _text(sequence: VideoSequence) -> str:
    entries = [_entry(sequence.name, frame) for frame in sequence.frames]
    return json.dumps({"annolist": entries}, allow_nan=False) + "\n"


def _entry(video: str, frame: SequenceFrame) -> dict[str, Any]:
    people, truth = frame.people, frame.truth
    number = frame.index + 1
    entry: dict[str, Any] = {
        "image": [{"name": f"images/{video}/{number:08d}.jpg"}],
        "annorect": [_rect(people, truth, i) for i in range(len(people))],
        "ignore_regions": region_records(() if truth is None else truth.ignore_regions),
        "imgnum": [number],
    }
    if truth is not None:
        entry["is_labeled"] = [int(truth.annotated)]
    return entry


def _rect(people: People, truth: Annotations | None, i: int) -> dict[str, Any]:
    record: dict[str, Any] = {}
    if truth is not None and truth.head_boxes is not None:
        record = {k: [v] for k, v in zip(_BOX, plain(truth.head_boxes[i]), strict=True)}
    if truth is None:
        record["score"] = plain(people.scores[i : i + 1], 6)
    if people.track_ids is not None:
        record["track_id"] = [int(people.track_ids[i])]
    points = []
    if people.keypoints is not None and people.keypoint_scores is not None:
        for joint, slot in sorted(enumerate(JOINTS.slots), key=lambda pair: pair[1]):
            if _known(people, truth, i, joint):
                x, y = plain(people.keypoints[i, joint])
                point: dict[str, Any] = {"id": [slot], "x": [x], "y": [y]}
                if truth is None:
                    point["score"] = plain(people.keypoint_scores[i, joint : joint + 1], 6)
                else:
                    point["is_visible"] = [1]
                points.append(point)
    record["annopoints"] = [{"point": points}] if points else []
    return record


def _known(people: People, truth: Annotations | None, i: int, joint: int) -> bool:
    """Whether a joint is written: present, and in truth visible (hidden ones have no place)."""
    if truth is not None and truth.visibility is not None:
        return bool(truth.visibility[i, joint] == VISIBLE)
    return people.keypoints is not None and bool(geometry.known(people.keypoints[i, joint]))


LAYOUT = Layout(
    "posetrack17",
    "PoseTrack 2017 annolist JSON",
    (".json",),
    _sniff,
    per_file(_truth),
    per_file(_results),
    None,
    texts(_text, ".json"),
    frozenset(
        {"track ids", "scores", "ignore regions", "head boxes"}
        | {"joints", "noses", "chests", "joint scores"}
        | {"frames without people", "empty frames at the end", "people without an action"}
        | {"unlabelled frames", "unlabelled frames at the end"}
    ),
)
