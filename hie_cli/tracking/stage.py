"""The track stage: who is the same person in all frames.

``describe`` looks at pixels and keeps little of them; ``track`` needs none. Offline (the default)
the whole video is known: a forward pass makes tracklets, which are linked across gaps, cleaned,
filled and smoothed. Online, ids are given frame by frame and nothing is changed afterwards.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from hie_cli.core.types import Frame, FramePeople, People, VideoInfo
from hie_cli.tracking.camera_compensation import CameraCompensation
from hie_cli.tracking.linking import link
from hie_cli.tracking.pruning import drop_duplicates, drop_flashes, drop_weak
from hie_cli.tracking.settings import Observation, TrackConfig
from hie_cli.tracking.smoothing import fill, smooth
from hie_cli.tracking.tracker import Tracker
from hie_cli.tracking.tracklets import collect, emit

__all__ = ["Observation", "TrackConfig", "describe", "track", "undescribed"]


def undescribed(people: Iterable[FramePeople]) -> Iterator[Observation]:
    """Sightings without appearance, flow or camera motion, for tracking without pixels."""
    for item in people:
        yield Observation(item.index, item.people)


def describe(seen: Iterable[tuple[Frame, People]], config: TrackConfig) -> Iterator[Observation]:
    """Sightings with what ``config.appearance``, ``flow`` and ``camera`` ask of the pixels.

    Streams: holds one reduced frame. Imports OpenCV only when called.
    """
    from hie_cli.tracking.appearance import stripe_histograms
    from hie_cli.tracking.camera_motion import FlowMeter, body_motion, camera_motion

    meter = FlowMeter(config.flow_size) if config.flow or config.camera else None
    for frame, people in seen:
        look = stripe_histograms(frame.image, people.boxes) if config.appearance else None
        field, scale = meter.step(frame.image) if meter else (None, 1.0)
        moved = camera = None
        if field is not None and config.flow:
            moved = body_motion(field, scale, people.boxes)
        if field is not None and config.camera:
            camera = camera_motion(field, scale, people.boxes)
        yield Observation(frame.index, people, look, camera, moved)


def track(
    sightings: Iterable[Observation], video: VideoInfo, config: TrackConfig
) -> Iterator[FramePeople]:
    """Give every person a ``track_id`` (from 1) that stays the same through the video.

    Yields one FramePeople for each sighting, in order; people who belong to no track are left out.
    Offline it yields after the last sighting and also fills gaps; with ``config.online`` at once.
    """
    return (
        _online(sightings, video, config) if config.online else _offline(sightings, video, config)
    )


def _online(
    sightings: Iterable[Observation], video: VideoInfo, config: TrackConfig
) -> Iterator[FramePeople]:
    tracker = Tracker(config, video)
    ids: dict[int, int] = {}
    for sighting in sightings:
        joined = tracker.step(sighting)
        given = [ids.setdefault(int(n), len(ids) + 1) for n in joined.numbers[joined.established]]
        people = sighting.people[joined.established]
        yield FramePeople(sighting.index, people.replace(track_ids=given))


def _offline(
    sightings: Iterable[Observation], video: VideoInfo, config: TrackConfig
) -> Iterator[FramePeople]:
    tracker = Tracker(config, video)
    seen, joined = [], []
    for sighting in sightings:
        seen.append(sighting)
        joined.append(tracker.step(sighting))
    grid = np.array([s.index for s in seen], np.int64)
    whole = float(np.ptp(grid)) if len(grid) else 0.0
    steady = CameraCompensation.of(seen, video)
    tracklets = drop_flashes(collect(seen, joined), config.confirm_seconds * video.fps, whole)
    tracklets = drop_duplicates(tracklets, config)
    tracks = drop_flashes(
        link(tracklets, config, video, steady), config.min_seconds * video.fps, whole
    )
    tracks = drop_weak(tracks, config)
    longest = round(config.fill_seconds * video.fps)
    if steady is not None:
        tracks = [steady.track(t) for t in tracks]
    tracks = [fill(t, grid, longest, config.filled_score) for t in tracks]
    tracks = [smooth(t, config.smooth_seconds * video.fps) for t in tracks]
    if steady is not None:
        tracks = [steady.track(t, back=True) for t in tracks]
    yield from emit(tracks, seen)
