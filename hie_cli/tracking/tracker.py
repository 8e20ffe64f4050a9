"""The forward pass: detections of each frame are joined to the tracks known so far.

Three rounds of assignment a frame, in the order of trust: confident detections to tracks seen more
than once; weak detections to those lately seen (Zhang et al., ByteTrack, 2022); remaining
confident detections to tracks just begun. What is left of the confident ones starts tracks.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.camera.shift_vote import ShiftVote
from hie_cli.core.types import FloatArray, VideoInfo
from hie_cli.tracking.association import (
    Ints,
    assign,
    buffered_iou,
    height_overlap,
    motion_likeness,
    pose_similarity,
)
from hie_cli.tracking.coasting import Coasting, class_of
from hie_cli.tracking.detections import Detections, touches_edge
from hie_cli.tracking.kalman import Floats, to_boxes, to_centres
from hie_cli.tracking.score_scale import ScoreScale
from hie_cli.tracking.settings import Observation, TrackConfig
from hie_cli.tracking.tracks import Tracks

TOP = 0.95  # online, a weak detection is shown only of who was seen this well
MATURE = 3  # sightings from which a track is believed to be somewhere while it is unseen
# Where boxes are given, the share of the least similarity that counts for nothing: of every track,
# and how much more of one that was unseen in the frame before.
GIVEN, UNSEEN = 0.5, 0.45
LOST = 0.4  # share of people lost at once from which the camera, thought still, is looked at


@dataclass(frozen=True)
class Association:
    """What became of the people of one frame.

    numbers (N,): the track of each, -1 = none · established (N,): its track has looked like a
    person for sure, without any doubt if this detection is weak · occlusion (N,): the share of
    each box that lies under a nearer one · camera (3, 3): homography from the frame before, None =
    still · coasted, expected: online, the tracks (K,) that are believed to be in boxes (K, 4) px
    though undetected; else None.
    """

    numbers: NDArray[np.int64]
    established: NDArray[np.bool_]
    occlusion: Floats
    camera: FloatArray | None = None
    coasted: Ints | None = None
    expected: Floats | None = None


class Tracker:
    """Causal multi-person tracker; feed it observations in order with ``step``.

    ``scale``: what the video's scores mean, where it is known; else it is learned on the way.
    """

    def __init__(
        self, config: TrackConfig, video: VideoInfo, scale: ScoreScale | None = None
    ) -> None:
        self.config = config
        self.video = video
        self.tracks: Tracks | None = None
        self.births = 0
        self.last_frame: int | None = None
        self.scale = ScoreScale() if scale is None else scale
        self._learning = scale is None
        self._shift = ShiftVote()
        self._coasting = Coasting()

    def step(self, observation: Observation) -> Association:
        """Join one frame's people to tracks."""
        config = self.config
        now = observation.index / self.video.fps
        seconds = 0.0 if self.last_frame is None else now - self.last_frame / self.video.fps
        people = observation.people
        heights = people.boxes[:, 3] - people.boxes[:, 1]
        if self._learning:
            self.scale.add(people.scores, heights)
        shares = self.scale.shares(people.scores, heights)
        found = Detections.of(observation, shares, self.video, seconds)
        numbers = np.full(len(found.boxes), -1, np.int64)
        established = np.zeros(len(numbers), bool)
        tracks, camera = self.tracks, observation.camera
        coasted: tuple[Ints, Floats] | tuple[()] = ()
        if tracks is not None and len(tracks):
            tracks.motion = tracks.motion.predict(seconds, config.motion)
            asked = camera is None and config.camera
            looked = asked and self._shift.due()
            if looked:
                camera = self._common_motion(tracks, found)
            if camera is not None:
                tracks.motion = tracks.motion.warp(np.asarray(camera, np.float64))
            lately = now - tracks.seen <= max(config.weak_seconds, 1.5 * seconds)
            match = self._match(tracks, found, lately)
            if asked and not looked and self._lost_many(tracks, match):  # a sudden move?
                camera = self._common_motion(tracks, found)
                if camera is not None:
                    tracks.motion = tracks.motion.warp(camera)
                    match = self._match(tracks, found, lately)
            seen = np.flatnonzero(match >= 0)
            numbers[match[seen]] = tracks.number[seen]
            if config.online:
                self._learn(tracks, found, match, seen)
            tracks.update(found, match, now, config.motion)
            sure = tracks.peak[seen] >= config.sure_score
            sure &= (found.scores[match[seen]] >= config.high_score) | (tracks.peak[seen] >= TOP)
            established[match[seen]] = sure
            if config.online and config.coast_seconds > 0 and self.scale.varied:
                coasted = self._coasted(tracks, now)
            patience = np.where(tracks.hits > 1, config.lost_seconds, 0.0)
            alive = now - tracks.seen <= np.maximum(patience, 1.5 * seconds)
            if not alive.all():
                self._coasting.lost(tracks.unseen[~alive])
                tracks = tracks[alive]
        known = numbers >= 0
        self.tracks = self._with_births(tracks, found, numbers, now)
        established |= ~known & (numbers >= 0) & (found.scores >= config.sure_score)
        self.last_frame = observation.index
        return Association(numbers, established, found.occlusion, camera, *coasted)

    def _learn(
        self, tracks: Tracks, found: Detections, match: NDArray[np.int64], seen: Ints
    ) -> None:
        """Tell who comes back where expected, of the tracks ``seen`` again by ``match`` (N,)."""
        back = seen[tracks.unseen[seen].any(axis=1)]
        if len(back):
            expected = to_boxes(tracks.motion.value[back])
            self._coasting.found(tracks.unseen[back], expected, found.boxes[match[back]])

    def _coasted(self, tracks: Tracks, now: float) -> tuple[Ints, Floats]:
        """Numbers (K,) and expected boxes (K, 4) of those to be shown though undetected."""
        sure = (tracks.hits >= MATURE) & (tracks.peak >= self.config.sure_score)
        unseen = np.flatnonzero((tracks.seen < now) & sure)
        boxes = tracks.motion.boxes()
        expected, seconds = boxes[unseen], now - tracks.seen[unseen]
        classes = class_of(seconds, expected, boxes[tracks.seen >= now])
        tracks.unseen[unseen, classes] += 1
        shown = self._coasting.believed(classes) & ~touches_edge(expected, self.video)
        shown &= seconds <= self.config.coast_seconds
        return tracks.number[unseen[shown]], expected[shown]

    def _common_motion(self, tracks: Tracks, found: Detections) -> Floats | None:
        """The camera's motion as the boxes tell it, by tracks seen in the frame before."""
        recent = tracks.seen >= tracks.seen.max()
        settled = recent & (tracks.hits > 1)
        motion = tracks.motion[settled if settled.any() else recent]
        confident = found.scores >= self.config.high_score
        boxes = to_centres(found.boxes[confident])
        return self._shift.step(motion.value, motion.vv[:, 0], boxes)

    def _lost_many(self, tracks: Tracks, match: NDArray[np.int64]) -> bool:
        """Whether more than ``LOST`` of those seen in the frame before have no match (N,)."""
        before = (tracks.seen >= tracks.seen.max()) & (tracks.hits > 1)
        return bool((match[before] < 0).sum() > LOST * before.sum())

    def _match(
        self, tracks: Tracks, found: Detections, lately: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """The detection (N,) of each track, -1 = none; weak ones for those seen ``lately`` (N,).

        A weak detection more similar to somebody already found is a second view of them: between
        two who cross there are many, and one would draw the hidden person's track to the other.
        """
        config = self.config
        tracked, detected, similarity = self._similarity(tracks, found)
        high = found.scores >= config.high_score
        low = ~high & (found.scores >= config.low_score)
        settled = tracks.hits > 1
        match = np.full(len(tracks), -1, np.int64)
        explained = np.zeros(len(high))  # how well those found explain each detection
        worthless = np.zeros(len(tracks))
        if not self.scale.varied:
            # Given boxes do not jitter: two poor matches must not cost somebody a sure one. Nor
            # do they miss anybody: who was there a moment ago still is, newcomer or not, and a
            # hidden one, whose uncertain place reaches far, must not take their box.
            worthless = GIVEN + UNSEEN * (tracks.seen < tracks.seen.max())
            settled = np.ones(len(tracks), bool)
        for rows, columns, least in (
            (settled, high, config.min_similarity),
            (settled & lately, low, config.min_low_similarity),
            (~settled, high, config.min_similarity),
        ):
            good = (rows & (match < 0))[tracked] & columns[detected] & (similarity >= least)
            if columns is low and good.any():
                found_already = columns[detected] & (match >= 0)[tracked]
                np.maximum.at(explained, detected[found_already], similarity[found_already])
                good &= similarity >= explained[detected]
            track = tracked[good]
            i, j = assign(track, detected[good], similarity[good] - worthless[track] * least)
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
        if config.height_weight > 0:
            upright = height_overlap(expected[rows], found.boxes[columns], slack[rows])
            total = total * upright**config.height_weight
        total = total * (1 - config.score_weight * (1 - found.scores[columns]))
        weight = np.ones(len(rows))
        if found.poses is not None and config.pose_weight > 0:
            size = np.prod(tracks.motion.value[:, 2:], axis=1)
            alike = pose_similarity(tracks.poses()[rows], found.poses[columns], size[rows])
            known = np.isfinite(alike)
            total = total + config.pose_weight * np.where(known, alike, 0)
            weight = weight + config.pose_weight * known
        if found.appearance is not None and config.appearance_weight > 0:
            alike = np.einsum("kd,kd->k", tracks.appearance[rows], found.appearance[columns])
            total = total + config.appearance_weight * np.clip(2 * alike - 1, 0, 1)
            weight = weight + config.appearance_weight
        if found.speed is not None and config.flow_weight > 0:
            alike = motion_likeness(tracks.motion[rows], found.speed[columns])
            known = np.isfinite(alike)
            total = total + config.flow_weight * np.where(known, alike, 0)
            weight = weight + config.flow_weight * known
        return rows, columns, total / weight

    def _with_births(
        self, tracks: Tracks | None, found: Detections, numbers: NDArray[np.int64], now: float
    ) -> Tracks:
        """``tracks`` and one new track for every confident person nobody else explains.

        A box lying mostly within the box of a tracked person is more likely a second view of that
        person than somebody new, unless it looks like a person for sure. Fills in ``numbers``.
        """
        config = self.config
        taken = numbers >= 0
        new = np.flatnonzero(~taken & (found.scores >= config.birth_score))
        if not len(new) and tracks is not None:
            return tracks
        inside = found.overlap[new][:, taken].max(axis=1, initial=0)
        sure = found.scores[new] >= config.sure_score
        new = new[(inside <= config.birth_overlap) | sure]
        if not len(new) and tracks is not None:
            return tracks
        numbers[new] = self.births + 1 + np.arange(len(new))
        born = Tracks.start(found, new, self.births + 1, now, config.motion)
        self.births += len(new)
        return born if tracks is None or not len(tracks) else tracks.join(born)
