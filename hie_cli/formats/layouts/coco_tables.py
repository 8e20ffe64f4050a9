"""COCO's tables of images, annotations and categories, as COCO and its kin use them.

One file is one sequence of stills. Frames are the images in the order of their file names. With a
``score`` on the annotations the file holds results, and the third number of a keypoint is its
score; else it is COCO's flag: 0 not labelled, 1 labelled but hidden, 2 visible.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.core.annotations import INVISIBLE, NOT_ANNOTATED, VISIBLE, Annotations, TruthSequence
from hie_cli.core.errors import InputError, input_error
from hie_cli.core.skeletons import COCO17, NUM_JOINTS
from hie_cli.core.types import ExactPeople, FramePeople, People
from hie_cli.formats.documents.fields import check_box, extent, scalar, whole
from hie_cli.formats.layout import FITS, Fit, ReadOptions
from hie_cli.formats.layouts import json_keys
from hie_cli.formats.layouts.keypoints import JointMap, joint_map, pick, read_flat
from hie_cli.formats.limits import MAX_COORDINATE, MAX_FRAMES, MAX_SIDE, xywh_to_xyxy
from hie_cli.formats.sequence import ResultSequence
from hie_cli.formats.sources import Source, find_sources

TABLES = ("images", "annotations")
_FLAGS = {0: NOT_ANNOTATED, 1: INVISIBLE, 2: VISIBLE}


@dataclass(frozen=True)
class Dataset:
    """A COCO file taken apart: images in frame order, annotations by image id, joint names."""

    label: str
    images: list[dict[str, Any]]
    annotations: dict[Any, list[dict[str, Any]]]
    joints: JointMap | None


def natural_key(name: str) -> list[tuple[int, str]]:
    """Sort key under which ``2.jpg`` comes before ``10.jpg``."""
    return [(int(p[:18]), "") if p.isdigit() else (-1, p) for p in re.split(r"([0-9]+)", name)]


def read_dataset(source: Source) -> Dataset:
    """A COCO file's parts, cross-checked. Raises InputError naming the record."""
    label = source.label
    data = source.json()
    images, annotations = _records(data, "images", label), _records(data, "annotations", label)
    persons = [
        c
        for c in _records(data, "categories", label)
        if c.get("name", "person") == "person" or "keypoints" in c
    ]
    names = next((c["keypoints"] for c in persons if isinstance(c.get("keypoints"), list)), None)
    person_ids = [c.get("id") for c in persons]
    groups: dict[Any, list[dict[str, Any]]] = {}
    for number, image in enumerate(images):
        key = image.get("id")
        if not isinstance(key, int | str) or not isinstance(image.get("file_name", ""), str):
            raise input_error(label, f"image {number}", "needs an id and a file_name")
        for side in ("width", "height"):
            if image.get(side) is not None:
                whole(image, side, f"{label}: image {number}", 0, MAX_SIDE)
        if key in groups:
            raise input_error(label, f"image {number}", f"id {str(key)[:40]} occurs twice")
        groups[key] = []
    for number, record in enumerate(annotations):
        key = record.get("image_id")
        if not isinstance(key, int | str) or key not in groups:
            raise input_error(label, f"annotation {number}", f"image_id {_shown(key)} is no image")
        if not person_ids or record.get("category_id", person_ids[0]) in person_ids:
            groups[key].append(record)
    ordered = sorted(images, key=lambda image: natural_key(image.get("file_name", "")))
    joints = joint_map(names) if names else None
    if joints is not None and max(joints.slots) < 0:  # else everybody's joints would be missing
        known = ", ".join(joints.names[:3])
        raise input_error(label, "category: keypoints", f"no known joint ({known}); rename them")
    return Dataset(label, ordered, groups, joints)


def _shown(value: Any) -> str:
    return repr(value)[:40]


def _records(data: Any, key: str, label: str) -> list[dict[str, Any]]:
    records = data.get(key, [] if key == "categories" else None) if isinstance(data, dict) else None
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise input_error(label, f"no list {key!r}", "expected a COCO keypoint file")
    if len(records) > 100 * MAX_FRAMES:
        raise input_error(label, f"{len(records)} {key}", "too many; split the file")
    return records


def image_size(image: dict[str, Any]) -> tuple[int, int] | None:
    """(width, height) of an image record where stated."""
    width, height = image.get("width"), image.get("height")
    return (int(width), int(height)) if width and height else None


