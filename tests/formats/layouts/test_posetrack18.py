import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hie_cli.core.errors import InputError
from hie_cli.core.skeletons import POSETRACK15, POSETRACK17
from hie_cli.formats.readers import read
from hie_cli.formats.results import read_results
from hie_cli.formats.truth import read_truth


def posetrack18() -> dict[str, Any]:
    """Frame 2 of 4: one person whose joint k lies at (k + 1, 9); odd joints are not annotated."""
    flat = [v for k in range(17) for v in (k + 1, 9, (k + 1) % 2)]
    image = {"id": 10002, "file_name": "images/val/000342_mpii/000002.jpg", "vid_id": "000342"}
    image |= {"nframes": 4, "is_labeled": True, "width": 64, "height": 48, "frame_id": 10002}
    image |= {"ignore_regions_x": [[0, 5, 5]], "ignore_regions_y": [[0, 0, 5]]}
    annotation = {"id": 1, "image_id": 10002, "track_id": 0, "bbox": [1, 2, 30, 40]}
    annotation |= {"category_id": 1, "bbox_head": [3, 4, 5, 6], "keypoints": flat, "scores": []}
    return {
        "images": [image],
        "annotations": [annotation],
        "categories": [{"id": 1, "name": "person", "keypoints": list(POSETRACK17.joints)}],
    }


def rect(**more: Any) -> dict[str, Any]:
    points = [{"id": [13], "x": [5], "y": [6], "is_visible": [1]}]  # the nose
    points += [{"id": [12], "x": [7], "y": [9], "is_visible": [1]}]  # head bottom: our chest
    points += [{"id": [14], "x": [1], "y": [1], "is_visible": [1]}]  # head top: not ours
    head = {"x1": [1], "y1": [1], "x2": [3], "y2": [4], "track_id": [0]}
    return {**head, "annopoints": [{"point": points}], **more}


def posetrack17(*rects: dict[str, Any], **more: Any) -> dict[str, Any]:
    entry = {"image": [{"name": "images/x_mpii/00000037.jpg"}], "annorect": list(rects)}
    region = {"point": [{"x": [0], "y": [0]}, {"x": [5], "y": [0]}, {"x": [5], "y": [5]}]}
    return {
        "annolist": [
            {**entry, "imgnum": [2], "is_labeled": [1], "ignore_regions": [region], **more}
        ]
    }


def write(tmp_path: Path, data: Any) -> Path:
    path = tmp_path / "v.json"
    path.write_text(json.dumps(data))
    return path


def test_nobody(tmp_path: Path) -> None:
    data = {**posetrack18(), "annotations": []}
    sequence = read_truth(write(tmp_path, data))["000342_mpii"]
    assert [len(f) for f in sequence.frames] == [0, 0, 0, 0]
    sequence = read_truth(write(tmp_path, posetrack17()))["v"]
    assert [(len(f), f.annotated) for f in sequence.frames] == [(0, False), (0, True)]


def test_2018_truth(tmp_path: Path) -> None:
    sequence = read_truth(write(tmp_path, posetrack18()))["000342_mpii"]
    assert [f.annotated for f in sequence.frames] == [False, False, True, False]
    frame = sequence.frames[2]
    assert frame.boxes.tolist() == [[1, 2, 31, 42]]
    assert frame.head_boxes.tolist() == [[3, 4, 8, 10]]
    assert frame.track_ids.tolist() == [0]
    assert frame.ignore_regions[0].tolist() == [[0, 0], [5, 0], [5, 5]]
    assert frame.keypoints[0, 0].tolist() == [1, 9]  # the nose, joint 0
    assert frame.visibility[0, 1] == -1  # the chest is head_bottom, joint 1: not annotated
    assert dict(sequence.dropped) == {
        "joints outside HiEve's 14 (head_top, left_ear, right_ear)": 2  # joints 2 and 4, not 3
    }


def test_2018_results(tmp_path: Path) -> None:
    data = posetrack18()
    data["annotations"][0] |= {"scores": [0.5] * 17, "score": 0.25}
    del data["annotations"][0]["bbox"]
    (item,) = read_results(write(tmp_path, data))["000342_mpii"]
    assert item.index == 2
    assert item.people.scores.tolist() == [0.25]
    assert item.people.keypoint_scores[0].tolist() == [0.5] * 14
    assert item.people.boxes.tolist() == [[1, 9, 17, 9]]  # the extent of the joints


