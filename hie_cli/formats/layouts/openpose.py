"""OpenPose's output: ``NAME/NAME_000000000000_keypoints.json`` a frame, joints of BODY_25.

Order and names: OpenPose's documentation, "Output Formats" and "Keypoint Ordering in C++/Python".
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.skeletons import LEFT_HIP, RIGHT_HIP
from hie_cli.core.types import People
from hie_cli.formats.layout import Layout
from hie_cli.formats.output import fresh, write_text
from hie_cli.formats.sequence import VideoSequence

_SIZE = 25  # joints of BODY_25; eyes, ears and feet are missing
# Where each of HiEve's joints stands: the neck is the chest, and joint 8 the middle of the hips.
SLOTS: NDArray[np.int64] = np.array([0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14])
MID_HIP = 8
_OTHERS = (
    "face_keypoints_2d",
    "hand_left_keypoints_2d",
    "hand_right_keypoints_2d",
    "pose_keypoints_3d",
    "face_keypoints_3d",
    "hand_left_keypoints_3d",
    "hand_right_keypoints_3d",
)


def _write(sequences: Sequence[VideoSequence], out: Path, overwrite: bool) -> list[Path]:
    found = []
    for sequence in sequences:
        for frame in sequence.frames:
            if frame.labelled:
                name = f"{sequence.name}_{frame.index:012d}_keypoints.json"
                found.append((fresh(out / sequence.name / name, overwrite), frame.people))
    return [write_text(path, _text(people), overwrite) for path, people in found]


def _text(people: People) -> str:
    persons = []
    for i in range(len(people)):
        key = -1 if people.track_ids is None else int(people.track_ids[i])
        person: dict[str, Any] = {"person_id": [key], "pose_keypoints_2d": _body25(people, i)}
        persons.append(person | {name: [] for name in _OTHERS})
    return json.dumps({"version": 1.3, "people": persons}) + "\n"


def _body25(people: People, i: int) -> list[float]:
    """x, y and score of the 25 joints in a row; zeros where one is not known."""
    table = np.zeros((_SIZE, 3))
    if people.keypoints is not None and people.keypoint_scores is not None:
        points = people.keypoints[i].astype(np.float64)
        scores = people.keypoint_scores[i].astype(np.float64)
        known = geometry.known(points)
        table[SLOTS[known]] = np.column_stack([points, scores])[known]
        hips = [RIGHT_HIP, LEFT_HIP]
        if known[hips].all():
            table[MID_HIP] = [*points[hips].mean(axis=0), scores[hips].min()]
    values: list[float] = np.round(table, 4).reshape(-1).tolist()
    return values


LAYOUT = Layout(
    "openpose",
    "OpenPose, a JSON file a frame (BODY_25)",
    (".json",),
    write=_write,
    holds=frozenset(
        {"joints", "noses", "chests", "joint scores", "track ids"}
        | {"frames without people", "empty frames at the end"}
    ),
)