def common_size(images: list[dict[str, Any]]) -> tuple[int | None, int | None]:
    """The one size that all images have; (None, None) if they differ or do not say."""
    sizes = {image_size(image) for image in images}
    only = sizes.pop() if len(sizes) == 1 else None
    return (None, None) if only is None else only


def truth_sequence(source: Source, name: str, options: ReadOptions) -> TruthSequence:
    """A COCO file as ground truth; crowd annotations (``iscrowd``) do not count."""
    data = read_dataset(source)
    frames = tuple(_annotations(data, image) for image in data.images)
    size, lost = common_size(data.images), dropped(data, data.images)
    return TruthSequence(name, frames, *size, None, lost, scored=has_scores(data))


def dropped(data: Dataset, images: list[dict[str, Any]]) -> tuple[tuple[str, int], ...]:
    """Counts of what the file says of ``images`` and ``Annotations`` do not hold."""
    records = [a for image in images for a in data.annotations[image["id"]]]
    counts = {"segmentations": sum(bool(a.get("segmentation")) for a in records)}
    if common_size(images) == (None, None):
        counts["sizes of single images"] = sum(image_size(image) is not None for image in images)
    if data.joints and data.joints.others:
        names = ", ".join(data.joints.names[i] for i in data.joints.others)
        flags = [a["keypoints"][2::3] for a in records if isinstance(a.get("keypoints"), list)]
        counts[f"joints outside HiEve's 14 ({names})"] = sum(
            bool(f[i]) for f in flags for i in data.joints.others if i < len(f)
        )
    return tuple((what, count) for what, count in counts.items() if count)


def read_box(record: dict[str, Any], where: str, key: str = "bbox") -> Any:
    """A record's ``bbox`` (left, top, width, height) as xyxy (4,)."""
    box = record.get(key)
    if not isinstance(box, list) or len(box) != 4:
        raise InputError(f"{where}: {key} is {str(box)[:40]}; expected left, top, width, height")
    numbers = [scalar({key: v}, key, where) for v in box]
    xyxy = xywh_to_xyxy(np.array([numbers], np.float64))[0]
    if not (np.abs(xyxy) <= MAX_COORDINATE).all():
        raise InputError(f"{where}: {key} lies beyond ±{MAX_COORDINATE:g} pixels")
    check_box(xyxy, where)
    return xyxy


def person_box(joints: JointMap | None, record: dict[str, Any], where: str) -> Any:
    """A person's box (xyxy): its ``bbox``, or without one the extent of all its joints.

    Official keypoint results have no ``bbox``.
    """
    if "bbox" not in record and joints is not None and "keypoints" in record:
        table = read_flat(record["keypoints"], joints, where)
        known = table[table.any(axis=1), :2]
        if len(known):
            return extent(known)
    return read_box(record, where)


def _annotations(data: Dataset, image: dict[str, Any]) -> Annotations:
    records = data.annotations[image["id"]]
    n = len(records)
    boxes, ids, ignore = np.zeros((n, 4)), np.full(n, -1, np.int64), np.zeros(n, bool)
    keypoints = np.full((n, NUM_JOINTS, 2), np.nan)
    visibility = np.full((n, NUM_JOINTS), NOT_ANNOTATED, np.int8)
    areas = np.full(n, np.nan)
    for i, record in enumerate(records):
        where = _where(data, record)
        boxes[i] = person_box(data.joints, record, where)
        ids[i] = whole(record, "track_id", where, -1, 2**53) if "track_id" in record else -1
        ignore[i] = bool(record.get("iscrowd", 0))
        areas[i] = scalar(record, "area", where) if "area" in record else np.nan
        if data.joints is not None and "keypoints" in record:
            table = pick(read_flat(record["keypoints"], data.joints, where), data.joints)
            if not np.isin(table[:, 2], list(_FLAGS)).all():
                raise InputError(f"{where}: a keypoint flag is none of 0, 1, 2")
            visibility[i] = [_FLAGS[int(flag)] for flag in table[:, 2]]
            keypoints[i] = np.where(table[:, 2:] > 0, table[:, :2], np.nan)
    index = image.get("crowdIndex")
    if index is not None:
        index = scalar(image, "crowdIndex", f"{data.label}: image {str(image['id'])[:40]}")
    return Annotations(
        boxes,
        ids,
        ignore,
        keypoints if data.joints else None,
        visibility if data.joints else None,
        areas=areas if n and np.isfinite(areas).all() else None,
        crowd_index=None if index is None else float(index),
        image=image.get("file_name", ""),
    )


