"""The tracks that are alive in one frame, as arrays side by side."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.vectors import unit_rows
from hie_cli.tracking.coasting import CLASSES
from hie_cli.tracking.detections import Detections
from hie_cli.tracking.kalman import Floats, Ints, Motion, MotionNoise, to_centres

Index = NDArray[np.int64] | NDArray[np.bool_]
APPEARANCE_MEMORY = 0.1  # the least weight of the newest observation in a track's mean appearance


@dataclass
class Tracks:
    """N living tracks.

    box (N, 4) px of the last detection · number (N,) from 1 in order of birth · seen (N,) s, when
    last · hits (N,) detections joined and peak (N,) the best of their scores · pose (N, 14, 2) last
    joints, relative to the box's centre, in box sizes · appearance (N, D) mean · unseen
    (N, CLASSES) frames since ``seen``, by class (``coasting.py``) · chunk (N,) of the video, that
    each is in (``chunks.py``).
    """

    motion: Motion
    box: Floats
    number: NDArray[np.int64]
    seen: Floats
    hits: NDArray[np.int64]
    peak: Floats
    pose: Floats
    appearance: Floats
    unseen: Floats
    chunk: Ints

    @classmethod
    def start(
        cls, found: Detections, rows: NDArray[np.int64], first: int, now: float, noise: MotionNoise
    ) -> Self:
        """Tracks of the detections ``rows`` (N,), numbered from ``first``, born ``now`` (s)."""
        count, boxes = len(rows), found.boxes[rows]
        unposed = np.full((count, NUM_JOINTS, 2), np.nan)
        return cls(
            Motion.start(boxes, noise),
            boxes,
            first + np.arange(count),
            np.full(count, now),
            np.ones(count, np.int64),
            found.scores[rows],
            unposed if found.poses is None else _relative(found.poses[rows], boxes),
            np.zeros((count, 0)) if found.appearance is None else found.appearance[rows],
            np.zeros((count, CLASSES)),
            found.chunk[rows],
        )

    def __len__(self) -> int:
        return len(self.number)

    def __getitem__(self, index: Index) -> Self:
        return type(self)(*(getattr(self, name)[index] for name in _COLUMNS))

    def join(self, other: Self) -> Self:
        """These tracks, then the other ones."""
        joined = [
            np.concatenate([getattr(self, name), getattr(other, name)]) for name in _COLUMNS[1:]
        ]
        return type(self)(self.motion.join(other.motion), *joined)

    def poses(self) -> Floats:
        """Where the joints (N, 14, 2) px of the last pose are now."""
        value = self.motion.value
        moved: Floats = value[:, None, :2] + self.pose * value[:, None, 2:]
        return moved

    def update(self, found: Detections, seen: Ints, chosen: Ints, now: float) -> None:
        """Correct the tracks ``seen`` (K,) by the detections ``chosen`` (K,) of them."""
        self.motion = self.motion.update(seen, found.measured.take(chosen, axis=1))
        self.box[seen] = found.boxes[chosen]
        self.seen[seen] = now
        self.unseen[seen] = 0
        self.hits[seen] += 1
        self.peak[seen] = np.maximum(self.peak[seen], found.scores[chosen])
        if found.poses is not None:
            self.pose[seen] = _relative(found.poses[chosen], found.boxes[chosen])
        if found.appearance is not None:
            share = np.maximum(1 / self.hits[seen], APPEARANCE_MEMORY)
            share = (share * (1 - found.occlusion[chosen]))[:, None]
            mean = (1 - share) * self.appearance[seen] + share * found.appearance[chosen]
            self.appearance[seen] = unit_rows(mean)


_COLUMNS = [f.name for f in fields(Tracks)]


def _relative(poses: Floats, boxes: Floats) -> Floats:
    """Joints (N, 14, 2) relative to their box's centre, in box sizes."""
    centres = to_centres(boxes)[:, None]
    relative: Floats = (poses - centres[..., :2]) / np.maximum(centres[..., 2:], 1.0)
    return relative
