"""YOLO's text: ``NAME/000000.txt`` a frame, a line a person, in shares of the image's size.

A line: class (0, person), middle x, middle y, width, height; poses add x, y and visibility (0 not
there, 1 hidden, 2 visible) of each of HiEve's 14 joints. Results end with their score and, where
people have them, their identity, as Ultralytics' ``save_conf`` and ``track`` write it.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hie_cli.core import geometry
from hie_cli.core.annotations import INVISIBLE
from hie_cli.formats.output import fresh, write_text
from hie_cli.formats.sequence import SequenceFrame, VideoSequence, image_size

HOLDS = frozenset(
    {"boxes", "frames without people", "empty frames at the end", "people without an action"}
    | {"scores", "image size"}
)


def drops(sequence: VideoSequence) -> frozenset[str]:
    """Labels for training have neither scores nor identities."""
    return frozenset({"track ids"}) if sequence.is_truth else frozenset()


def write(
    sequences: Sequence[VideoSequence], out: Path, overwrite: bool, poses: bool
) -> list[Path]:
    """A folder of files for each sequence. Raises ConfigError where an image size is not known."""
    found = []
    for sequence in sequences:
        size = image_size(sequence)
        for frame in sequence.frames:
            if frame.labelled:
                path = fresh(out / sequence.name / f"{frame.index:06d}.txt", overwrite)
                found.append((path, frame, size))
    return [write_text(path, text(frame, size, poses), overwrite) for path, frame, size in found]


def text(frame: SequenceFrame, size: tuple[int, int], poses: bool) -> str:
    """The lines of one frame; boxes are cut at the image's border, those outside left out."""
    people, lines = frame.people, []
    boxes = people.boxes.astype(np.float64) / [*size, *size]
    boxes = np.clip(boxes, 0, 1)
    for i, (x1, y1, x2, y2) in enumerate(boxes.tolist()):
        if x2 <= x1 or y2 <= y1:
            continue
        numbers = [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]
        if poses:
            numbers += _joints(frame, i, size)
        cells = ["0", *(f"{number:.6g}" for number in numbers)]
        if frame.truth is None:
            cells.append(f"{float(people.scores[i]):.6g}")
            if people.track_ids is not None:
                cells.append(str(int(people.track_ids[i])))
        lines.append(" ".join(cells) + "\n")
    return "".join(lines)


def _joints(frame: SequenceFrame, i: int, size: tuple[int, int]) -> list[float]:
    people, numbers = frame.people, []
    if people.keypoints is None:
        return [0.0] * 42
    points = people.keypoints[i].astype(np.float64) / size
    known = geometry.known(points) & ((points >= 0) & (points <= 1)).all(axis=1)
    hidden = np.zeros(len(points), bool)
    if frame.truth is not None and frame.truth.visibility is not None:
        hidden = frame.truth.visibility[i] == INVISIBLE
    for (x, y), there, behind in zip(points.tolist(), known, hidden, strict=True):
        numbers += [x, y, 1.0 if behind else 2.0] if there else [0.0, 0.0, 0.0]
    return numbers
