"""Two who cross are often given one pose: that of whoever is in front.

It belongs to the one whose poses before and after it continues. The other one is given, in its
place, what lies between their own poses on both sides; where the frames after are not known yet,
the last pose of their own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.temporal_window import windowed
from hie_cli.core.types import FramePeople, FrameStream, People
from hie_cli.tracking.kalman import Floats, to_centres
from hie_cli.tracking.tracklets import Ints, Tracklet, owners, stacked

BESIDE = 0.05  # IoU of boxes from which two may be given one pose
SAME = 0.6  # OKS of two poses, at half the smaller box's area, from which they are one


def give_back(tracks: Sequence[Tracklet], longest: int, score: float) -> list[Tracklet]:
    """The tracks, no two of which have one pose in a frame.

    A pose is carried over ``longest`` frames at most, relative to the box; its joints have
    ``score`` times the lower score of both sides. Who has no other pose near has none.
    """
    poses = [t.keypoints for t in tracks if t.keypoints is not None]
    if len(poses) < len(tracks) or len(tracks) < 2:
        return list(tracks)
    whole = stacked(tracks)
    owner = owners(tracks)
    pairs = shared(whole)
    if not len(pairs):
        return list(tracks)
    asked = np.unique(pairs)
    joints, marks = _carried(whole, owner, asked, longest)
    areas = np.prod(to_centres(whole.boxes)[asked, 2:], axis=1) / 2
    assert whole.keypoints is not None
    assert whole.keypoint_scores is not None
    own = np.nan_to_num(geometry.paired_oks(whole.keypoints[asked], joints, areas))
    likeness = np.zeros(len(owner))
    likeness[asked] = own
    lost = np.zeros(len(owner), bool)
    for one, other in pairs.tolist():  # by frame
        if not lost[one] and not lost[other]:
            lost[one if likeness[one] < likeness[other] else other] = True
    points, scores = whole.keypoints.copy(), whole.keypoint_scores.copy()
    points[asked[lost[asked]]] = joints[lost[asked]]
    scores[asked[lost[asked]]] = score * marks[lost[asked]]
    cuts = np.flatnonzero(np.diff(owner)) + 1
    parts = zip(tracks, np.split(points, cuts), np.split(scores, cuts), strict=True)
    return [replace(t, keypoints=p, keypoint_scores=s) for t, p, s in parts]


@dataclass(frozen=True)
class PosedFrame:
    """A frame's people as rows of one Tracklet (None: they lack poses or identities), the rows
    ``asked`` that share a pose, and by identity the row of everybody else.
    """

    item: FramePeople
    now: Tracklet | None
    asked: list[int]
    own: dict[int, Tracklet]

    @classmethod
    def of(cls, item: FramePeople) -> Self:
        """Tell who shares a pose."""
        people = item.people
        if people.keypoints is None or people.keypoint_scores is None or people.track_ids is None:
            return cls(item, None, [], {})
        values = people.boxes, people.scores, people.keypoints, people.keypoint_scores
        index = np.full(len(people), item.index)
        now = Tracklet(index, *(np.asarray(each, np.float64) for each in values))
        asked = np.unique(shared(now)).tolist()
        rest = np.setdiff1d(np.arange(len(people)), asked).tolist()
        own = {int(people.track_ids[row]): now.rows(slice(row, row + 1)) for row in rest}
        return cls(item, now, asked, own)


class OwnPoses:
    """``give_back`` one frame after another."""

    def __init__(self, longest: int, score: float) -> None:
        self._longest, self._score = longest, score
        self._before: dict[int, Tracklet] = {}  # by identity, the last pose that nobody shared

    def step(self, frame: PosedFrame, ahead: Sequence[PosedFrame] = ()) -> People:
        """The frame's people, no two of whom have one pose; ``ahead``: frames that follow, as far
        as they are known.
        """
        people = frame.item.people
        if frame.asked:
            people = self._given_back(frame, ahead)
        index, known = frame.item.index, self._before.items()
        self._before = {i: t for i, t in known if index - t.last < self._longest} | frame.own
        return people

    def _given_back(self, frame: PosedFrame, ahead: Sequence[PosedFrame]) -> People:
        people, now = frame.item.people, frame.now
        assert now is not None
        assert people.track_ids is not None
        assert people.keypoints is not None
        assert people.keypoint_scores is not None
        tracks = []
        for row in frame.asked:
            who = int(people.track_ids[row])
            before = [self._before[who]] if who in self._before else []
            after = [later.own[who] for later in ahead if who in later.own][:1]
            tracks.append(stacked([*before, now.rows(slice(row, row + 1)), *after]))
        found = give_back(tracks, self._longest, self._score)
        given = stacked([track.rows(track.frames == frame.item.index) for track in found])
        joints, marks = people.keypoints.copy(), people.keypoint_scores.copy()
        joints[frame.asked], marks[frame.asked] = given.keypoints, given.keypoint_scores
        return people.replace(keypoints=joints, keypoint_scores=marks)


def own_poses(
    stream: Iterable[FramePeople], longest: int, score: float, ahead: int = 0
) -> FrameStream:
    """``OwnPoses`` on every frame, which waits for ``ahead`` more and then has no image."""
    own = OwnPoses(longest, score)
    items = (replace(item, image=None) for item in stream) if ahead else stream
    for window, position in windowed(map(PosedFrame.of, items), ahead):
        frame = window[position]
        yield replace(frame.item, people=own.step(frame, window[position + 1 :]))


def shared(whole: Tracklet) -> Ints:
    """Pairs of rows (K, 2), by frame, that have one pose in one frame."""
    assert whole.keypoints is not None
    order = np.argsort(whole.frames, kind="stable")
    starts = np.flatnonzero(np.diff(whole.frames[order], prepend=-1))
    found = [np.zeros((0, 2), np.int64)]
    for rows in np.split(order, starts[1:]):
        boxes = whole.boxes[rows]
        pairs = np.argwhere(np.triu(geometry.iou(boxes, boxes) >= BESIDE, 1))
        if len(pairs):
            found.append(rows[pairs])
    one, other = np.concatenate(found).T
    area = np.prod(to_centres(whole.boxes)[:, 2:], axis=1)
    smaller = np.minimum(area[one], area[other]) / 2
    alike = geometry.paired_oks(whole.keypoints[one], whole.keypoints[other], smaller)
    same = np.nan_to_num(alike) >= SAME
    return np.stack([one[same], other[same]], axis=1)


def _carried(
    whole: Tracklet, owner: Ints, asked: Ints, longest: int
) -> tuple[Floats, NDArray[np.float64]]:
    """Joints (K, 14, 2) px and scores (K, 14) of the rows ``asked``, told by the nearest rows of
    the same owner on both sides that are not asked for themselves; NaN and 0 where there are none.
    """
    assert whole.keypoints is not None
    assert whole.keypoint_scores is not None
    centres = to_centres(whole.boxes)[:, None]
    relative = (whole.keypoints - centres[..., :2]) / np.maximum(centres[..., 2:], 1.0)
    # One row of nothing at the end, for sides that are missing.
    relative = np.concatenate([relative, np.full((1, *relative.shape[1:]), np.nan)])
    marks = np.concatenate([whole.keypoint_scores, np.zeros((1, relative.shape[1]))])
    sure = np.setdiff1d(np.arange(len(owner)), asked)
    after = np.searchsorted(sure, asked)
    frames = np.append(whole.frames, 0)
    owners = np.append(owner, -1)
    sides = []
    for place in (after - 1, after):
        inside = (place >= 0) & (place < len(sure))
        row = np.where(inside, np.append(sure, -1)[np.where(inside, place, -1)], -1)
        away = np.abs(frames[row] - whole.frames[asked])
        near = (owners[row] == owner[asked]) & (away <= longest)
        sides.append((np.where(near, row, len(owner)), away))
    (past, ago), (future, ahead) = sides
    share = (ago / np.maximum(ago + ahead, 1))[:, None, None]
    before, later = relative[past], relative[future]
    mixed = (1 - share) * before + share * later
    mixed = np.where(np.isfinite(before), np.where(np.isfinite(later), mixed, before), later)
    both = (past < len(owner)) & (future < len(owner))
    weaker = np.minimum(marks[past], marks[future])
    scores = np.where(both[:, None], weaker, marks[past] + marks[future])
    joints = centres[asked, :, :2] + mixed * centres[asked, :, 2:]
    return joints, np.where(geometry.known(joints), scores, 0.0)
