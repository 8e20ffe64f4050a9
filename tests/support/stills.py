"""Small labelled pictures on disk, as COCO tables: bright people on dark ground."""

import json
from pathlib import Path

import cv2
import numpy as np

from hie_cli.core.skeletons import COCO17


def picture(boxes, size=(160, 120), seed=0):
    """(H, W, 3) of noise with a bright rectangle for each box (xyxy)."""
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 60, (size[1], size[0], 3), np.uint8)
    for x1, y1, x2, y2 in boxes:
        image[y1:y2, x1:x2] = rng.integers(150, 255, 3, np.uint8)
    return image


def grey_image(path: Path, width: int = 64, height: int = 48) -> Path:
    """An even grey picture written to ``path``, which it gives back."""
    cv2.imwrite(str(path), np.full((height, width, 3), 90, np.uint8))
    return path


def joints_of(box):
    """COCO's 17 joints (17, 2) of somebody who fills ``box``."""
    x1, y1, x2, y2 = box
    spots = {
        "nose": (0.5, 0.1), "shoulder": (0.25, 0.25), "elbow": (0.15, 0.4), "wrist": (0.1, 0.55),
        "hip": (0.35, 0.55), "knee": (0.35, 0.75), "ankle": (0.35, 0.95),
        "eye": (0.45, 0.08), "ear": (0.4, 0.08),
    }  # fmt: skip
    points = []
    for name in COCO17.joints:
        side, _, limb = name.rpartition("_")
        x, y = spots[limb or name]
        x = 1 - x if side == "left" else x
        points.append((x1 + x * (x2 - x1), y1 + y * (y2 - y1)))
    return np.array(points)


def write_stills(folder: Path, boxes_of: dict[str, list], *, joints=True, seed=0) -> Path:
    """``folder``/NAME.png for each name and its people's boxes, and ``folder``/labels.json."""
    folder.mkdir(parents=True, exist_ok=True)
    images, annotations = [], []
    for number, (name, boxes) in enumerate(boxes_of.items()):
        image = picture(boxes, seed=seed + number)
        cv2.imwrite(str(folder / f"{name}.png"), image)
        height, width = image.shape[:2]
        images.append({"id": number, "file_name": f"{name}.png", "width": width, "height": height})
        for box in boxes:
            x1, y1, x2, y2 = box
            record = {
                "id": len(annotations), "image_id": number, "category_id": 1, "iscrowd": 0,
                "bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1),
            }  # fmt: skip
            if joints:
                flagged = np.concatenate((joints_of(box), np.full((17, 1), 2)), 1)
                record["keypoints"] = flagged.ravel().round(2).tolist()
                record["num_keypoints"] = 17
            annotations.append(record)
    category = {"id": 1, "name": "person", "keypoints": list(COCO17.joints)}
    table = {"images": images, "annotations": annotations, "categories": [category]}
    (folder / "labels.json").write_text(json.dumps(table))
    return folder / "labels.json"


def write_mix(folder: Path, count=8, held=2, **more) -> Path:
    """``folder``/data.yaml over ``count`` stills of one to three people, the last ``held`` of them
    held out; ``more``: further keys of the source.
    """
    rng = np.random.default_rng(4)
    stills = {}
    for k in range(count):
        people = []
        for slot in rng.permutation(3)[: rng.integers(1, 4)]:
            x, y = 8 + 50 * int(slot), int(rng.integers(4, 40))
            people.append([x, y, x + int(rng.integers(24, 40)), y + int(rng.integers(50, 75))])
        stills[f"still{k}"] = people
    write_stills(folder / "stills", stills)
    val = [f"still{k}.png" for k in range(count - held, count)]
    source = {"truth": "stills/labels.json", "images": ["stills"], "val": val, **more}
    path = folder / "data.yaml"
    path.write_text(json.dumps({"sources": [source]}))
    return path