def test_foreign_joints_of_results_are_counted(tmp_path: Path) -> None:
    """Joints 2 and 4 of PoseTrack 2018 have flag 1, joint 3 has 0; 2017 has a head top."""
    data = posetrack18()
    data["annotations"][0] |= {"scores": [0.5] * 17, "score": 0.25}
    counted = read(write(tmp_path, data)).dropped
    assert dict(counted) == {"joints outside HiEve's 14 (head_top, left_ear, right_ear)": 2}
    path = write(tmp_path, posetrack17(rect(score=[0.5])))
    counted = read(path, kind="results").dropped
    assert dict(counted) == {"joints outside HiEve's 14 (head_top)": 1}


def test_2017_truth(tmp_path: Path) -> None:
    """imgnum counts from 1; x1..y2 is the head; the person's box is the extent of its joints."""
    sequence = read_truth(write(tmp_path, posetrack17(rect())))["v"]
    frame = sequence.frames[1]
    assert len(sequence.frames) == 2
    assert frame.head_boxes.tolist() == [[1, 1, 3, 4]]
    assert frame.boxes.tolist() == [[5, 6, 7, 9]]
    assert frame.keypoints[0, :2].tolist() == [[5, 6], [7, 9]]
    assert np.flatnonzero(frame.visibility[0] == 1).tolist() == [0, 1]
    assert dict(sequence.dropped) == {"joints outside HiEve's 14 (head_top)": 1}


def test_2017_results(tmp_path: Path) -> None:
    """A prediction's file, by its joint 14 alone; hidden by is_visible 0 means score 0."""
    data = posetrack17(rect(score=[0.5]))
    for key in ("imgnum", "is_labeled"):
        del data["annolist"][0][key]
    (item,) = read_results(write(tmp_path, data))["v"]
    assert item.index == 37
    assert item.people.scores.tolist() == [0.5]
    assert item.people.track_ids.tolist() == [0]


def test_all_2017_joints_are_mapped(tmp_path: Path) -> None:
    points = [{"id": [k], "x": [k], "y": [k], "score": [0.5]} for k in range(15)]
    data = posetrack17({"annopoints": [{"point": points}]})
    (item,) = read_results(write(tmp_path, data))["v"]
    expected = [POSETRACK15.sources[j][0] for j in range(14)]
    assert item.people.keypoints[0, :, 0].tolist() == expected


def changed(key: str, value: Any, table: str = "annotations") -> dict[str, Any]:
    data = copy.deepcopy(posetrack18())
    data[table][0][key] = value
    return data


BAD = {
    "name": (changed("file_name", "a/b.jpg", "images"), "file_name holds no frame number"),
    "no regions": (changed("ignore_regions_x", 7, "images"), "ignore_regions_x and _y do not fit"),
    "regions": (changed("ignore_regions_x", [[1]], "images"), "ignore_regions_x and _y do not fit"),
    "far region": (
        {
            **posetrack18(),
            "images": [
                {
                    **posetrack18()["images"][0],
                    "ignore_regions_x": [[0, 5, 10**400]],
                    "ignore_regions_y": [[0, 0, 5]],
                }
            ],
        },
        "ignore_regions_x and _y do not fit",
    ),
    "endless region": (
        {
            **posetrack18(),
            "images": [
                {
                    **posetrack18()["images"][0],
                    "ignore_regions_x": [[0, 5, 1e300]],
                    "ignore_regions_y": [[0, 0, 5]],
                }
            ],
        },
        "an ignore region lies beyond",
    ),
    "scores": (changed("scores", [1]), "annotation 1: 1 scores for 17 keypoints"),
    "score": (changed("scores", ["1"] * 17), "annotation 1: score is '1'"),
    "head": (changed("bbox_head", [1]), "annotation 1: bbox_head is [1]"),
    "track": (changed("track_id", "x"), "annotation 1: track_id is 'x'"),
    "frame twice": (
        {
            **posetrack18(),
            "images": [*posetrack18()["images"], {**posetrack18()["images"][0], "id": 2}],
        },
        "frame 2 occurs twice",
    ),
    "joint": (
        posetrack17(rect(annopoints=[{"point": [{"id": [15]}]}])),
        "frame 1: person 0: joint: id is 15; expected a whole number 0..14",
    ),
    "no x": (
        posetrack17(rect(annopoints=[{"point": [{"id": [2], "y": [1]}]}])),
        "person 0: joint 2: x is missing",
    ),
    "rects": (posetrack17(7), "frame 1: annorect is not a list of persons"),
    "imgnum": (posetrack17(imgnum=[0]), "entry 0: imgnum is 0; expected a whole number 1"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_records_are_named(tmp_path: Path, name: str) -> None:
    data, message = BAD[name]
    with pytest.raises(InputError) as error:
        list(read_truth(write(tmp_path, data)).values())
    assert "v.json: " in str(error.value)
    assert message in str(error.value)
