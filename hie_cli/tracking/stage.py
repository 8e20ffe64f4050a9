"""The track stage: who is the same person in all frames.

``describe`` looks at pixels and keeps little of them; ``track`` needs none. Offline (the default)
the whole video is known: a forward pass makes tracklets, which are linked across gaps, cleaned,
filled and smoothed. Online, ids are given frame by frame and nothing is changed afterwards.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count, repeat

import numpy as np

from hie_cli.camera.common_motion import CommonMotion, common_motions
from hie_cli.camera.path import CameraPath, nearest_similarity
from hie_cli.core.types import (
    FloatArray,
    FramePeople,
    FrameStream,
    Image,
    IntArray,
    People,
    VideoInfo,
    concatenate,
)
from hie_cli.tracking.chunks import forward
from hie_cli.tracking.coasting import moved
from hie_cli.tracking.gaps import Crowd, miss_seconds
from hie_cli.tracking.linking import link
from hie_cli.tracking.pruning import drop_duplicates, drop_unsure
from hie_cli.tracking.score_scale import ScoreScale
from hie_cli.tracking.settings import Observation, TrackConfig
from hie_cli.tracking.shared_poses import OwnPoses, PosedFrame, give_back
from hie_cli.tracking.smoothing import fill, smooth, supported
from hie_cli.tracking.tracker import Tracker
from hie_cli.tracking.tracklets import Ints, Tracklet, chosen, collect, emit, steadied

__all__ = ["Observation", "TrackConfig", "describe", "track"]


_MOST_IDS = 1000  # those of tracks that are gone are forgotten from here on
Embed = Callable[[Sequence[Image], Sequence[FloatArray]], list[FloatArray]]


def describe(
    stream: Iterable[FramePeople], config: TrackConfig, embed: Embed | None = None
) -> Iterator[Observation]:
    """Observations with what ``config.appearance``, ``flow`` and ``camera`` ask of the pixels.

    Frames without an image give their people alone, for tracking without pixels. ``embed``: of the
    network that ``appearance_model`` names (``models.base.AppearanceModel``). Streams: holds one
    reduced frame. Imports OpenCV at the first image.
    """
    look: _PixelMeter | None = None
    for item in stream:
        if item.image is None:
            yield Observation(item.index, item.people, camera=item.camera)
            continue
        look = look or _PixelMeter(config, embed)
        yield look.observe(item.index, item.image, item.people)


class _PixelMeter:
    """What the pixels of one frame after another say of the people in them."""

    def __init__(self, config: TrackConfig, embed: Embed | None) -> None:
        from hie_cli.tracking.pixel_motion import FlowMeter

        self._config, self._embed = config, embed
        self._flow = FlowMeter(config.flow_size) if config.flow or config.camera else None

    def observe(self, index: int, image: Image, people: People) -> Observation:
        """Appearance, camera motion and body motion since the frame of the call before."""
        from hie_cli.camera.background import background_motion
        from hie_cli.tracking.pixel_motion import body_motion

        config = self._config
        look = self._look(image, people.boxes) if config.appearance else None
        field, scale = self._flow.step(image) if self._flow else (None, 1.0)
        moved = camera = None
        if field is not None and config.flow:
            moved = body_motion(field, scale, people.boxes)
        if field is not None and config.camera:
            camera = background_motion(field, scale, people.boxes)
        return Observation(index, people, look, camera, moved)

    def _look(self, image: Image, boxes: FloatArray) -> FloatArray:
        """Appearance (N, D), rows of unit length: stripes, the network's vectors, or both joined so
        that the dot product of two people is the weighted mean of their similarities.
        """
        from hie_cli.tracking.appearance import stripe_histograms

        if self._embed is None:
            return stripe_histograms(image, boxes)
        share = self._config.appearance_share
        vectors = self._embed([image], [boxes])[0]
        if share >= 1 or not len(boxes):
            return vectors
        stripes = stripe_histograms(image, boxes)
        return np.hstack([np.sqrt(share) * vectors, np.sqrt(1 - share) * stripes])


def track(
    observations: Iterable[Observation], video: VideoInfo, config: TrackConfig
) -> FrameStream:
    """Give every person a ``track_id`` (from 1) that stays the same through the video.

    Yields one FramePeople for each observation, in order; people who belong to no track are left
    out. Offline it yields after the last one and also fills gaps; with ``config.online`` at once.
    Each carries the camera's motion since the one before (``FramePeople.camera``): as observed,
    else as its people tell it; with ``config.camera`` off none.
    """
    if config.online:
        common = CommonMotion(video.fps)
        for item, people in _online(observations, video, config):
            told = common.step(item.index, _ids(people), people.boxes) if config.camera else None
            yield _framed(item, people, told, config, video)
        return
    seen = list(observations)
    shown = _offline(seen, video, config)
    frames = np.array([item.index for item in seen], np.int64)
    ids, boxes = [_ids(people) for people in shown], [people.boxes for people in shown]
    motions = common_motions(frames, ids, boxes, video.fps) if config.camera else repeat(None)
    for item, people, told in zip(seen, shown, motions, strict=False):
        yield _framed(item, people, told, config, video)


def _ids(people: People) -> IntArray:
    """The identities (N,); none where nobody has one."""
    return np.zeros(0, np.int64) if people.track_ids is None else people.track_ids


def _framed(
    item: Observation,
    people: People,
    told: FloatArray | None,
    config: TrackConfig,
    video: VideoInfo,
) -> FramePeople:
    """A frame's people with the camera's motion: as observed, else as ``told`` by them."""
    known = told if item.camera is None else item.camera
    camera = nearest_similarity(known, video) if config.camera else None
    return FramePeople(item.index, people, camera=camera)


def _online(
    observations: Iterable[Observation], video: VideoInfo, config: TrackConfig
) -> Iterator[tuple[Observation, People]]:
    tracker, following = Tracker(config, video), count(1)
    ids: dict[int, int] = {}
    last: dict[int, tuple[People, int]] = {}  # where each track was last shown: people, row
    own = OwnPoses(config.fill_frames(video.fps), config.filled_score)
    for observation in observations:
        joined = tracker.step(observation)
        numbers = joined.numbers[joined.established].tolist()
        for number in numbers:
            if number not in ids:
                ids[number] = next(following)
        known_as = np.array([ids[number] for number in numbers], np.int64)
        boxes = observation.people.boxes if joined.boxes is None else joined.boxes
        people = observation.people.chosen(
            joined.established, track_ids=known_as, boxes=boxes[joined.established]
        )
        people = own.step(PosedFrame.of(FramePeople(observation.index, people)))
        if joined.coasted is not None and joined.expected is not None:
            before = [last.get(number) for number in joined.coasted.tolist()]
            known = [row for row, shown in enumerate(before) if shown is not None]
            last.update(zip(numbers, zip(repeat(people), count()), strict=False))
            if known:
                seen = [shown for shown in before if shown is not None]
                coasted = moved(seen, joined.expected[known], config.filled_score)
                people = concatenate([people, coasted])
        if len(ids) > _MOST_IDS and tracker.tracks is not None:  # a stream may have no end
            alive = set(tracker.tracks.number.tolist())
            ids = {number: ids[number] for number in ids if number in alive}
            last = {number: last[number] for number in last if number in alive}
        yield observation, people


def _offline(seen: Sequence[Observation], video: VideoInfo, config: TrackConfig) -> list[People]:
    """The people of each frame with their identities."""
    if not seen:
        return []
    boxes = np.concatenate([item.people.boxes for item in seen])
    scale = ScoreScale()
    scale.add(np.concatenate([item.people.scores for item in seen]), boxes[:, 3] - boxes[:, 1])
    joined = forward(seen, config, video, scale)
    motion = [nearest_similarity(association.camera, video) for association in joined]
    camera = CameraPath.of([item.index for item in seen], motion)
    tracklets = collect(seen, joined)
    if scale.doubtful:  # else the boxes are given, and nobody's twice
        tracklets = drop_duplicates(tracklets, config)
    frames = np.array([item.index for item in seen], np.int64)
    if not tracklets:
        return emit([], seen)
    miss = miss_seconds(tracklets, Crowd.of(tracklets, video))
    tracks = link(tracklets, config.link, video, camera, miss)
    tracks = drop_unsure(tracks, config, scale, frames, video.fps, camera)
    if tracks:
        tracks = _completed(tracks, config, frames, video, camera, scale, miss)
    return emit(tracks, seen)


def _completed(
    tracks: list[Tracklet],
    config: TrackConfig,
    frames: Ints,
    video: VideoInfo,
    camera: CameraPath | None,
    scale: ScoreScale,
    miss: float,
) -> list[Tracklet]:
    """The tracks with their gaps filled and their boxes smoothed, in coordinates that stand still,
    and with poses of their own.

    frames (T,): those that exist · miss: seconds for which people in plain view go undetected.
    """
    crowd = Crowd.of(tracks, video)
    longest = config.fill_frames(video.fps)
    steady = steadied(tracks, camera)
    filled = fill(steady, frames, longest, config.filled_score)
    believed = supported(tracks, filled, crowd, scale, miss, camera)
    smoothed = smooth(chosen(filled, believed), config, scale, video.fps)
    completed = steadied(smoothed, camera, back=True)
    return give_back(completed, longest, config.filled_score)
