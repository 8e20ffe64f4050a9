"""The few seconds around one frame: who is in it, and each person's way through them."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from hie_cli.camera.path import CameraPath
from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import FloatArray, FramePeople, People, VideoInfo

# A stream without a usable frame rate is read at PAL's.
USUAL_FPS = 25.0


@dataclass(frozen=True)
class Track:
    """One person in a window, T rows in order of time; row ``now`` is the window's frame.

    times (T,) seconds from the window's frame · boxes (T, 4) xyxy pixels · keypoints (T, 14, 2)
    pixels, NaN if missing · keypoint_scores (T, 14), 0 if missing · scores (T,) of the detections.
    All float64.
    """

    times: FloatArray
    boxes: FloatArray
    keypoints: FloatArray
    keypoint_scores: FloatArray
    scores: FloatArray
    now: int

    def near(self, seconds: float) -> slice:
        """The rows at most ``seconds`` before or after the window's frame."""
        reach = seconds + 1e-6
        first = np.searchsorted(self.times, -reach)
        return slice(int(first), int(np.searchsorted(self.times, reach, side="right")))


@dataclass(frozen=True)
class Window:
    """Frame ``index`` of ``video`` with its ``people`` (N) and their ``tracks`` (N), which are in
    each frame's own pixels; ``camera``: to the pixels of this frame, None if it stood still.
    """

    index: int
    video: VideoInfo
    people: People
    tracks: tuple[Track, ...]
    camera: CameraPath | None = None


def frames_per_second(video: VideoInfo) -> float:
    """The video's frame rate, or 25 where the file states none."""
    return video.fps if np.isfinite(video.fps) and video.fps > 0 else USUAL_FPS


class _History:
    """The rows of one track id that a window may still reach, oldest first, in one growing block.

    Rows are added at the end and dropped at the front; the live ones move to the block's start when
    its end is reached, so that a row costs the same however long the track is.
    """

    def __init__(self) -> None:
        self._first = self._end = 0
        self._indices = np.zeros(16, np.int64)
        self._boxes = np.zeros((16, 4))
        self._keypoints = np.zeros((16, NUM_JOINTS, 2))
        self._keypoint_scores = np.zeros((16, NUM_JOINTS))
        self._scores = np.zeros(16)

    def __len__(self) -> int:
        return self._end - self._first

    def add(self, item: FramePeople, person: int) -> None:
        """The track's box and joints in a later frame."""
        if self._end == len(self._indices):
            self._make_room()
        row, self._end = self._end, self._end + 1
        people = item.people
        self._indices[row] = item.index
        self._boxes[row] = people.boxes[person]
        self._scores[row] = people.scores[person]
        if people.keypoints is None or people.keypoint_scores is None:
            self._keypoints[row], self._keypoint_scores[row] = np.nan, 0.0
        else:
            self._keypoints[row] = people.keypoints[person]
            self._keypoint_scores[row] = people.keypoint_scores[person]

    def drop_first(self) -> None:
        """Forget the oldest row."""
        self._first += 1

    def _make_room(self) -> None:
        live = slice(self._first, self._end)
        size = max(16, 2 * len(self))
        for name in ("_indices", "_boxes", "_keypoints", "_keypoint_scores", "_scores"):
            old = getattr(self, name)
            block = np.zeros((size, *old.shape[1:]), old.dtype)
            block[: len(self)] = old[live]
            setattr(self, name, block)
        self._first, self._end = 0, len(self)

    def track(self, index: int, rate: float) -> Track:
        """The rows as seen from frame ``index``, which is among them."""
        live = slice(self._first, self._end)
        offsets = self._indices[live] - index
        return Track(
            offsets / rate,
            self._boxes[live].copy(),
            self._keypoints[live].copy(),
            self._keypoint_scores[live].copy(),
            self._scores[live].copy(),
            int(np.searchsorted(offsets, 0)),
        )


class _Held:
    """The frames within reach of the next one to come out, and the histories of their ids."""

    def __init__(self, reach: int, rate: float) -> None:
        self._reach, self._rate = reach, rate
        self._frames: deque[tuple[FramePeople, tuple[int, ...]]] = deque()
        self._next = 0  # position in ``_frames`` of the next frame to come out
        self._of_id: dict[int, _History] = {}

    def add(self, item: FramePeople) -> None:
        """A later frame. Of equal ids in a frame the first counts; negative: not tracked."""
        ids = item.people.track_ids
        rows: dict[int, int] = {}
        for row, identity in enumerate(() if ids is None else ids.tolist()):
            if identity >= 0:
                rows.setdefault(identity, row)
        for identity, row in rows.items():
            self._of_id.setdefault(identity, _History()).add(item, row)
        self._frames.append((item, tuple(rows)))

    @property
    def next(self) -> FramePeople | None:
        """The next frame to come out; None where none is held."""
        return self._frames[self._next][0] if self._next < len(self._frames) else None

    def is_complete(self, index: int) -> bool:
        """Whether a frame ``index`` that comes now is out of reach of the next to come out."""
        following = self.next
        return following is not None and index > following.index + self._reach

    def advance(self) -> None:
        """The next frame came out: forget what the one after it no longer reaches."""
        self._next += 1
        if (following := self.next) is None:
            return
        while self._frames[0][0].index < following.index - self._reach:
            for identity in self._frames.popleft()[1]:
                history = self._of_id[identity]
                history.drop_first()
                if not len(history):
                    del self._of_id[identity]
            self._next -= 1

    def camera(self) -> CameraPath | None:
        """How the camera moved, seen from the next frame to come out."""
        held = [item for item, _ in self._frames]
        path = CameraPath.of([item.index for item in held], [item.camera for item in held])
        return None if path is None else path.seen_from(held[self._next].index)

    def track(self, item: FramePeople, person: int) -> Track:
        """The way of one person of the next frame to come out."""
        ids = item.people.track_ids
        identity = -1 if ids is None else int(ids[person])
        if identity < 0:
            alone = _History()
            alone.add(item, person)
            return alone.track(item.index, self._rate)
        track = self._of_id[identity].track(item.index, self._rate)
        if ids is not None and np.any(ids[:person] == identity):
            own = _History()
            own.add(item, person)
            now = own.track(item.index, self._rate)
            for name in ("boxes", "keypoints", "keypoint_scores", "scores"):
                getattr(track, name)[track.now] = getattr(now, name)[0]
        return track


def windows(
    people: Iterable[FramePeople], video: VideoInfo, seconds: float, every: int
) -> Iterator[tuple[FramePeople, Window | None]]:
    """Each frame in order, with its window if its index is a multiple of ``every``.

    A window reaches ``seconds`` back and ahead; no more frames than that are held. People without
    a track id are tracks of one row.
    """
    rate = frames_per_second(video)
    held = _Held(round(seconds * rate), rate)

    def ready(until: int | None) -> Iterator[tuple[FramePeople, Window | None]]:
        while (item := held.next) is not None and (until is None or held.is_complete(until)):
            window = None
            if item.index % every == 0:
                tracks = tuple(held.track(item, k) for k in range(len(item.people)))
                window = Window(item.index, video, item.people, tracks, held.camera())
            yield item, window
            held.advance()

    for item in people:
        yield from ready(item.index)
        held.add(item)
    yield from ready(None)
