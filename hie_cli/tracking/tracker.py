"""The forward pass: detections of each frame are joined to the tracks known so far.

Three rounds of assignment a frame, in the order of trust: confident detections to tracks seen more
than once; weak detections to those still without one (Zhang et al., ByteTrack, 2022); remaining
confident detections to tracks just begun. What is left of the confident ones starts tracks.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.geometry import coverage
from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import FloatArray, VideoInfo
from hie_cli.tracking.association import (
    Ints,
    assign,
    buffered_iou,
    motion_likeness,
    pose_similarity,
)
from hie_cli.tracking.kalman import Floats, Motion, to_centres
from hie_cli.tracking.settings import Observation, TrackConfig

Index = NDArray[np.int64] | NDArray[np.bool_]
APPEARANCE_MEMORY = 0.1  # the least weight of the newest look in a track's mean look
EDGE = 0.1  # heights: a box this near the edge of the picture touches it
CUT_OFF = 0.5  # share of a person taken to be hidden there
MOSTLY_SEEN = 0.3  # less hidden than this, a box shows its own person


@dataclass
class Tracks:
    """N living tracks, side by side.

    number (N,) from 1 in order of birth · seen, born (N,) s · hits (N,) detections joined and score
    (N,) the sum of their scores · pose (N, 14, 2) last joints,
    relative to the box's centre, in box sizes · look (N, D) mean appearance.
    """

    motion: Motion
    number: NDArray[np.int64]
    seen: Floats
    born: Floats
    hits: NDArray[np.int64]
    score: Floats
    pose: Floats
    look: Floats

    def __len__(self) -> int:
        return len(self.number)

    def __getitem__(self, index: Index) -> Self:
        return type(self)(*(getattr(self, f.name)[index] for f in fields(self)))

    def join(self, other: Self) -> Self:
        """These tracks, then the other ones."""
        joined = [
            np.concatenate([getattr(self, f.name), getattr(other, f.name)])
            for f in fields(self)
            if f.name != "motion"
        ]
        return type(self)(self.motion.join(other.motion), *joined)


@dataclass(frozen=True)
class Detections:
    """The detections of one frame as the tracker uses them: boxes (M, 4), scores (M,), poses
    (M, 14, 2) or None, looks (M, D) or None, speed (M, 2) px/s or None: by flow, the camera's
    motion taken out, NaN where unknown, overlap (M, M) see ``coverage``, hidden (M,) the share of
    each box that lies under nearer people.
    """

    boxes: Floats
    scores: Floats
    poses: Floats | None
    looks: Floats | None
    speed: Floats | None
    overlap: Floats
    hidden: Floats

    @classmethod
    def of(cls, sighting: Observation, video: VideoInfo, seconds: float) -> Self:
        """The detections of a sighting, ``seconds`` after the one before."""
        people = sighting.people
        boxes = people.boxes.astype(np.float64)
        share = coverage(boxes)
        nearer = boxes[:, 3][None] > boxes[:, 3][:, None]
        hidden = np.where(nearer, share, 0.0).max(axis=1, initial=0.0)
        hidden = np.maximum(hidden, CUT_OFF * touches_edge(boxes, video))
        speed = None
        if sighting.flow is not None and seconds > 0:
            speed = _speed(boxes, sighting) / seconds
            speed[hidden > MOSTLY_SEEN] = np.nan  # pixels of a covered box are somebody else's
        return cls(
            boxes,
            people.scores.astype(np.float64),
            wide(people.keypoints),
            wide(sighting.appearance),
            speed,
            share,
            hidden,
        )


def wide(array: FloatArray | None) -> Floats | None:
    """The array as float64, if there is one."""
    return None if array is None else np.asarray(array, np.float64)


def touches_edge(boxes: Floats, video: VideoInfo) -> NDArray[np.bool_]:
    """Whether boxes (N, 4) come within ``EDGE`` of their height to the edge of the picture."""
    margin = EDGE * (boxes[:, 3:] - boxes[:, 1:2])
    outside = (boxes[:, :2] < margin) | (boxes[:, 2:] > [video.width, video.height] - margin)
    return np.asarray(outside.any(axis=1))


@dataclass(frozen=True)
class Association:
    """What became of the people of one frame.

    numbers (N,): the track of each, -1 = none · established (N,): seen for ``confirm_seconds``,
    with a mean score of at least ``min_score`` · hidden (N,): the share of each box that lies under
    a nearer one.
    """

    numbers: NDArray[np.int64]
    established: NDArray[np.bool_]
    hidden: Floats


class Tracker:
    """Causal multi-person tracker; feed it sightings in order with ``step``."""

    def __init__(self, config: TrackConfig, video: VideoInfo) -> None:
        self.config = config
        self.video = video
        self.tracks: Tracks | None = None
        self.births = 0
        self.last_frame: int | None = None

    def step(self, sighting: Observation) -> Association:
        """Join one frame's people to tracks."""
        config = self.config
        now = sighting.index / self.video.fps
        seconds = 0.0 if self.last_frame is None else now - self.last_frame / self.video.fps
        found = Detections.of(sighting, self.video, seconds)
        numbers = np.full(len(found.boxes), -1, np.int64)
        tracks = self.tracks
        established = np.zeros(len(numbers), bool)
        if tracks is not None and len(tracks):
            tracks.motion = self._predict(tracks.motion, sighting, seconds)
            match = self._match(tracks, found)
            seen = np.flatnonzero(match >= 0)
            numbers[match[seen]] = tracks.number[seen]
            self._update(tracks, found, match)
            tracks.seen[seen] = now
            settled = (now - tracks.born >= config.confirm_seconds) & (tracks.hits > 1)
            convincing = settled & (tracks.score >= config.min_score * tracks.hits)
            established[match[seen]] = convincing[seen]
            patience = np.where(settled, config.lost_seconds, config.confirm_seconds)
            alive = now - tracks.seen <= np.maximum(patience, 1.5 * seconds)
            tracks = tracks if alive.all() else tracks[alive]
        self.tracks = self._with_births(tracks, found, numbers, now)
        self.last_frame = sighting.index
        return Association(numbers, established, found.hidden)

    def _predict(self, motion: Motion, sighting: Observation, seconds: float) -> Motion:
        motion = motion.predict(seconds, self.config.motion)
        return motion if sighting.camera is None else motion.warp(np.asarray(sighting.camera))

    def _match(self, tracks: Tracks, found: Detections) -> NDArray[np.int64]:
        """The detection (N,) of each track, -1 = none."""
        config = self.config
        tracked, detected, similarity = self._similarity(tracks, found)
        high = found.scores >= config.high_score
        low = ~high & (found.scores >= config.low_score)
        settled = tracks.hits > 1
        match = np.full(len(tracks), -1, np.int64)
        for rows, columns, least in (
            (settled, high, config.min_similarity),
            (settled, low, config.min_low_similarity),
            (~settled, high, config.min_similarity),
        ):
            good = (rows & (match < 0))[tracked] & columns[detected] & (similarity >= least)
            i, j = assign(tracked[good], detected[good], similarity[good])
            match[i] = j
            high[j] = False
        return match

    def _similarity(self, tracks: Tracks, found: Detections) -> tuple[Ints, Ints, Floats]:
        """Track, detection and similarity (0..1) of the pairs (K,) within reach of one another."""
        config = self.config
        expected = tracks.motion.boxes()
        height = expected[:, 3] - expected[:, 1]
        deviation = np.sqrt(tracks.motion.vv[:, 0])
        slack = np.minimum(config.slack * deviation, config.max_slack * height)
        rows, columns, total = buffered_iou(expected, found.boxes, slack)
        weight = np.ones(len(rows))
        if found.poses is not None and config.pose_weight > 0:
            value = tracks.motion.value
            poses = value[:, None, :2] + tracks.pose * value[:, None, 2:]
            size = np.prod(value[:, 2:], axis=1)
            similarity = pose_similarity(poses[rows], found.poses[columns], size[rows])
            known = np.isfinite(similarity)
            total = total + config.pose_weight * np.where(known, similarity, 0)
            weight = weight + config.pose_weight * known
        if found.looks is not None and config.appearance_weight > 0:
            similarity = np.einsum("kd,kd->k", tracks.look[rows], found.looks[columns])
            total = total + config.appearance_weight * np.clip(2 * similarity - 1, 0, 1)
            weight = weight + config.appearance_weight
        if found.speed is not None and config.flow_weight > 0:
            similarity = motion_likeness(tracks.motion[rows], found.speed[columns])
            known = np.isfinite(similarity)
            total = total + config.flow_weight * np.where(known, similarity, 0)
            weight = weight + config.flow_weight * known
        return rows, columns, total / weight

    def _update(self, tracks: Tracks, found: Detections, match: NDArray[np.int64]) -> None:
        """Correct the tracks by their detections; an unseen one has infinite measurement noise."""
        noise = self.config.motion
        seen = np.flatnonzero(match >= 0)
        chosen = match[seen]
        boxes = tracks.motion.boxes()
        boxes[seen] = found.boxes[chosen]
        doubt = np.full(len(tracks), np.inf)
        doubt[seen] = 1 + found.hidden[chosen]
        tracks.motion = tracks.motion.update(boxes, noise, doubt)
        tracks.hits[seen] += 1
        tracks.score[seen] += found.scores[chosen]
        if found.poses is not None:
            tracks.pose[seen] = _relative(found.poses[chosen], found.boxes[chosen])
        if found.looks is not None:
            share = np.maximum(1 / tracks.hits[seen], APPEARANCE_MEMORY)
            share = (share * (1 - found.hidden[chosen]))[:, None]
            look = (1 - share) * tracks.look[seen] + share * found.looks[chosen]
            length = np.linalg.norm(look, axis=1, keepdims=True)
            tracks.look[seen] = look / np.maximum(length, 1e-9)

    def _with_births(
        self, tracks: Tracks | None, found: Detections, numbers: NDArray[np.int64], now: float
    ) -> Tracks:
        """``tracks`` and one new track for every confident person nobody else explains.

        A box lying mostly within the box of a tracked person is more likely a second view of that
        person than somebody new. Fills in ``numbers``.
        """
        config = self.config
        taken = numbers >= 0
        new = np.flatnonzero(~taken & (found.scores >= config.birth_score))
        inside = found.overlap[new][:, taken].max(axis=1, initial=0)
        new = new[inside <= config.birth_overlap]
        if not len(new) and tracks is not None:
            return tracks
        numbers[new] = self.births + 1 + np.arange(len(new))
        self.births += len(new)
        count = len(new)
        boxes = found.boxes[new]
        born = Tracks(
            Motion.start(boxes, config.motion),
            numbers[new],
            np.full(count, now),
            np.full(count, now),
            np.ones(count, np.int64),
            found.scores[new],
            np.full((count, NUM_JOINTS, 2), np.nan)
            if found.poses is None
            else _relative(found.poses[new], boxes),
            np.zeros((count, 0)) if found.looks is None else found.looks[new],
        )
        if tracks is None or not len(tracks):
            return born
        return tracks.join(born) if count else tracks


def _relative(poses: Floats, boxes: Floats) -> Floats:
    """Joints (N, 14, 2) relative to their box's centre, in box sizes."""
    centres = to_centres(boxes)[:, None]
    relative: Floats = (poses - centres[..., :2]) / np.maximum(centres[..., 2:], 1.0)
    return relative


def _speed(boxes: Floats, sighting: Observation) -> Floats:
    """How far people in boxes (M, 4) moved (M, 2) px by flow, the camera's motion taken out."""
    centre = to_centres(boxes)[:, :2]
    origin = centre - np.asarray(sighting.flow, np.float64)
    if sighting.camera is not None:
        x, y, w = np.asarray(sighting.camera) @ np.vstack([origin.T, np.ones(len(origin))])
        origin = np.stack([x / w, y / w], axis=1)
    moved: Floats = centre - origin
    return moved
