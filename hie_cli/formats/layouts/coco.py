"""COCO keypoint files and their kin: CrowdPose, OCHuman, AIC. One file is one sequence of stills.

Frames are the images in the order of their file names. With a ``score`` on the annotations the file
holds results, and the third number of a keypoint is its score; else it is COCO's flag: 0 not
labelled, 1 labelled but hidden, 2 visible.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.core.errors import InputError, input_error
from hie_cli.core.skeletons import COCO17, CROWDPOSE14, JOINTS, NUM_JOINTS
from hie_cli.core.types import (
    INVISIBLE,
    NOT_ANNOTATED,
    VISIBLE,
    Annotations,
    FramePeople,
    People,
    TruthSequence,
)
from hie_cli.formats.documents.annolist_people import check_box, scalar, whole
from hie_cli.formats.files import parse_json
from hie_cli.formats.layouts.keypoints import JointMap, flat, joint_map, pick, plain, read_flat
from hie_cli.formats.limits import MAX_FRAMES, xywh_to_xyxy, xyxy_to_xywh
from hie_cli.formats.sources import Source, find_sources

# Joint lists a file can be written with; ``coco`` names HiEve's own 14 and so loses none.
JOINT_SETS: dict[str, tuple[str, ...]] = {
    "coco": JOINTS,
    "coco17": COCO17.joints,
    "crowdpose": CROWDPOSE14.joints,
}
_FLAGS = {0: NOT_ANNOTATED, 1: INVISIBLE, 2: VISIBLE}


@dataclass(frozen=True)
class Dataset:
    """A COCO file taken apart: images in frame order, annotations by image id, joint names."""

    label: str
    images: list[dict[str, Any]]
    annotations: dict[Any, list[dict[str, Any]]]
    joints: JointMap | None

    @property
    def is_result(self) -> bool:
        """Whether the annotations are scored predictions."""
        return any("score" in a for group in self.annotations.values() for a in group)


def natural_key(name: str) -> list[tuple[int, str]]:
    """Sort key under which ``2.jpg`` comes before ``10.jpg``."""
    return [(int(p[:18]), "") if p.isdigit() else (-1, p) for p in re.split(r"([0-9]+)", name)]


def read_dataset(source: Source) -> Dataset:
    """A COCO file's parts, cross-checked. Raises InputError naming the record."""
    label = source.label
    data = parse_json(source.read_text(), label)
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
        if key in groups:
            raise input_error(label, f"image {number}", f"id {key} occurs twice")
        groups[key] = []
    for number, record in enumerate(annotations):
        key = record.get("image_id")
        if not isinstance(key, int | str) or key not in groups:
            raise input_error(label, f"annotation {number}", f"image_id {key!r} is no image")
        if not person_ids or record.get("category_id", person_ids[0]) in person_ids:
            groups[key].append(record)
    ordered = sorted(images, key=lambda image: natural_key(image.get("file_name", "")))
    return Dataset(label, ordered, groups, joint_map(names) if names else None)


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
    return (width, height) if isinstance(width, int) and isinstance(height, int) else None


def common_size(images: list[dict[str, Any]]) -> tuple[int | None, int | None]:
    """The one size that all images have; (None, None) if they differ or do not say."""
    sizes = {image_size(image) for image in images}
    only = sizes.pop() if len(sizes) == 1 else None
    return (None, None) if only is None else only


def parse_truth(source: Source, name: str) -> TruthSequence:
    """A COCO file as ground truth; crowd annotations (``iscrowd``) do not count."""
    data = read_dataset(source)
    frames = tuple(_annotations(data, image) for image in data.images)
    return TruthSequence(name, frames, *common_size(data.images), None, dropped(data, data.images))


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
    check_box(xyxy, where)
    return xyxy


def _annotations(data: Dataset, image: dict[str, Any]) -> Annotations:
    records = data.annotations[image["id"]]
    n = len(records)
    boxes, ids, ignore = np.zeros((n, 4)), np.full(n, -1, np.int64), np.zeros(n, bool)
    keypoints = np.full((n, NUM_JOINTS, 2), np.nan)
    visibility = np.full((n, NUM_JOINTS), NOT_ANNOTATED, np.int8)
    areas = np.full(n, np.nan)
    for i, record in enumerate(records):
        where = _where(data, record)
        boxes[i] = read_box(record, where)
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
    return Annotations(
        boxes,
        ids,
        ignore,
        keypoints if data.joints else None,
        visibility if data.joints else None,
        areas=areas if n and np.isfinite(areas).all() else None,
        crowd_index=float(index) if isinstance(index, int | float) else None,
        image=image.get("file_name", ""),
    )


