import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hie_cli.core.errors import InputError
from hie_cli.core.skeletons import AIC14, COCO17, CROWDPOSE14, JOINTS
from hie_cli.formats.readers import read
from hie_cli.formats.results import read_results
from hie_cli.formats.truth import read_truth

CROWDPOSE = [*CROWDPOSE14.joints[:12], "head", "neck"]  # as its files spell them


def coco(names: list[str] | tuple[str, ...] = COCO17.joints) -> dict[str, Any]:
    """Two images, listed in the wrong order; joint k of the one person lies at (k, 10 k)."""
    flags = [(k + 1) % 3 for k in range(len(names))]
    flat = [v for k, flag in enumerate(flags) for v in (k, 10 * k, flag)]
    annotation = {
        "id": 7,
        "image_id": 30,
        "category_id": 1,
        "bbox": [1, 2, 10, 20],
        "area": 99.5,
        "iscrowd": 0,
        "keypoints": flat,
    }
    return {
        "images": [
            {"id": 10, "file_name": "10.jpg", "width": 64, "height": 48},
            {"id": 30, "file_name": "2.jpg", "width": 64, "height": 48, "crowdIndex": 0.5},
        ],
        "annotations": [annotation],
        "categories": [{"id": 1, "name": "person", "keypoints": list(names)}],
    }


def write(tmp_path: Path, data: Any, name: str = "set.json") -> Path:
    path = tmp_path / name
    path.write_text(json.dumps(data))
    return path


def test_nobody(tmp_path: Path) -> None:
    data = {"images": [], "annotations": [], "categories": []}
    assert read_truth(write(tmp_path, data), "coco")["set"].frames == ()


def test_truth(tmp_path: Path) -> None:
    """Images in natural order of their names; flags 0, 1, 2 -> -1, 0, 1; no chest in COCO."""
    sequence = read_truth(write(tmp_path, coco()))["set"]
    first, second = sequence.frames
    assert (first.image, second.image) == ("2.jpg", "10.jpg")
    assert (sequence.width, sequence.height) == (64, 48)
    assert len(second) == 0
    assert first.boxes.tolist() == [[1, 2, 11, 22]]
    assert first.areas.tolist() == [99.5]
    assert first.crowd_index == 0.5
    nose, chest, right_shoulder, left_hip = 0, 1, 2, 11
    assert first.visibility[0, [nose, chest]].tolist() == [0, -1]  # the nose, joint 0, has flag 1
    assert first.visibility[0, right_shoulder] == {0: -1, 1: 0, 2: 1}[(6 + 1) % 3]
    assert first.keypoints[0, right_shoulder].tolist() == [6, 60]  # COCO's joint 6
    assert np.isnan(first.keypoints[0, left_hip]).all() == ((11 + 1) % 3 == 0)
    others = dict(sequence.dropped)
    assert others == {"joints outside HiEve's 14 (left_eye, right_eye, left_ear, right_ear)": 3}


@pytest.mark.parametrize("names", [CROWDPOSE, [n.replace("_", " ").title() for n in AIC14.joints]])
def test_crowdpose_and_aic_have_a_neck_but_no_nose(tmp_path: Path, names: list[str]) -> None:
    first = read_truth(write(tmp_path, coco(names)))["set"].frames[0]
    assert np.isnan(first.keypoints[0, 0]).all()
    assert first.keypoints[0, 1].tolist() == [13, 130]


def test_sizes_of_single_images_are_counted(tmp_path: Path) -> None:
    data = coco(JOINTS)
    data["images"][0] |= {"width": 65, "height": 48}
    sequence = read_truth(write(tmp_path, data))["set"]
    assert (sequence.width, sequence.height) == (None, None)
    assert dict(sequence.dropped) == {"sizes of single images": 2}


def test_foreign_joints_of_results_are_counted(tmp_path: Path) -> None:
    data = coco()
    data["annotations"][0]["score"] = 0.5
    eyes_and_ears = {"joints outside HiEve's 14 (left_eye, right_eye, left_ear, right_ear)": 3}
    sequence = read(write(tmp_path, data))
    assert not sequence.is_truth
    assert dict(sequence.dropped) == eyes_and_ears
    listed = tmp_path / "found.json"
    listed.write_text(json.dumps(data["annotations"]))
    found = read(listed, images=write(tmp_path, coco()))
    assert (found.name, dict(found.dropped)) == ("set", eyes_and_ears)


def test_crowds_do_not_count(tmp_path: Path) -> None:
    data = coco()
    data["annotations"][0]["iscrowd"] = 1
    assert read_truth(write(tmp_path, data))["set"].frames[0].ignore.tolist() == [True]


