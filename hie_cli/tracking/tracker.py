"""The forward pass: detections of each frame are joined to the tracks known so far.

Tracks are moved to where they are expected, and with the camera; detections go to them
(``matching.py``); what is left of the confident ones starts tracks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.types import FloatArray, VideoInfo
from hie_cli.tracking.coasting import Coasting, class_of
from hie_cli.tracking.detections import Detections, detected, touches_edge
from hie_cli.tracking.emerging import continue_emerging
from hie_cli.tracking.filtering import filtered_boxes
from hie_cli.tracking.kalman import Floats, Ints, Motion, to_boxes
from hie_cli.tracking.matching import matched
from hie_cli.tracking.moving_cameras import MovingCameras
from hie_cli.tracking.score_scale import ScoreScale
from hie_cli.tracking.settings import Observation, TrackConfig
from hie_cli.tracking.tracks import Tracks

TOP = 0.95  # online, a weak detection is shown only of who was seen this well
MATURE = 3  # sightings from which a track is believed to be somewhere while it is unseen
BLOCK = 100  # frames whose detections are prepared together


@dataclass(frozen=True)
class Association:
    """What became of the people of one frame.

    numbers (N,): the track of each, -1 = none · established (N,): online, its track has looked
    like a person for sure, without any doubt if this detection is weak; else not asked · occlusion
    (N,): the share of each box that lies under a nearer one · camera (3, 3): homography from the
    frame before, None = still · boxes (N, 4) px: online, the people's, filtered; else None ·
    coasted, expected: online, the tracks (K,) that are believed to be in boxes (K, 4) px though
    undetected; else None.
    """

    numbers: NDArray[np.int64]
    established: NDArray[np.bool_]
    occlusion: Floats
    camera: FloatArray | None = None
    boxes: Floats | None = None
    coasted: Ints | None = None
    expected: Floats | None = None


@dataclass(frozen=True)
class _Joined:
    """What became of the N detections at one time: as in ``Association``, without those of too low
    a score; ``cameras`` by chunk.
    """

    numbers: Ints
    established: NDArray[np.bool_]
    cameras: Mapping[int, FloatArray]
    boxes: Floats | None
    coasted: tuple[Ints, Floats] | None


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
        scores = _whole([item.people.scores for item in every])
        boxes = _whole([item.people.boxes for item in every])
        heights = boxes[:, 3] - boxes[:, 1]
        if self._learning:
            self.scale.add(scores, heights)
        shares = self.scale.shares(scores, heights)
        used = shares >= self.config.least_score
        now = [items[0].index / self.video.fps for items in seen]
        since = [
            b - a for a, b in pairwise([now[0] if self.last_time is None else self.last_time, *now])
        ]
        wider = boxes.astype(np.float64)
        found = detected(seen, wider, used, shares[used], since, self.video, self.config.motion)
        self.last_time = now[-1]
        joined = [
            self._step(t, seconds, there, [item.camera for item in items])
            for t, seconds, there, items in zip(now, since, found, seen, strict=True)
        ]
        return _associations(seen, used, found, joined, wider)

    def _step(
        self,
        now: float,
        seconds: float,
        found: Detections,
        cameras: Sequence[FloatArray | None],
    ) -> _Joined:
        """Join what was found ``now`` (s), ``seconds`` after the frame before, to tracks.

        ``cameras``: of each chunk, as observed.
        """
        config, tracks = self.config, self.tracks
        numbers = np.full(len(found.boxes), -1, np.int64)
        established = np.zeros(len(numbers), bool)
        filtered = found.boxes.copy() if config.online and config.smooth > 0 else None
        coasted: tuple[Ints, Floats] | None = None
        self._cameras.observe(cameras)
        if tracks is not None and len(tracks):
            tracks.motion = tracks.motion.predict(seconds, config.motion)
            self._cameras.before(tracks, found)
            lately = now - tracks.seen <= max(config.weak_seconds, 1.5 * seconds)
            match = matched(tracks, found, lately, config, self.scale.doubtful)
            if self._cameras.sudden(tracks, found, match):
                match = matched(tracks, found, lately, config, self.scale.doubtful)
            self._cameras.after(tracks, found, match)
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
            if config.online:
                peak = tracks.peak[seen]
                sure = peak >= config.sure_score
                sure &= (found.scores[chosen] >= config.high_score) | (peak >= TOP)
                established[chosen] = sure
                if config.coast_seconds > 0 and self.scale.varied:
                    coasted = self._coasted(tracks, now)
            patience = np.where(tracks.hits > 1, config.lost_seconds, 0.0)
            gone = now - tracks.seen > np.maximum(patience, 1.5 * seconds)
            if np.count_nonzero(gone):
                if config.online:
                    self._coasting.lost(tracks.unseen[gone])
                tracks = tracks[~gone]
        unknown = numbers < 0
        self.tracks = self._with_births(tracks, found, numbers, now)
        if config.online:
            established |= unknown & (numbers >= 0) & (found.scores >= config.sure_score)
        return _Joined(numbers, established, self._cameras.moved, filtered, coasted)

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


def _associations(
    seen: Sequence[Sequence[Observation]],
    used: NDArray[np.bool_],
    found: Sequence[Detections],
    joined: Sequence[_Joined],
    boxes: Floats,
) -> list[list[Association]]:
    """What became of all people (R,), in boxes (R, 4), of the frames ``seen``: of those ``used``
    (R,) what was ``found`` and ``joined`` at each time, of the others nothing.
    """
    numbers = np.full(len(used), -1, np.int64)
    established, occlusion = np.zeros(len(used), bool), np.zeros(len(used))
    numbers[used] = _whole([each.numbers for each in joined])
    established[used] = _whole([each.established for each in joined])
    occlusion[used] = _whole([each.occlusion for each in found])
    shown = [each.boxes for each in joined if each.boxes is not None]
    filtered = boxes.copy() if shown else None
    if filtered is not None:
        filtered[used] = _whole(shown)
    end, associations = 0, []
    for items, each in zip(seen, joined, strict=True):
        of_chunks = []
        for chunk, item in enumerate(items):
            rows = slice(end, end := end + len(item.people))
            of_chunks.append(
                Association(
                    numbers[rows],
                    established[rows],
                    occlusion[rows],
                    each.cameras.get(chunk),
                    None if filtered is None else filtered[rows],
                    *(each.coasted or ()),
                )
            )
        associations.append(of_chunks)
    return associations


def _whole(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """The rows of all parts; often there is one."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
