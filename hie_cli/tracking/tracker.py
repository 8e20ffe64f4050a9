"""The forward pass: detections of each frame are joined to the tracks known so far.

Three rounds of assignment a frame, in the order of trust: confident detections to tracks seen more
than once; weak detections to those lately seen (Zhang et al., ByteTrack, 2022); remaining
confident detections to tracks just begun. What is left of the confident ones starts tracks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.types import FloatArray, VideoInfo
from hie_cli.tracking.association import (
    Ints,
    assign,
    buffered_overlaps,
    motion_likeness,
    pose_similarity,
)
from hie_cli.tracking.coasting import Coasting, class_of
from hie_cli.tracking.detections import Detections, detected, touches_edge
from hie_cli.tracking.emerging import continue_emerging
from hie_cli.tracking.filtering import filtered_boxes
from hie_cli.tracking.kalman import Floats, Motion, to_boxes
from hie_cli.tracking.moving_cameras import MovingCameras
from hie_cli.tracking.score_scale import ScoreScale
from hie_cli.tracking.settings import Observation, TrackConfig
from hie_cli.tracking.tracks import Tracks

TOP = 0.95  # online, a weak detection is shown only of who was seen this well
MATURE = 3  # sightings from which a track is believed to be somewhere while it is unseen
# Where boxes are given, the share of the least similarity that counts for nothing: of every track,
# and how much more of one unseen for longer than a moment (s).
GIVEN, UNSEEN, MOMENT = 0.5, 0.45, 0.1
BLOCK = 100  # frames whose detections are prepared together


@dataclass(frozen=True)
class Association:
    """What became of the people of one frame.

    numbers (N,): the track of each, -1 = none · established (N,): its track has looked like a
    person for sure, without any doubt if this detection is weak · occlusion (N,): the share of
    each box that lies under a nearer one · camera (3, 3): homography from the frame before, None =
    still · boxes (N, 4) px: online, the people's, filtered; else None · coasted, expected: online,
    the tracks (K,) that are believed to be in boxes (K, 4) px though undetected; else None.
    """

    numbers: NDArray[np.int64]
    established: NDArray[np.bool_]
    occlusion: Floats
    camera: FloatArray | None = None
    boxes: Floats | None = None
    coasted: Ints | None = None
    expected: Floats | None = None


class Tracker:
    """Causal multi-person tracker; feed it observations in order with ``step``.

    ``scale``: what the video's scores mean, where it is known; else it is learned on the way ·
    ``chunks``: how many chunks of the video go through it side by side (``chunks.py``).
    """

    def __init__(
        self,
        config: TrackConfig,
        video: VideoInfo,
        scale: ScoreScale | None = None,
        chunks: int = 1,
    ) -> None:
        self.config = config
        self.video = video
        self.tracks: Tracks | None = None
        self.births = 0
        self.last_time: float | None = None  # s
        self.scale = ScoreScale() if scale is None else scale
        self._learning = scale is None
        self._chunks = chunks
        self._cameras = MovingCameras(config, chunks)
        self._coasting = Coasting()

    def step(self, observation: Observation) -> Association:
        """Join one frame's people to tracks."""
        return self.steps([[observation]])[0][0]

    def steps(self, seen: Sequence[Sequence[Observation]]) -> list[list[Association]]:
        """Join the people of some frames to tracks, one frame after the other.

        ``seen[t]``: of each chunk the frame at one and the same time since its first one; the
        last chunks may end early.
        """
        blocks = [seen[first : first + BLOCK] for first in range(0, len(seen), BLOCK)]
        return [associations for block in blocks for associations in self._block(block)]

    def _block(self, seen: Sequence[Sequence[Observation]]) -> list[list[Association]]:
        """The same of a few frames; what asks for no tracks is done for all of them at once."""
        every = [item for items in seen for item in items]
        scores = np.concatenate([item.people.scores for item in every])
        boxes = np.concatenate([item.people.boxes for item in every])
        heights = boxes[:, 3] - boxes[:, 1]
        if self._learning:
            self.scale.add(scores, heights)
        shares = self.scale.shares(scores, heights)
        now = [items[0].index / self.video.fps for items in seen]
        since = [
            b - a for a, b in pairwise([now[0] if self.last_time is None else self.last_time, *now])
        ]
        wider = boxes.astype(np.float64)
        found = detected(seen, wider, shares, since, self.video, self.config.motion)
        self.last_time = now[-1]
        return [
            self._step(t, seconds, there, [item.camera for item in items])
            for t, seconds, there, items in zip(now, since, found, seen, strict=True)
        ]

    def _step(
        self,
        now: float,
        seconds: float,
        found: Detections,
        cameras: Sequence[FloatArray | None],
    ) -> list[Association]:
        """Join what was found ``now`` (s), ``seconds`` after the frame before, to tracks.

        ``cameras``: of each chunk, as observed.
        """
        config, tracks = self.config, self.tracks
        numbers = np.full(len(found.boxes), -1, np.int64)
        established = np.zeros(len(numbers), bool)
        filtered = found.boxes.copy() if config.online and config.smooth > 0 else None
        coasted: tuple[Ints, Floats] | tuple[()] = ()
        moved = {c: camera for c, camera in enumerate(cameras) if camera is not None}
        if tracks is not None and len(tracks):
            tracks.motion = tracks.motion.predict(seconds, config.motion)
            self._cameras.before(tracks, found, cameras)
            lately = now - tracks.seen <= max(config.weak_seconds, 1.5 * seconds)
            match = self._match(tracks, found, lately)
            if self._cameras.sudden(tracks, found, match):
                match = self._match(tracks, found, lately)
            self._cameras.after(tracks, found, match)
            moved = self._cameras.moved
            grown = match[:0]
            if not self.scale.doubtful:  # a detector's boxes at the edge are too unsure for this
                grown = continue_emerging(tracks, found, match, config.high_score, self.video)
            seen = (match >= 0).nonzero()[0]
            chosen = match[seen]
            numbers[chosen] = tracks.number[seen]
            if config.online:
                self._learn(tracks, found, seen, chosen)
            tracks.update(found, seen, chosen, now)
            if len(grown):
                anew = Motion.start(found.boxes[match[grown]], config.motion)
                tracks.motion = tracks.motion.replaced(grown, anew)
            if filtered is not None:
                filtered[chosen] = filtered_boxes(
                    found.boxes[chosen], found.scores[chosen], tracks.motion.value[seen]
                )
            peak = tracks.peak[seen]
            sure = peak >= config.sure_score
            sure &= (found.scores[chosen] >= config.high_score) | (peak >= TOP)
            established[chosen] = sure
            if config.online and config.coast_seconds > 0 and self.scale.varied:
                coasted = self._coasted(tracks, now)
            patience = np.where(tracks.hits > 1, config.lost_seconds, 0.0)
            gone = now - tracks.seen > np.maximum(patience, 1.5 * seconds)
            if np.count_nonzero(gone):
                self._coasting.lost(tracks.unseen[gone])
                tracks = tracks[~gone]
        unknown = numbers < 0
        self.tracks = self._with_births(tracks, found, numbers, now)
        established |= unknown & (numbers >= 0) & (found.scores >= config.sure_score)
        if len(cameras) == 1:
            whole = numbers, established, found.occlusion
            return [Association(*whole, moved.get(0), filtered, *coasted)]
        ends = np.searchsorted(found.chunk, range(len(cameras) + 1)).tolist()
        return [
            Association(numbers[a:b], established[a:b], found.occlusion[a:b], moved.get(chunk))
            for chunk, (a, b) in enumerate(pairwise(ends))
        ]

    def _learn(self, tracks: Tracks, found: Detections, seen: Ints, chosen: Ints) -> None:
        """Tell who comes back where expected, of the tracks ``seen`` (K,), found as ``chosen``."""
        unseen = tracks.unseen[seen]
        if np.count_nonzero(unseen):
            back = unseen.any(axis=1)
            expected = to_boxes(tracks.motion.value[seen[back]])
            self._coasting.found(unseen[back], expected, found.boxes[chosen[back]])

    def _coasted(self, tracks: Tracks, now: float) -> tuple[Ints, Floats]:
        """Numbers (K,) and expected boxes (K, 4) of those to be shown though undetected."""
        sure = (tracks.hits >= MATURE) & (tracks.peak >= self.config.sure_score)
        unseen = ((tracks.seen < now) & sure).nonzero()[0]
        if not len(unseen):
            return tracks.number[unseen], np.zeros((0, 4))
        boxes = tracks.motion.boxes()
        expected, seconds = boxes[unseen], now - tracks.seen[unseen]
        classes = class_of(seconds, expected, boxes[tracks.seen >= now])
        tracks.unseen[unseen, classes] += 1
        shown = (
            self._coasting.believed(classes) & (seconds <= self.config.coast_seconds)
        ).nonzero()[0]
        shown = shown[~touches_edge(expected[shown], self.video)]
        return tracks.number[unseen[shown]], expected[shown]

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
        worthless: Floats | None = None
        if not self.scale.doubtful:
            # Given boxes hardly jitter: two poor matches must not cost somebody a sure one. Nor
            # do they miss many: who was there a moment ago still is, newcomer or not, and a
            # hidden one, whose uncertain place reaches far, must not take their box.
            worthless = GIVEN + UNSEEN * (tracks.seen < tracks.seen.max() - MOMENT)
            settled = np.ones(len(tracks), bool)
        for rows, columns, least in (
            (settled, high, config.min_similarity),
            (settled & lately, low, config.min_low_similarity),
            (~settled, high, config.min_similarity),
        ):
            free = rows & (match < 0)
            if not np.count_nonzero(free) or not np.count_nonzero(columns):
                continue
            wanted = columns[detected]
            good = free[tracked] & wanted & (similarity >= least)
            if columns is low and np.count_nonzero(good):
                explained = np.zeros(len(low))  # how well those found explain each detection
                found_already = wanted & (match >= 0)[tracked]
                np.maximum.at(explained, detected[found_already], similarity[found_already])
                good &= similarity >= explained[detected]
            if np.count_nonzero(good):
                track, gain = tracked[good], similarity[good]
                if worthless is not None:
                    gain -= worthless[track] * least
                i, j = assign(track, detected[good], gain)
                match[i] = j
                high[j] = False
        return match

    def _similarity(self, tracks: Tracks, found: Detections) -> tuple[Ints, Ints, Floats]:
        """Track, detection and similarity (0..1) of the pairs (K,) within reach of one another."""
        config, motion = self.config, tracks.motion
        unsure = config.slack * np.sqrt(motion.vv[:, 0])
        slack = np.minimum(unsure, config.max_slack * np.maximum(motion.value[:, 3], 1.0))
        among = None if self._chunks == 1 else tracks.chunk[:, None] == found.chunk
        rows, columns, total, upright = buffered_overlaps(motion.boxes(), found.boxes, slack, among)
        if config.height_weight > 0:
            total *= upright**config.height_weight
        total *= (1 - config.score_weight * (1 - found.scores))[columns]
        weight: Floats | float = 1.0
        if found.poses is not None and config.pose_weight > 0:
            size = np.prod(motion.value[:, 2:], axis=1)
            alike = pose_similarity(tracks.poses()[rows], found.poses[columns], size[rows])
            known = np.isfinite(alike)
            total += config.pose_weight * np.where(known, alike, 0)
            weight = weight + config.pose_weight * known
        if found.appearance is not None and config.appearance_weight > 0:
            alike = np.einsum("kd,kd->k", tracks.appearance[rows], found.appearance[columns])
            total += config.appearance_weight * np.clip(2 * alike - 1, 0, 1)
            weight = weight + config.appearance_weight
        if found.speed is not None and config.flow_weight > 0:
            alike = motion_likeness(motion[rows], found.speed[columns])
            known = np.isfinite(alike)
            total += config.flow_weight * np.where(known, alike, 0)
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
        new = (~taken & (found.scores >= config.birth_score)).nonzero()[0]
        sure = found.scores[new] >= config.sure_score
        if np.count_nonzero(sure) < len(new):
            candidates = found.boxes[new]
            shared = geometry.intersection(candidates, found.boxes[taken])
            shared *= found.chunk[new, None] == found.chunk[taken]
            inside = shared.max(axis=1, initial=0) / np.maximum(geometry.area(candidates), 1e-9)
            new = new[sure | (inside <= config.birth_overlap)]
        if not len(new) and tracks is not None:
            return tracks
        numbers[new] = self.births + 1 + np.arange(len(new))
        born = Tracks.start(found, new, self.births + 1, now, config.motion)
        self.births += len(new)
        return born if tracks is None or not len(tracks) else tracks.join(born)
