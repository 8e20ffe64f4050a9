"""How the camera moves the tracks, in each chunk of the video that the tracker works on.

Its motion is observed, or told by the boxes. A camera that moves is asked for before it is known
whose the detections are, for what is expected where has to be known first. One that stands still is
watched by those who were found, and asked where many were lost at once.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hie_cli.camera.shift_vote import ShiftVote
from hie_cli.core.types import FloatArray
from hie_cli.tracking.detections import Detections
from hie_cli.tracking.kalman import Floats, Ints
from hie_cli.tracking.settings import TrackConfig
from hie_cli.tracking.tracks import Tracks

LOST = 0.4  # share of people lost at once from which a camera, thought still, is asked for


class MovingCameras:
    """One camera a chunk; for each frame call ``observe`` and, where there are tracks, ``before``,
    ``sudden`` and ``after``, in order.

    ``moved``: of the present frame, by chunk, the homography (3, 3) from the frame before of the
    camera that moved.
    """

    def __init__(self, config: TrackConfig, chunks: int) -> None:
        self.moved: dict[int, FloatArray] = {}
        self._config = config
        self._vote = ShiftVote(chunks)
        self._chunks = chunks
        self._calm: set[int] = set()  # chunks whose camera is not observed, and thought still
        self._recent = np.zeros(0, bool)  # tracks (N,) seen in the frame before

    def observe(self, observed: Sequence[FloatArray | None]) -> None:
        """Take each camera's motion as ``observed``, None: not."""
        self.moved = {c: camera for c, camera in enumerate(observed) if camera is not None}
        asked = range(len(observed)) if self._config.camera else ()
        self._calm = set(asked).difference(self.moved)

    def before(self, tracks: Tracks, found: Detections) -> None:
        """Move the tracks as the cameras were observed, and by others that are known to move."""
        _warp(tracks, self.moved)
        self._recent = tracks.seen >= tracks.seen.max()
        moving = {c for c in self._calm if self._vote.moves(c)}
        self._calm -= moving
        if moving:
            self._voted(tracks, found, moving)

    def sudden(self, tracks: Tracks, found: Detections, match: Ints) -> bool:
        """Whether a camera thought still moved, by which many who were seen in the frame before
        have no match (N,): the tracks are moved then, and must be matched again.
        """
        if not self._calm:
            return False
        before = self._recent & (tracks.hits > 1)
        everybody, lost = tracks.chunk[before], tracks.chunk[before & (match < 0)]
        most = LOST * np.bincount(everybody, minlength=self._chunks)
        many = (np.bincount(lost, minlength=self._chunks) > most).nonzero()[0]
        asked = self._calm.intersection(many.tolist())
        self._calm -= asked
        return bool(asked) and self._voted(tracks, found, asked)

    def after(self, tracks: Tracks, found: Detections, match: Ints) -> None:
        """Watch the cameras thought still, by those seen in the frame before and matched (N,)."""
        if not self._calm:
            return
        asked = self._recent & self._in(self._calm, tracks.chunk)
        rows = (asked & (match >= 0)).nonzero()[0]
        rows = rows[found.scores[match[rows]] >= self._config.high_score]
        value, variance = tracks.motion.value[rows], tracks.motion.vv[rows, 0]
        centres = found.centres[match[rows]]
        self._move(tracks, self._vote.follow(value, variance, centres, tracks.chunk[rows]))

    def _voted(self, tracks: Tracks, found: Detections, chunks: set[int]) -> bool:
        """Move the tracks of ``chunks`` as the confident detections tell; whether any moved."""
        recent = self._recent & self._in(chunks, tracks.chunk)
        settled = recent & (tracks.hits > 1)
        some = np.bincount(tracks.chunk[settled], minlength=self._chunks) > 0
        rows = (settled | (recent & ~some[tracks.chunk])).nonzero()[0]
        confident = found.scores >= self._config.high_score
        confident &= self._in(chunks, found.chunk)
        value, variance = tracks.motion.value[rows], tracks.motion.vv[rows, 0]
        whose = tracks.chunk[rows], found.chunk[confident]
        moved = self._vote.vote(value, variance, found.centres[confident], *whose)
        self._move(tracks, moved)
        return bool(moved)

    def _move(self, tracks: Tracks, cameras: Mapping[int, Floats]) -> None:
        """Move the tracks with the cameras of chunks, shifts (3, 3)."""
        if cameras:
            shift = np.zeros((self._chunks, 2))
            shift[list(cameras)] = [camera[:2, 2] for camera in cameras.values()]
            tracks.motion = tracks.motion.shifted(shift[tracks.chunk])
            self.moved |= cameras

    def _in(self, chunks: set[int], chunk: Ints) -> NDArray[np.bool_]:
        """Which of ``chunk`` (N,) are among ``chunks``."""
        among = np.zeros(self._chunks, bool)
        among[list(chunks)] = True
        return among[chunk]


def _warp(tracks: Tracks, cameras: Mapping[int, FloatArray]) -> None:
    """Move the tracks with the cameras of their chunks, homographies (3, 3)."""
    for chunk, camera in cameras.items():
        rows = (tracks.chunk == chunk).nonzero()[0]
        moved = tracks.motion[rows].warp(np.asarray(camera, np.float64))
        tracks.motion = tracks.motion.replaced(rows, moved)
