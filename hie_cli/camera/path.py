"""Coordinates that stand still under a moving camera, for what spans many frames.

The camera's motion from frame to frame is a similarity (shift, turn, zoom), and chained. Unlike a
chain of homographies, one of similarities never degenerates, however long the pan.

    path = CameraPath.of([item.index for item in items], [item.camera for item in items])
    if path is not None:  # None: the camera stood still
        path = path.seen_from(now)
        points = path.points(frames, points)  # of any of the frames, where they lie in frame now
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FloatArray, IntArray, VideoInfo

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]


@dataclass(frozen=True)
class CameraPath:
    """Similarities from each frame's pixels to steady coordinates: z -> turn * z + shift.

    frames (T,) ascending · turn, shift (T,) complex, a point (x, y) being x + iy. The steady
    coordinates are the first frame's pixels, or those of the frame of ``seen_from``.
    """

    frames: IntArray
    turn: Complex
    shift: Complex

    @classmethod
    def of(cls, frames: Sequence[int], motion: Sequence[FloatArray | None]) -> Self | None:
        """The chain of the camera's motion; None if it stood still throughout.

        motion: for each of ``frames``, ascending, the similarity (3, 3) from the pixels of the
        frame before to its own, as ``FramePeople.camera``; None: it stood still.
        """
        steps = np.ones(len(frames), np.complex128)
        moves = np.zeros(len(frames), np.complex128)
        for t, step in enumerate(motion):
            if step is not None and t > 0:
                steps[t] = complex(step[0, 0], step[1, 0])
                moves[t] = complex(step[0, 2], step[1, 2])
        if (steps == 1).all() and (moves == 0).all():
            return None
        turn = np.asarray(np.cumprod(1 / steps), np.complex128)
        shift = np.asarray(-np.cumsum(turn * moves), np.complex128)
        return cls(np.asarray(frames, np.int64), turn, shift)

    def seen_from(self, frame: int) -> Self:
        """The same with the pixels of ``frame``, one of its own, as steady coordinates."""
        row = int(np.searchsorted(self.frames, frame))
        return type(self)(
            self.frames, self.turn / self.turn[row], (self.shift - self.shift[row]) / self.turn[row]
        )

    def points(self, frames: IntArray, points: FloatArray, back: bool = False) -> Floats:
        """Points (L, ..., 2) of frames (L,) in steady coordinates, or with ``back`` from them."""
        row = np.searchsorted(self.frames, frames)
        extra = (1,) * (points.ndim - 2)
        turn, shift = self.turn[row].reshape(-1, *extra), self.shift[row].reshape(-1, *extra)
        z = points[..., 0] + 1j * points[..., 1]
        z = (z - shift) / turn if back else turn * z + shift
        return np.stack([z.real, z.imag], axis=-1)

    def boxes(self, frames: IntArray, boxes: FloatArray, back: bool = False) -> Floats:
        """Boxes (L, 4) likewise: centres move, sizes scale, a turn leaves them upright."""
        centre, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
        zoom = np.abs(self.turn[np.searchsorted(self.frames, frames)])[:, None]
        half = half / zoom if back else half * zoom
        centre = self.points(frames, centre, back)
        return np.concatenate([centre - half, centre + half], axis=1)


def translation(x: float, y: float) -> Floats:
    """The homography (3, 3) of a shift by x and y px."""
    return np.array([[1.0, 0, x], [0, 1, y], [0, 0, 1]])


def nearest_similarity(homography: FloatArray | None, video: VideoInfo) -> Floats | None:
    """The similarity (3, 3) that does to the surroundings of the picture's middle as a homography;
    None for None, and for the identity.
    """
    if homography is None:
        return None
    matrix = np.asarray(homography, np.float64)
    middle = np.array([video.width / 2, video.height / 2])
    *linear, shift = matrix.T.tolist()
    if linear == [[1, 0, 0], [0, 1, 0]] and shift[2] == 1:  # nothing else needs to be told
        similarity = matrix.copy()
        similarity[:2, 2] = matrix[:2, 2] + middle - middle
        return similarity if similarity[:2, 2].any() else None
    x, y, w = matrix @ [*middle, 1.0]
    here = np.array([x, y]) / w
    linear = (matrix[:2, :2] - np.outer(here, matrix[2, :2])) / w
    turn = np.array([linear[0, 0] + linear[1, 1], linear[1, 0] - linear[0, 1]])
    size, length = np.sqrt(abs(np.linalg.det(linear))), np.hypot(*turn)
    a, b = turn / length * size if length > 0 and size > 0 else (1.0, 0.0)
    rotation = np.array([[a, -b], [b, a]])
    similarity = np.eye(3)
    similarity[:2] = np.column_stack([rotation, here - rotation @ middle])
    return None if np.array_equal(similarity, np.eye(3)) else similarity
