"""PoseTrack 2018/21: one JSON file per video, COCO's tables with tracks and labelled frames.

Frames count from 0 by the number in ``file_name``; the video is the folder the image lies in.
Keypoint flags are 0 not annotated or 1 annotated; a filled ``scores`` list makes it a result.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from hie_cli.core.annotations import NOT_ANNOTATED, VISIBLE, Annotations, TruthSequence
from hie_cli.core.errors import InputError, input_error
from hie_cli.core.skeletons import NUM_JOINTS, POSETRACK17
from hie_cli.core.types import ExactPeople, FloatArray, FramePeople, People
from hie_cli.formats.documents.entries import frame_number
from hie_cli.formats.documents.fields import scalar, whole
from hie_cli.formats.layout import FITS, Fit, Layout, ReadOptions
from hie_cli.formats.layouts import json_keys
from hie_cli.formats.layouts.coco_tables import (
    TABLES,
    Dataset,
    common_size,
    dropped,
    has_frames,
    read_box,
    read_dataset,
)
from hie_cli.formats.layouts.coco_writing import category, person_record
from hie_cli.formats.layouts.keypoints import joint_map, pick, plain, read_flat
from hie_cli.formats.limits import MAX_COORDINATE, MAX_FRAMES, xyxy_to_xywh
from hie_cli.formats.output import texts
from hie_cli.formats.reading import per_video
from hie_cli.formats.sequence import ResultSequence, SequenceFrame, VideoSequence
from hie_cli.formats.sources import Source

JOINTS = joint_map(POSETRACK17.joints)


def videos(data: Dataset, fallback: str) -> dict[str, dict[int, dict[str, Any]]]:
    """Image records by video and frame. Raises InputError for two records of one frame."""
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for image in data.images:
        name = PurePosixPath(image.get("file_name", ""))
        video = name.parent.name or str(image.get("vid_id", fallback))
        frame = frame_number(name.name)
        if frame is None or frame >= MAX_FRAMES:
            raise input_error(data.label, f"image {image['id']}", "file_name holds no frame number")
        frames = found.setdefault(video, {})
        if frame in frames:
            raise input_error(data.label, f"image {image['id']}", f"frame {frame} occurs twice")
        frames[frame] = image
    return found


def _joints_of(data: Dataset) -> Any:
    return data.joints or JOINTS


def _truth(source: Source, options: ReadOptions) -> dict[str, Callable[[], TruthSequence]]:
    """The videos of one file as ground truth."""
    data = read_dataset(source)
    missing = Annotations.empty(annotated=False)
    sequences: dict[str, Callable[[], TruthSequence]] = {}
    for name, frames in videos(data, source.name).items():
        stated = [i["nframes"] for i in frames.values() if isinstance(i.get("nframes"), int)]
        count = max(max(frames) + 1, *(n for n in stated if n <= MAX_FRAMES), 0)
        found = {t: _annotations(data, image) for t, image in frames.items()}
        size = common_size(list(frames.values()))
        shown = tuple(found.get(t, missing) for t in range(count))
        lost = dropped(data, list(frames.values()))
        sequences[name] = partial(TruthSequence, name, shown, *size, None, lost)
    return sequences


def _annotations(data: Dataset, image: dict[str, Any]) -> Annotations:
    records = data.annotations[image["id"]]
    n = len(records)
    points, values = _keypoints(records, data)
    boxes, ids = np.zeros((n, 4)), np.full(n, -1, np.int64)
    heads = np.full((n, 4), np.nan)
    for i, record in enumerate(records):
        where = f"{data.label}: image {image['id']}: annotation {record.get('id', i)}"
        boxes[i] = _box(record, points[i], where)
        ids[i] = whole(record, "track_id", where, -1, 2**53) if "track_id" in record else -1
        if record.get("bbox_head"):
            heads[i] = read_box(record, where, "bbox_head")
    place = f"{data.label}: image {image['id']}"
    return Annotations(
        boxes,
        ids,
        np.array([bool(r.get("iscrowd", 0)) for r in records], bool),
        points,
        np.where(values > 0, VISIBLE, NOT_ANNOTATED).astype(np.int8),
        ignore_regions=_regions(image, place),
        annotated=bool(image.get("is_labeled", True)),
        head_boxes=heads if n and np.isfinite(heads).all() else None,
        image=image.get("file_name", ""),
    )


def _keypoints(records: list[dict[str, Any]], data: Dataset) -> tuple[FloatArray, FloatArray]:
    """Joints (N, 14, 2) and flags or scores (N, 14) of one image's annotations."""
    joints = _joints_of(data)
    table = np.zeros((len(records), NUM_JOINTS, 3))
    for i, record in enumerate(records):
        where = f"{data.label}: image {record.get('image_id')}: annotation {record.get('id', i)}"
        if record.get("keypoints"):
            full = read_flat(record["keypoints"], joints, where)
            scores = record.get("scores")
            if isinstance(scores, list) and scores:
                if len(scores) != len(full):
                    raise InputError(f"{where}: {len(scores)} scores for {len(full)} keypoints")
                full[:, 2] = [scalar({"score": s}, "score", where) for s in scores]
                full[~full[:, :2].any(axis=1), 2] = 0
            table[i] = pick(full, joints)
    present = (table[..., 2:] != 0) | (table[..., :2] != 0).any(-1, keepdims=True)
    if not any(record.get("scores") for record in records):
        present = table[..., 2:] > 0
    return np.where(present, table[..., :2], np.nan), table[..., 2]


def _box(record: dict[str, Any], points: FloatArray, where: str) -> Any:
    """The person's box; where the file states none, the extent of the joints."""
    if record.get("bbox"):
        return read_box(record, where)
    known = points[np.isfinite(points).all(-1)]
    return np.concatenate([known.min(0), known.max(0)]) if len(known) else np.zeros(4, known.dtype)


