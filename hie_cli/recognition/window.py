"""The few seconds around one frame: who is in it, and each person's way through them."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import FloatArray, FramePeople, People, VideoInfo

# A stream without a usable frame rate is read at PAL's.
USUAL_FPS = 25.0


@dataclass(frozen=True)
class Track:
    """One person in a window, T rows in order of time; row ``now`` is the window's frame.

    times (T,) seconds from the window's frame · boxes (T, 4) xyxy pixels · keypoints (T, 14, 2)
    pixels, NaN if missing · keypoint_scores (T, 14), 0 if missing. All float64.
    """

    times: FloatArray
    boxes: FloatArray
    keypoints: FloatArray
    keypoint_scores: FloatArray
    now: int

    def near(self, seconds: float) -> slice:
        """The rows at most ``seconds`` before or after the window's frame."""
        reach = seconds + 1e-6
        first = np.searchsorted(self.times, -reach)
        return slice(int(first), int(np.searchsorted(self.times, reach, side="right")))


@dataclass(frozen=True)
class Window:
    """Frame ``index`` of ``video`` with its ``people`` (N) and their ``tracks`` (N)."""

    index: int
    video: VideoInfo
    people: People
    tracks: tuple[Track, ...]


@dataclass(frozen=True)
class _Entry:
    item: FramePeople
    row_of: dict[int, int]  # track id -> person of that frame

    @classmethod
    def of(cls, item: FramePeople) -> "_Entry":
        ids = item.people.track_ids
        if ids is None:
            return cls(item, {})
        # The first of equal ids; a negative id means "not tracked".
        pairs = [(int(i), row) for row, i in enumerate(ids) if i >= 0]
        return cls(item, dict(reversed(pairs)))


def frames_per_second(video: VideoInfo) -> float:
    """The video's frame rate, or 25 where the file states none."""
    return video.fps if np.isfinite(video.fps) and video.fps > 0 else USUAL_FPS


def windows(
    people: Iterable[FramePeople], video: VideoInfo, seconds: float, every: int
) -> Iterator[tuple[FramePeople, Window | None]]:
    """Each frame in order, with its window if its index is a multiple of ``every``.

    A window reaches ``seconds`` back and ahead; no more frames than that are held. People without
    a track id are tracks of one row.
    """
    rate = frames_per_second(video)
    reach = round(seconds * rate)
    held: deque[_Entry] = deque()  # the frames within reach of the next one to come out
    next_out = 0  # its position in ``held``
    for item in people:
        while next_out < len(held) and item.index > _index(held[next_out]) + reach:
            yield _emit(held, next_out, video, rate, every)
            next_out = _advance(held, next_out, reach)
        held.append(_Entry.of(item))
    while next_out < len(held):
        yield _emit(held, next_out, video, rate, every)
        next_out = _advance(held, next_out, reach)


def _index(entry: _Entry) -> int:
    return entry.item.index


def _advance(held: deque[_Entry], done: int, reach: int) -> int:
    """Forget what the frame after ``done`` no longer reaches; its new position."""
    following = done + 1
    if following < len(held):
        oldest = _index(held[following]) - reach
        while _index(held[0]) < oldest:
            held.popleft()
            following -= 1
    return following


def _emit(
    held: deque[_Entry], position: int, video: VideoInfo, rate: float, every: int
) -> tuple[FramePeople, Window | None]:
    item = held[position].item
    if item.index % every:
        return item, None
    return item, _window(held, position, video, rate)


def _window(held: deque[_Entry], position: int, video: VideoInfo, rate: float) -> Window:
    middle = held[position].item
    ids = middle.people.track_ids
    tracks = []
    for person in range(len(middle.people)):
        identity = -1 if ids is None else int(ids[person])
        if identity < 0:
            rows = [(middle, person)]
        else:
            rows = [
                (entry.item, person if entry.item is middle else entry.row_of[identity])
                for entry in held
                if entry.item is middle or identity in entry.row_of
            ]
        tracks.append(_track(rows, middle, rate))
    return Window(middle.index, video, middle.people, tuple(tracks))


def _track(rows: list[tuple[FramePeople, int]], middle: FramePeople, rate: float) -> Track:
    keypoints = np.full((len(rows), NUM_JOINTS, 2), np.nan)
    scores = np.zeros((len(rows), NUM_JOINTS))
    for t, (item, person) in enumerate(rows):
        people = item.people
        if people.keypoints is not None and people.keypoint_scores is not None:
            keypoints[t], scores[t] = people.keypoints[person], people.keypoint_scores[person]
    return Track(
        np.array([item.index - middle.index for item, _ in rows]) / rate,
        np.array([item.people.boxes[person] for item, person in rows], np.float64),
        keypoints,
        scores,
        next(t for t, (item, _) in enumerate(rows) if item is middle),
    )
