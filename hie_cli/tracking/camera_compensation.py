"""Coordinates that stand still under a moving camera, for what spans many frames.

The camera's motion from frame to frame is reduced to a similarity (shift, turn, zoom) about
the picture's middle and chained. Unlike a chain of homographies, one of similarities never
degenerates, however long the pan.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FloatArray, VideoInfo
from hie_cli.tracking.kalman import Floats, to_boxes, to_centres
from hie_cli.tracking.tracklets import Ints, Tracklet

Complex = NDArray[np.complex128]


@dataclass(frozen=True)
class CameraCompensation:
    """Similarities from each frame's pixels to the first frame's: z -> turn * z + shift.

    frames (T,) ascending · turn, shift (T,) complex, a point (x, y) being x + iy.
    """

    frames: Ints
    turn: Complex
    shift: Complex

    @classmethod
    def of(
        cls, frames: Sequence[int], motion: Sequence[FloatArray | None], video: VideoInfo
    ) -> Self | None:
        """The chain of the camera's motion; None if it stood still throughout.

        motion: for each of ``frames``, ascending, the homography (3, 3) from the pixels of the
        frame before to its own; None = still.
        """
        if all(step is None for step in motion):
            return None
        middle = np.array([video.width / 2, video.height / 2])
        turn, shift = 1 + 0j, 0j
        turns, shifts = [], []
        for homography in motion:
            if homography is not None:
                step, move = _similarity(np.asarray(homography, np.float64), middle)
                turn, shift = turn / step, shift - turn * move / step
            turns.append(turn)
            shifts.append(shift)
        return cls(np.array(frames), np.array(turns), np.array(shifts))

    def points(self, frames: Ints, points: Floats, back: bool = False) -> Floats:
        """Points (L, ..., 2) of frames (L,) in steady coordinates, or with ``back`` from them."""
        row = np.searchsorted(self.frames, frames)
        extra = (1,) * (points.ndim - 2)
        turn, shift = self.turn[row].reshape(-1, *extra), self.shift[row].reshape(-1, *extra)
        z = points[..., 0] + 1j * points[..., 1]
        z = (z - shift) / turn if back else turn * z + shift
        return np.stack([z.real, z.imag], axis=-1)

    def boxes(self, frames: Ints, boxes: Floats, back: bool = False) -> Floats:
        """Boxes (L, 4) likewise: centres move, sizes scale, a turn leaves them upright."""
        centres = to_centres(boxes)
        zoom = np.abs(self.turn[np.searchsorted(self.frames, frames)])[:, None]
        size = centres[:, 2:] / zoom if back else centres[:, 2:] * zoom
        moved = self.points(frames, centres[:, :2], back)
        return to_boxes(np.concatenate([moved, size], axis=1))

    def track(self, track: Tracklet, back: bool = False) -> Tracklet:
        """A tracklet likewise."""
        joints = track.keypoints
        return replace(
            track,
            boxes=self.boxes(track.frames, track.boxes, back),
            keypoints=None if joints is None else self.points(track.frames, joints, back),
        )


def _similarity(homography: Floats, middle: Floats) -> tuple[complex, complex]:
    """The turn and shift (complex) that do to the surroundings of ``middle`` as a homography."""
    x, y, w = homography @ [*middle, 1.0]
    here = np.array([x, y]) / w
    linear = (homography[:2, :2] - np.outer(here, homography[2, :2])) / w
    turn = complex(linear[0, 0] + linear[1, 1], linear[1, 0] - linear[0, 1])
    size = np.sqrt(abs(np.linalg.det(linear)))
    turn = turn / abs(turn) * size if abs(turn) > 0 and size > 0 else 1 + 0j
    return turn, complex(*here) - turn * complex(*middle)
