"""Why somebody is unseen for a while: covered by others, out of the picture, or missed.

Being covered by somebody nearer, or out of the picture, says nothing against being there. For how
long people in plain view are missed is learned from the gaps inside tracklets: a good detector
hardly ever loses anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hie_cli.camera.path import CameraPath
from hie_cli.core.geometry import ranges
from hie_cli.core.types import VideoInfo
from hie_cli.tracking.kalman import Floats, to_centres
from hie_cli.tracking.tracklets import Ints, Tracklet, owners

COVERED = 0.3  # share of a box under one nearer box that explains a miss
FOOT = 0.02  # heights: a nearer person's foot may be this much higher, by jitter
SAMPLES = 3  # moments at which a gap is looked at
PRIOR_MISS = 0.2  # s: what one miss lasts, before any was seen


@dataclass(frozen=True)
class Gaps:
    """K gaps: the last frame before and the first after (K,), and the boxes (K, 4) px there.

    owner, other (K,): the tracklets on either side, by their place in the crowd.
    """

    before: Ints
    after: Ints
    boxes_before: Floats
    boxes_after: Floats
    owner: Ints
    other: Ints

    def seconds(self, fps: float) -> Floats:
        """How long (K,) nothing was seen, s."""
        unseen: Floats = np.maximum(self.after - self.before - 1, 0) / fps
        return unseen


@dataclass(frozen=True)
class Crowd:
    """All R boxes of N tracklets, in the order of their place.

    place (R,) ascending: see ``_place`` · boxes (R, 4) px · owner (R,).
    """

    place: Floats
    boxes: Floats
    owner: Ints
    video: VideoInfo

    @classmethod
    def of(cls, tracklets: Sequence[Tracklet], video: VideoInfo) -> Self:
        """The boxes of at least one tracklet."""
        frames = np.concatenate([t.frames for t in tracklets])
        boxes = np.concatenate([t.boxes for t in tracklets])
        owner = owners(tracklets)
        place = _place(frames, boxes[:, 0], video)
        order = np.argsort(place)
        return cls(place[order], boxes[order], owner[order], video)

    def excused(self, frames: Ints, boxes: Floats, owner: Ints, other: Ints) -> NDArray[np.bool_]:
        """Whether boxes (Q, 4) px in frames (Q,) could not be seen: covered, or out of the picture.

        ``owner`` and ``other`` (Q,) are tracklets that do not cover them, being the same person.
        """
        widest = np.max(self.boxes[:, 2] - self.boxes[:, 0])
        low = np.searchsorted(self.place, _place(frames, boxes[:, 0] - widest, self.video), "left")
        high = np.searchsorted(self.place, _place(frames, boxes[:, 2], self.video), "right")
        query, place = ranges(low, high)
        every, asked = np.ascontiguousarray(self.boxes.T), np.ascontiguousarray(boxes.T)
        foot = asked[3] - FOOT * (asked[3] - asked[1])
        nearer = np.flatnonzero(every[3].take(place) >= foot.take(query))
        query, place = query.take(nearer), place.take(nearer)
        whose = self.owner.take(place)
        others = np.flatnonzero((whose != owner.take(query)) & (whose != other.take(query)))
        query, place = query.take(others), place.take(others)
        mine, theirs = asked.take(query, axis=1), every.take(place, axis=1)
        width = np.minimum(mine[2], theirs[2]) - np.maximum(mine[0], theirs[0])
        height = np.minimum(mine[3], theirs[3]) - np.maximum(mine[1], theirs[1])
        area = (mine[2] - mine[0]) * (mine[3] - mine[1])
        share = np.maximum(width, 0) * np.maximum(height, 0) / np.maximum(area, 1e-9)
        covered = np.bincount(query[share >= COVERED], minlength=len(boxes)) > 0
        middle = to_centres(boxes)[:, :2]
        outside = (middle < 0) | (middle > [self.video.width, self.video.height])
        hidden: NDArray[np.bool_] = covered | outside.any(axis=1)
        return hidden

    def in_view(self, gaps: Gaps, camera: CameraPath | None = None) -> Floats:
        """For how long (K,) in each gap the person was in plain view, s, on a straight way.

        ``camera``: the gaps' boxes are in its steady coordinates.
        """
        share = (np.arange(SAMPLES) + 0.5) / SAMPLES
        steps = (gaps.after - gaps.before)[:, None]
        frames = np.round(gaps.before[:, None] + share * steps).astype(np.int64).ravel()
        way = (gaps.boxes_after - gaps.boxes_before)[:, None]
        boxes = (gaps.boxes_before[:, None] + share[:, None] * way).reshape(-1, 4)
        if camera is not None:
            boxes = camera.boxes(frames, boxes, back=True)
        owner, other = gaps.owner.repeat(SAMPLES), gaps.other.repeat(SAMPLES)
        hidden = self.excused(frames, boxes, owner, other).reshape(-1, SAMPLES)
        view: Floats = (1 - hidden.mean(axis=1)) * gaps.seconds(self.video.fps)
        return view


def _place(frames: Ints, left: Floats, video: VideoInfo) -> Floats:
    """Numbers (R,) in the order of the frames (R,) and, in a frame, of the left sides (R,) px."""
    return frames + np.clip(left / max(video.width, 1), -1, 2) / 4


def inner_gaps(tracklets: Sequence[Tracklet]) -> Gaps:
    """The gaps inside of at least one tracklet."""
    frames = np.concatenate([t.frames for t in tracklets])
    boxes = np.concatenate([t.boxes for t in tracklets])
    owner = owners(tracklets)
    row = np.flatnonzero((np.diff(frames) > 1) & (owner[1:] == owner[:-1]))
    return Gaps(frames[row], frames[row + 1], boxes[row], boxes[row + 1], owner[row], owner[row])


def miss_seconds(tracklets: Sequence[Tracklet], crowd: Crowd) -> float:
    """The mean time for which somebody in plain view goes undetected, s."""
    view = crowd.in_view(inner_gaps(tracklets))
    view = view[view > 0]
    return float((view.sum() + PRIOR_MISS) / (len(view) + 1))


def missed_share(tracklets: Sequence[Tracklet], crowd: Crowd) -> float:
    """How often somebody in plain view goes undetected, for each time that somebody is seen."""
    view = crowd.in_view(inner_gaps(tracklets))
    return float(np.count_nonzero(view > 0) / max(len(crowd.place), 1))