def test_scored_annotations_are_results(tmp_path: Path) -> None:
    data = coco()
    data["annotations"][0] |= {"score": 0.5, "track_id": 0}
    first, second = read_results(write(tmp_path, data))["set"]
    assert first.people.scores.tolist() == [0.5]
    assert first.people.track_ids.tolist() == [0]
    assert first.people.keypoint_scores[0, 2] == (6 + 1) % 3
    assert len(second.people) == 0


def test_lists_of_results_need_their_images(tmp_path: Path) -> None:
    truth = write(tmp_path, coco())
    record = {"image_id": 10, "category_id": 1, "bbox": [0, 0, 5, 5], "score": 0.25}
    listed = write(tmp_path, [record], "list.json")
    with pytest.raises(InputError, match=r"give the COCO file of its images \(--images\)"):
        read_results(listed)["list"]
    first, second = read_results(listed, images=truth)["set"]
    assert len(first.people) == 0
    assert second.people.scores.tolist() == [0.25]
    assert second.people.keypoints is None
    listed = write(tmp_path, [{**record, "image_id": 11}], "list.json")
    with pytest.raises(InputError, match="entry 0: image_id 11 not in"):
        read_results(listed, images=truth)["set"]


def test_other_categories_are_left_out(tmp_path: Path) -> None:
    data = coco()
    data["categories"].append({"id": 2, "name": "dog"})
    data["annotations"].append({**data["annotations"][0], "id": 8, "category_id": 2})
    assert len(read_truth(write(tmp_path, data))["set"].frames[0]) == 1


def changed(key: str, value: Any, table: str = "annotations") -> dict[str, Any]:
    data = copy.deepcopy(coco())
    data[table][0][key] = value
    return data


def test_official_results_have_no_box(tmp_path: Path) -> None:
    """The box is the extent of the joints that are there: x 3..5, y 4..9."""
    points = [0, 0, 0] * 15 + [3, 9, 0.5, 5, 4, 0.25]
    record = {"image_id": 10, "category_id": 1, "keypoints": points, "score": 0.25}
    listed = write(tmp_path, [record], "list.json")
    _, item = read_results(listed, images=write(tmp_path, coco()))["set"]
    assert item.people.boxes.tolist() == [[3, 4, 5, 9]]
    assert item.people.keypoint_scores[0].max() == 0.5


def test_digits_are_kept(tmp_path: Path) -> None:
    data = coco()
    data["annotations"][0] |= {"bbox": [1.12345, 2, 10, 20], "score": 0.123456789}
    first, _ = read_results(write(tmp_path, data))["set"]
    assert first.people.boxes[0, 0] == 1.12345
    assert first.people.scores[0] == 0.123456789


BAD = {
    "box": (changed("bbox", [1, 2, 3]), "image 30: annotation 7: bbox is [1, 2, 3]; expected left"),
    "text": (changed("bbox", [1, 2, "3", 4]), "annotation 7: bbox is '3'; expected one number"),
    "reversed": (changed("bbox", [1, 2, -3, 4]), "annotation 7 has x2 < x1 (-2 < 1)"),
    "image": (changed("image_id", 31), "annotation 0: image_id 31 is no image"),
    "short": (changed("keypoints", [1, 2, 2]), "keypoints holds 3 numbers; expected 51"),
    "words": (changed("keypoints", ["1"] * 51), "keypoints are not all numbers"),
    "flag": (changed("keypoints", [3] * 51), "a keypoint flag is none of 0, 1, 2"),
    "far": (changed("keypoints", [1e9] * 51), "lies beyond"),
    "far box": (changed("bbox", [1e30, 2, 3, 4]), "annotation 7: bbox lies beyond ±1e+07 pixels"),
    "names": (changed("keypoints", ["tail", "paw"], "categories"), "no known joint (tail, paw)"),
    "area": (changed("area", None), "annotation 7: area is missing"),
    "same image": (changed("id", 30, "images"), "image 1: id 30 occurs twice"),
    "no id": (changed("id", None, "images"), "image 0: needs an id and a file_name"),
    "wide": (changed("width", 10**400, "images"), "image 0: width is not finite"),
    "index": (changed("crowdIndex", "x", "images"), "crowdIndex is 'x'; expected one number"),
    "digits": (changed("keypoints", [10**400] * 51), "not finite or lies beyond"),
    "no list": ({**coco(), "annotations": [1]}, "no list 'annotations'"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_records_are_named(tmp_path: Path, name: str) -> None:
    data, message = BAD[name]
    with pytest.raises(InputError) as error:
        read_truth(write(tmp_path, data), "coco")["set"]
    assert "set.json: " in str(error.value)
    assert message in str(error.value)