def _where(data: Dataset, record: dict[str, Any]) -> str:
    return f"{data.label}: image {record.get('image_id')}: annotation {record.get('id', '?')}"


def parse_results(source: Source) -> tuple[FramePeople, ...]:
    """A COCO file with scored annotations as results, one frame per image."""
    data = read_dataset(source)
    return tuple(
        FramePeople(t, people_of(data.annotations[image["id"]], data.joints, data.label))
        for t, image in enumerate(data.images)
    )


def parse_result_list(source: Source, images: Path | str | None) -> tuple[FramePeople, ...]:
    """A COCO list of results, one frame per image of the COCO file ``images``.

    Raises InputError without that file, since the list itself does not say which images there are.
    """
    data = read_result_list(source, images)
    posed = any("keypoints" in r for group in data.annotations.values() for r in group)
    joints = data.joints if posed else None
    return tuple(
        FramePeople(t, people_of(data.annotations[image["id"]], joints, source.label))
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
    records = parse_json(source.read_text(), source.label)
    groups: dict[Any, list[dict[str, Any]]] = {image["id"]: [] for image in data.images}
    for number, record in enumerate(records):
        key = record.get("image_id") if isinstance(record, dict) else None
        if not isinstance(key, int | str) or key not in groups:
            raise input_error(source.label, f"entry {number}", f"image_id {key!r} not in {file}")
        groups[key].append(record)
    return Dataset(source.label, data.images, groups, data.joints or joint_map(COCO17.joints))


def people_of(records: list[dict[str, Any]], joints: JointMap | None, label: str) -> People:
    """Scored annotations of one image."""
    n = len(records)
    boxes, scores, ids = np.zeros((n, 4)), np.ones(n), np.full(n, -1, np.int64)
    keypoints, joint_scores = np.full((n, NUM_JOINTS, 2), np.nan), np.zeros((n, NUM_JOINTS))
    for i, record in enumerate(records):
        where = f"{label}: image {record.get('image_id')}: annotation {record.get('id', i)}"
        boxes[i] = read_box(record, where)
        scores[i] = scalar(record, "score", where) if "score" in record else 1.0
        ids[i] = whole(record, "track_id", where, -1, 2**53) if "track_id" in record else -1
        if joints is not None and "keypoints" in record:
            table = pick(read_flat(record["keypoints"], joints, where), joints)
            present = table.any(axis=1)
            keypoints[i] = np.where(present.reshape(-1, 1), table[:, :2], np.nan)
            joint_scores[i] = np.where(present, table[:, 2], 0)
    tracked = n > 0 and any("track_id" in record for record in records)
    posed = joints is not None
    return People(
        boxes,
        scores,
        ids if tracked else None,
        keypoints if posed else None,
        joint_scores if posed else None,
    )


def category(names: tuple[str, ...]) -> dict[str, Any]:
    """The person category with these joints."""
    return {"id": 1, "name": "person", "supercategory": "person", "keypoints": list(names)}


def person_record(
    people: People, truth: Annotations | None, i: int, joints: JointMap
) -> dict[str, Any]:
    """One person as a COCO annotation (``id`` and ``image_id`` are the caller's)."""
    box = xyxy_to_xywh(people.boxes[i : i + 1])[0]
    areas = None if truth is None else truth.areas
    record: dict[str, Any] = {
        "category_id": 1,
        "bbox": plain(box),
        "area": plain(np.array([box[2] * box[3] if areas is None else areas[i]]))[0],
        "iscrowd": 0 if truth is None else int(truth.ignore[i]),
    }
    if people.track_ids is not None and people.track_ids[i] >= 0:
        record["track_id"] = int(people.track_ids[i])
    if people.keypoints is not None and people.keypoint_scores is not None:
        values = people.keypoint_scores[i].astype(np.float64)
        if truth is not None and truth.visibility is not None:
            values = truth.visibility[i] + 1.0  # -1, 0, 1 -> COCO's 0, 1, 2
        record["keypoints"] = flat(people.keypoints[i].astype(np.float64), values, joints)
        record["num_keypoints"] = sum(v != 0 for v in record["keypoints"][2::3])
    if truth is None:
        record["score"] = plain(people.scores[i : i + 1], 6)[0]
    return record
