"""What a crowd does in some frames, in six numbers that can be compared between videos."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hie_cli.core.geometry import iou
from hie_cli.core.types import FloatArray, FramePeople

# What counts as clearly another crowd, number by number: the scale of `distance`.
_SCALES = {
    "people": 0.7, "overlap": 0.15, "height": 0.7, "speed": 0.5, "posture": 0.15, "change": 0.5,
}  # fmt: skip


@dataclass(frozen=True)
class CrowdStatistics:
    """Means over frames and people; NaN where a number cannot be known.

    people: in a frame · overlap: a person's largest IoU with another · height: of a box, over the
    picture's · speed: body heights per second, of tracked people · posture: width over height of
    the joints, else of the box · change: how much heights change per second, as of a moving camera
    or people who approach.
    """

    people: float
    overlap: float
    height: float
    speed: float
    posture: float
    change: float

    def record(self) -> dict[str, float | None]:
        """For JSON: rounded, None for NaN."""
        values = dataclasses.asdict(self)
        return {k: round(v, 3) if np.isfinite(v) else None for k, v in values.items()}

    @classmethod
    def of_record(cls, record: dict[str, float | None]) -> "CrowdStatistics":
        """The inverse of ``record``."""
        names = [field.name for field in dataclasses.fields(cls)]
        values = [record.get(name) for name in names]
        return cls(*(float("nan") if value is None else float(value) for value in values))


def crowd_statistics(
    frames: Sequence[FramePeople], picture_height: int, fps: float
) -> CrowdStatistics:
    """The statistics of frames in their order; people without ids have no speed."""
    counts = [len(frame.people) for frame in frames]
    overlaps, heights, postures = [], [], []
    for frame in frames:
        boxes = frame.people.boxes.astype(float)
        if not len(boxes):
            continue
        shared = iou(boxes, boxes)
        np.fill_diagonal(shared, 0)
        overlaps.append(shared.max(axis=1))
        heights.append((boxes[:, 3] - boxes[:, 1]) / picture_height)
        postures.append(_postures(frame))
    speeds, changes = _motions(frames, fps)
    return CrowdStatistics(
        people=float(np.mean(counts)) if counts else float("nan"),
        overlap=_mean(overlaps),
        height=_mean(heights),
        speed=_mean([speeds]),
        posture=_mean(postures),
        change=_mean([changes]),
    )


def _mean(parts: Sequence[FloatArray]) -> float:
    values = np.concatenate([np.asarray(part, float) for part in parts]) if parts else np.array([])
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else float("nan")


def _postures(frame: FramePeople) -> FloatArray:
    people = frame.people
    extent = people.boxes[:, 2:].astype(float) - people.boxes[:, :2]
    if people.keypoints is not None:
        seen = ~np.isnan(people.keypoints[..., 0])
        for k in np.flatnonzero(seen.sum(axis=1) >= 4):
            extent[k] = np.ptp(people.keypoints[k][seen[k]], axis=0)
    return np.asarray(extent[:, 0] / np.maximum(extent[:, 1], 1e-6))


def _motions(frames: Sequence[FramePeople], fps: float) -> tuple[FloatArray, FloatArray]:
    """Speeds (body heights a second), changes of height (share a second), over half a second."""
    places: dict[int, list[tuple[int, FloatArray]]] = {}
    for frame in frames:
        if frame.people.track_ids is not None:
            for person, box in zip(frame.people.track_ids, frame.people.boxes, strict=True):
                places.setdefault(int(person), []).append((frame.index, box.astype(float)))
    speeds, changes = [], []
    for track in places.values():
        last_index, last = track[0]
        for index, box in track[1:]:
            seconds = (index - last_index) / fps
            if seconds < 0.5:
                continue
            before, now = last[3] - last[1], box[3] - box[1]
            height = max((before + now) / 2, 1e-6)
            feet = [(b[0] + b[2]) / 2 for b in (last, box)], [b[3] for b in (last, box)]
            moved = np.hypot(feet[0][1] - feet[0][0], feet[1][1] - feet[1][0])
            speeds.append(moved / height / seconds)
            changes.append(abs(now - before) / height / seconds)
            last_index, last = index, box
    return np.array(speeds), np.array(changes)


def _differences(first: CrowdStatistics, second: CrowdStatistics) -> dict[str, float]:
    """How far apart each number is that both know: 1 is clearly another crowd.

    People and heights count by their ratios.
    """
    found = {}
    for name, scale in _SCALES.items():
        a, b = getattr(first, name), getattr(second, name)
        if name in ("people", "height"):
            a, b = np.log(a + 0.02), np.log(b + 0.02)
        if np.isfinite(a) and np.isfinite(b):
            found[name] = float(abs(a - b) / scale)
    return found


def distance(first: CrowdStatistics, second: CrowdStatistics) -> float:
    """0 for equal crowds, about 1 for clearly other ones; NaN where no number is known of both."""
    parts = [min(apart, 3.0) ** 2 for apart in _differences(first, second).values()]
    return float(np.sqrt(np.mean(parts))) if parts else float("nan")


def in_common(first: CrowdStatistics, second: CrowdStatistics) -> list[str]:
    """Names of the numbers that are alike: within a third of what counts as clearly other."""
    return [name for name, apart in _differences(first, second).items() if apart <= 1 / 3]