def _where(data: Dataset, record: dict[str, Any]) -> str:
    return f"{data.label}: image {record.get('image_id')}: annotation {record.get('id', '?')}"


def result_sequence(source: Source, name: str, options: ReadOptions) -> ResultSequence:
    """A COCO file with scored annotations as results, one frame per image."""
    data = read_dataset(source)
    return ResultSequence(name, result_frames(data, data.joints), None, dropped(data, data.images))


def result_frames(data: Dataset, joints: JointMap | None) -> tuple[FramePeople, ...]:
    """Scored annotations, one frame per image."""
    return tuple(
        FramePeople(t, people_of(data.annotations[image["id"]], joints, data.label))
        for t, image in enumerate(data.images)
    )


def read_result_list(source: Source, images: Path | str | None) -> Dataset:
    """A COCO list of results with the images and joints of the COCO file ``images``."""
    if images is None:
        raise input_error(
            source.label, "a COCO list of results", "give the COCO file of its images (--images)"
        )
    file = Path(images)
    data = read_dataset(find_sources(file)[0])
    records = source.json()
    if not isinstance(records, list):
        raise input_error(source.label, "no list", "expected a COCO list of results")
    groups: dict[Any, list[dict[str, Any]]] = {image["id"]: [] for image in data.images}
    for number, record in enumerate(records):
        key = record.get("image_id") if isinstance(record, dict) else None
        if not isinstance(key, int | str) or key not in groups:
            raise input_error(
                source.label, f"entry {number}", f"image_id {_shown(key)} not in {file}"
            )
        groups[key].append(record)
    return Dataset(source.label, data.images, groups, data.joints or joint_map(COCO17.joints))


def people_of(records: list[dict[str, Any]], joints: JointMap | None, label: str) -> People:
    """Scored annotations of one image."""
    n = len(records)
    boxes, scores, ids = np.zeros((n, 4)), np.ones(n), np.full(n, -1, np.int64)
    keypoints, joint_scores = np.full((n, NUM_JOINTS, 2), np.nan), np.zeros((n, NUM_JOINTS))
    for i, record in enumerate(records):
        where = f"{label}: image {record.get('image_id')}: annotation {record.get('id', i)}"
        boxes[i] = person_box(joints, record, where)
        scores[i] = scalar(record, "score", where) if "score" in record else 1.0
        ids[i] = whole(record, "track_id", where, -1, 2**53) if "track_id" in record else -1
        if joints is not None and "keypoints" in record:
            table = pick(read_flat(record["keypoints"], joints, where), joints)
            present = table.any(axis=1)
            keypoints[i] = np.where(present.reshape(-1, 1), table[:, :2], np.nan)
            joint_scores[i] = np.where(present, table[:, 2], 0)
    tracked = n > 0 and any("track_id" in record for record in records)
    posed = joints is not None
    return ExactPeople(
        boxes,
        scores,
        ids if tracked else None,
        keypoints if posed else None,
        joint_scores if posed else None,
    )


def has_frames(data: dict[str, Any]) -> bool:
    """Whether the images are frames of videos, as PoseTrack's are."""
    first = next(iter(data["images"]), None)
    return isinstance(first, dict) and bool({"vid_id", "frame_id"} & first.keys())


def sniff(source: Source) -> Fit:
    """How well a file fits COCO's tables of stills."""
    data = json_keys.outermost(source)
    if data is None and json_keys.broken(source):
        # Whatever it was to be: the reader says where it is broken.
        named = all(json_keys.has(source, key) for key in TABLES)
        return FITS if named else json_keys.missing(source, TABLES)
    if data is None or not all(isinstance(data.get(key), list) for key in TABLES):
        return json_keys.missing(source, TABLES)
    return Fit(0.9, "its images are frames of videos") if has_frames(data) else FITS


def is_truth(files: list[Source]) -> bool:
    """Truth unless an annotation has a score."""
    return not any(has_scores(read_dataset(source)) for source in files)


def has_scores(data: Dataset) -> bool:
    """Whether an annotation has a score."""
    return any("score" in record for group in data.annotations.values() for record in group)
