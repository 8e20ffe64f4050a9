"""COCO's tables written: images, annotations of people and their category."""

import json
from typing import Any

import numpy as np

from hie_cli.core.annotations import Annotations
from hie_cli.core.types import People
from hie_cli.formats.layout import Writer
from hie_cli.formats.layouts.coco_tables import natural_key
from hie_cli.formats.layouts.keypoints import JointMap, flat, joint_map, plain
from hie_cli.formats.limits import xyxy_to_xywh
from hie_cli.formats.output import texts
from hie_cli.formats.sequence import VideoSequence


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


HOLDS = frozenset(
    {"boxes", "track ids", "scores", "hidden joints", "ignored people", "areas", "crowd index"}
    | {"image names", "image size", "joints", "noses", "chests", "joint scores"}
    | {"frames without people", "empty frames at the end", "people without an action"}
)


def drops(sequence: VideoSequence) -> frozenset[str]:
    """Image names are kept only where they give the frames' order."""
    return frozenset() if image_names(sequence) else frozenset({"image names"})


def image_names(sequence: VideoSequence) -> list[str]:
    """The images' own names where every frame has one and their order is the frames'; else none.

    COCO keeps no frame numbers: the order of the names is the order of the frames.
    """
    names = [f.truth.image for f in sequence.frames if f.truth is not None and f.truth.image]
    ordered = sorted(set(names), key=natural_key)
    return names if len(names) == sequence.num_frames and ordered == names else []


def writer(joint_names: tuple[str, ...]) -> Writer:
    """A writer of COCO files with these joints."""

    def text(sequence: VideoSequence) -> str:
        return _text(sequence, joint_names)

    return texts(text, ".json")


def _text(sequence: VideoSequence, joint_names: tuple[str, ...]) -> str:
    joints, count = joint_map(joint_names), sequence.num_frames
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    frames = {frame.index: frame for frame in sequence.frames}
    names = image_names(sequence) or [f"{sequence.name}/{t:06d}.jpg" for t in range(count)]
    nobody = People.empty()  # once: a sequence may have a million frames without people
    for index in range(count):  # all of them: a frame is known by its place
        frame = frames.get(index)
        people, truth = (nobody, None) if frame is None else (frame.people, frame.truth)
        image: dict[str, Any] = {"id": index + 1, "file_name": names[index]}
        if sequence.width is not None:
            image |= {"width": sequence.width, "height": sequence.height}
        if truth is not None and truth.crowd_index is not None:
            image["crowdIndex"] = round(truth.crowd_index, 6)
        images.append(image)
        for i in range(len(people)):
            record = person_record(people, truth, i, joints)
            number = len(annotations) + 1
            annotations.append({"id": number, "image_id": index + 1, **record})
    record = {
        "images": images,
        "annotations": annotations,
        "categories": [category(joint_names)],
    }
    return json.dumps(record, allow_nan=False) + "\n"