def _regions(image: dict[str, Any], where: str) -> tuple[FloatArray, ...]:
    xs, ys = image.get("ignore_regions_x") or [], image.get("ignore_regions_y") or []
    try:
        if xs and not isinstance(xs[0], list):  # one polygon, not in a list of its own
            xs, ys = [xs], [ys]
        regions = tuple(
            np.array(list(zip(px, py, strict=True)), np.float64).reshape(-1, 2)
            for px, py in zip(xs, ys, strict=True)
        )
    except (LookupError, TypeError, ValueError, OverflowError):
        raise InputError(f"{where}: ignore_regions_x and _y do not fit together") from None
    if not all((np.abs(region) <= MAX_COORDINATE).all() for region in regions):
        raise InputError(f"{where}: an ignore region lies beyond ±{MAX_COORDINATE:g} pixels")
    return regions


def _results(source: Source, options: ReadOptions) -> dict[str, Callable[[], ResultSequence]]:
    """The videos of one file as results."""
    data = read_dataset(source)
    sequences: dict[str, Callable[[], ResultSequence]] = {}
    for name, frames in videos(data, source.name).items():
        found = tuple(
            FramePeople(t, _people(data.annotations[frames[t]["id"]], data)) for t in sorted(frames)
        )
        lost = dropped(data, list(frames.values()))
        sequences[name] = partial(ResultSequence, name, found, dropped=lost)
    return sequences


def _people(records: list[dict[str, Any]], data: Dataset) -> People:
    points, values = _keypoints(records, data)
    boxes, scores, ids = np.zeros((len(records), 4)), np.ones(len(records)), []
    for i, record in enumerate(records):
        where = f"{data.label}: image {record.get('image_id')}: annotation {record.get('id', i)}"
        boxes[i] = _box(record, points[i], where)
        scores[i] = scalar(record, "score", where) if "score" in record else 1.0
        ids.append(whole(record, "track_id", where, -1, 2**53) if "track_id" in record else -1)
    tracked = any("track_id" in record for record in records)
    return ExactPeople(boxes, scores, np.array(ids, np.int64) if tracked else None, points, values)


def _is_truth(files: list[Source]) -> bool:
    """Truth unless a person or a joint has a score."""
    for source in files:
        for group in read_dataset(source).annotations.values():
            if any("score" in record or record.get("scores") for record in group):
                return False
    return True


def _text(sequence: VideoSequence) -> str:
    """One video's file; image ids are frame + 1, annotation ids count from 1."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for frame in sequence.frames:
        images.append(_image(sequence, frame))
        for i in range(len(frame.people)):
            record = _record(frame.people, frame.truth, i)
            number = len(annotations) + 1
            annotations.append({"id": number, "image_id": frame.index + 1, **record})
    record = {
        "images": images,
        "annotations": annotations,
        "categories": [category(JOINTS.names)],
    }
    return json.dumps(record, allow_nan=False) + "\n"


def _image(sequence: VideoSequence, frame: SequenceFrame) -> dict[str, Any]:
    truth = frame.truth
    image: dict[str, Any] = {
        "id": frame.index + 1,
        "frame_id": frame.index + 1,
        "vid_id": sequence.name,
        "file_name": f"images/{sequence.name}/{frame.index:06d}.jpg",
        "nframes": sequence.num_frames,
        "is_labeled": frame.labelled,
    }
    if sequence.width is not None and sequence.height is not None:
        image["width"], image["height"] = sequence.width, sequence.height
    if truth is not None and truth.ignore_regions:
        for axis, key in ((0, "ignore_regions_x"), (1, "ignore_regions_y")):
            image[key] = [plain(polygon[:, axis]) for polygon in truth.ignore_regions]
    return image


def _record(people: People, truth: Annotations | None, i: int) -> dict[str, Any]:
    """One person; PoseTrack's flags are 0 or 1, a result's joint scores stand apart."""
    record = person_record(people, truth, i, JOINTS)
    if "keypoints" in record:
        values = record["keypoints"][2::3]
        record["keypoints"][2::3] = [int(v != 0) for v in values]
        if truth is None:
            record["scores"] = values
        else:
            record["keypoints"] = _visible_only(record["keypoints"], values)
    if truth is not None and truth.head_boxes is not None:
        record["bbox_head"] = plain(xyxy_to_xywh(truth.head_boxes[i : i + 1])[0])
    return record


def _visible_only(keypoints: list[float], flags: list[float]) -> list[float]:
    """Truth's joints with COCO flags 0, 1, 2: the format knows no hidden ones, only 2 stays."""
    return [
        number
        for i, flag in enumerate(flags)
        for number in ((*keypoints[3 * i : 3 * i + 2], 1) if flag == 2 else (0, 0, 0))
    ]


def _sniff(source: Source) -> Fit:
    data = json_keys.outermost(source)
    tables = data is not None and all(isinstance(data.get(key), list) for key in TABLES)
    if data is None or not tables:
        return json_keys.missing(source, TABLES)
    return FITS if has_frames(data) else Fit(0.9, "its images have no vid_id and frame_id")


LAYOUT = Layout(
    "posetrack18",
    "PoseTrack 2018/21 JSON",
    (".json",),
    _sniff,
    per_video(_truth),
    per_video(_results),
    _is_truth,
    texts(_text, ".json"),
    frozenset(
        {"boxes", "track ids", "scores", "ignore regions", "head boxes"}
        | {"image size", "ignored people", "joints", "noses", "chests", "joint scores"}
        | {"frames without people", "empty frames at the end", "people without an action"}
        | {"unlabelled frames", "unlabelled frames at the end"}
    ),
)
