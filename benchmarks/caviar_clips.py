"""The CAVIAR lobby clips: truth.csv, poses in the annotated boxes, people frame by frame.

EC Funded CAVIAR project/IST 2001 37540. Used by caviar.py and whatever else reads these clips.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hie_cli.core.types import FloatArray, FramePeople, People, VideoInfo
from hie_cli.posing.calibration import joint_probability

WIDTH, HEIGHT, FPS = 384, 288, 25.0
MODELS = {"multipose": "multipose-crop", "thunder": "movenet-thunder"}
UPSCALE = 4


@dataclass(frozen=True)
class Row:
    """One annotated person of one frame."""

    video: str
    frame: int
    person: int
    box: tuple[float, float, float, float]
    action: str
    confidence: str
    role: str

    @property
    def area(self) -> float:
        """Of the box, px²."""
        x1, y1, x2, y2 = self.box
        return (x2 - x1) * (y2 - y1)


def read_rows(folder: Path) -> list[Row]:
    with open(folder / "truth.csv", encoding="utf-8", newline="") as file:
        return [
            Row(
                r["video"],
                int(r["frame"]),
                int(r["person_id"]),
                (float(r["x1"]), float(r["y1"]), float(r["x2"]), float(r["y2"])),
                r["action"],
                r["confidence"],
                r["role"],
            )
            for r in csv.DictReader(file)
        ]


def estimate_poses(folder: Path, rows: list[Row], name: str) -> tuple[FloatArray, FloatArray]:
    """Keypoints (R, 14, 2) and raw scores (R, 14) of all rows, frames enlarged for the network."""
    import cv2

    from hie_cli.models import registry

    model = registry.load_estimator(name, threads=1)
    keypoints = np.full((len(rows), 14, 2), np.nan, np.float32)
    scores = np.zeros((len(rows), 14), np.float32)
    of_frame: dict[tuple[str, int], list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        of_frame[row.video, row.frame].append(index)
    for video in sorted({row.video for row in rows}):
        capture = cv2.VideoCapture(str(folder / video))
        frame = 0
        while (grabbed := capture.read())[0]:
            chosen = of_frame.get((video, frame), [])
            if chosen:
                image = cv2.resize(
                    grabbed[1], None, fx=UPSCALE, fy=UPSCALE, interpolation=cv2.INTER_CUBIC
                )
                boxes = np.array([rows[i].box for i in chosen], np.float32) * UPSCALE
                [(points, values)] = model.estimate([image], [boxes])
                keypoints[chosen], scores[chosen] = points / UPSCALE, values
            frame += 1
        capture.release()
    return keypoints, scores


def poses(
    folder: Path, rows: list[Row], kind: str, cache: Path | None
) -> tuple[FloatArray, FloatArray] | None:
    """Keypoints (R, 14, 2) and scores (R, 14) as `hie pose` calibrates them; None without poses."""
    if kind == "none":
        return None
    name = MODELS[kind]
    stored = None if cache is None else cache / f"{name}.npz"
    if stored is not None and stored.exists():
        with np.load(stored) as arrays:
            found = arrays["keypoints"], arrays["scores"]
    else:
        found = estimate_poses(folder, rows, name)
        if stored is not None:
            np.savez_compressed(stored, keypoints=found[0], scores=found[1])
    from hie_cli.models import registry

    joints = registry.find(name).joints
    return found[0], joint_probability(joints, found[1]).astype(np.float32)


def sequences(
    rows: list[Row], pose: tuple[FloatArray, FloatArray] | None
) -> Iterator[tuple[list[list[int]], VideoInfo, list[FramePeople]]]:
    """Per clip: the row indices of each frame, the clip, and its people. Bags are no people."""
    of_video: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, row in enumerate(rows):
        if row.role != "leaving object":
            of_video[row.video][row.frame].append(index)
    for video, frames in of_video.items():
        places = [frames.get(t, []) for t in range(max(frames) + 1)]
        people = [
            FramePeople(
                t,
                People(
                    np.array([rows[i].box for i in chosen]).reshape(-1, 4),
                    np.ones(len(chosen)),
                    np.array([rows[i].person for i in chosen], np.int64),
                    None if pose is None else pose[0][chosen],
                    None if pose is None else pose[1][chosen],
                ),
            )
            for t, chosen in enumerate(places)
        ]
        yield places, VideoInfo(Path(video).stem, WIDTH, HEIGHT, FPS, len(people)), people
