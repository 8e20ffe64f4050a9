"""What a crowd does while a video is sampled, and how salient that is; no training.

Signals are compared with the same video's own: what is usual in one place is an event in another.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.types import FloatArray, FramePeople, People
from hie_cli.summary.samples import Samples

# Actions that are events wherever they are seen; running weighs less than fights and falls.
EVENTS = {"fighting": 1.0, "fall-over": 1.0, "running-alone": 0.7, "running-together": 0.7}
_EVENT_COLUMNS = np.array([ACTIONS.index(name) for name in EVENTS])
_EVENT_WEIGHTS = np.array(list(EVENTS.values()))
_FASTEST = 3  # persons of a sample whose speeds are averaged
_LEAST_SCORE = 0.3  # of a person who is not tracked, to count; as overlays draw them


@dataclass(frozen=True, eq=False)
class CrowdSignals:
    """Of n samples, each over the frames until the next one; NaN where nothing is known.

    people: how many · closeness: how many of them are covered by others · speed: of the three
    fastest, body heights a second · event: the surest fight, fall or run, 0..1 · action (n,): its
    0-based class, -1 where there is none.
    """

    people: FloatArray
    closeness: FloatArray
    speed: FloatArray
    event: FloatArray
    action: NDArray[np.int64]


def signals_of_document(frames: Iterable[FramePeople], samples: Samples) -> CrowdSignals:
    """Signals from a track or action document's frames, ascending."""
    picks, fps = samples.picks, samples.info.fps
    count = len(picks)
    sums = np.zeros((count, 3))  # people, closeness, frames
    event, action = np.full(count, np.nan), np.full(count, -1, np.int64)
    fast: list[list[float]] = [[] for _ in range(count)]
    last: dict[int, tuple[int, FloatArray]] = {}
    for frame in frames:
        k = int(np.searchsorted(picks, frame.index, side="right")) - 1
        if k < 0:
            continue
        people = likely(frame.people)
        sums[k] += (len(people), closeness(people), 1)
        scores = people.action_scores
        if scores is not None and np.isfinite(scores).all(axis=-1).any():
            chances = np.nan_to_num(scores[:, _EVENT_COLUMNS]) * _EVENT_WEIGHTS
            who, which = np.unravel_index(int(chances.argmax()), chances.shape)
            if not chances[who, which] <= event[k]:
                event[k], action[k] = chances[who, which], _EVENT_COLUMNS[which]
        if people.track_ids is not None:
            fast[k] += _speeds(frame, last, fps)
    with np.errstate(invalid="ignore", divide="ignore"):
        people_mean, close = (sums[:, j] / sums[:, 2] for j in (0, 1))
    speed = np.array([_fastest(values) for values in fast])
    event, action = _carried(event, action)
    return CrowdSignals(people_mean, close, speed, event, action)


def _carried(event: FloatArray, action: NDArray[np.int64]) -> tuple[FloatArray, NDArray[np.int64]]:
    """Actions are scored in some frames only: samples between have what lies between, and the
    class of the nearer one.
    """
    known = np.flatnonzero(np.isfinite(event))
    if not len(known):
        return event, action
    places = np.arange(len(event))
    nearest = known[np.abs(places[:, None] - known[None, :]).argmin(axis=1)]
    return np.interp(places, known, event[known]), action[nearest]


def signals_of_detections(samples: Samples) -> CrowdSignals:
    """Signals from who was detected in the samples alone: how many, how close."""
    assert samples.people is not None
    counts = [likely(people) for people in samples.people]
    unknown = np.full(len(samples), np.nan)
    return CrowdSignals(
        np.array([len(people) for people in counts], float),
        np.array([closeness(people) for people in counts]),
        unknown,
        unknown,
        np.full(len(samples), -1, np.int64),
    )


def likely(people: People) -> People:
    """Those who are tracked, and of others those whom a detector is sure enough of."""
    known = people.scores >= _LEAST_SCORE
    if people.track_ids is not None:
        known |= people.track_ids >= 0
    return people[known]


def closeness(people: People) -> float:
    """How many people are covered by others, each as far as they are."""
    if not len(people):
        return 0.0
    covered = geometry.coverage(people.boxes.astype(np.float64))
    return float(covered.max(axis=1).sum())


def _speeds(frame: FramePeople, last: dict[int, tuple[int, FloatArray]], fps: float) -> list[float]:
    """Speeds since at least .4 s before of those whose feet were seen then; ``last`` moves on."""
    found = []
    ids = frame.people.track_ids
    assert ids is not None
    for person, box in zip(ids.tolist(), frame.people.boxes.astype(float), strict=True):
        index, before = last.setdefault(person, (frame.index, box))
        seconds = (frame.index - index) / fps
        if seconds < 0.4:
            continue
        if seconds < 1.5:
            height = max((box[3] - box[1] + before[3] - before[1]) / 2, 1.0)
            moved = np.hypot((box[0] + box[2] - before[0] - before[2]) / 2, box[3] - before[3])
            found.append(float(moved / height / seconds))
        last[person] = (frame.index, box)
    return found


def _fastest(values: list[float]) -> float:
    return float(np.mean(sorted(values)[-_FASTEST:])) if values else float("nan")


def surprise(values: FloatArray, least: float) -> FloatArray:
    """(n,) 0..1: how far values lie above what is usual in this video; 0 where unknown.

    Usual is the median, 1 is four times the spread (that of the middle half, as of a normal
    distribution), which is taken as ``least`` at the least.
    """
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(len(values))
    low, middle, high = np.percentile(values[known], [25, 50, 75])
    spread = max((high - low) / 1.349, least)
    filled = np.where(known, values, middle)
    above: FloatArray = np.clip((filled - middle) / (4 * spread), 0, 1)
    return above


def novelty(features: FloatArray) -> FloatArray:
    """(n,): distance of unit features (n, D) from the video's mean, as 1 - cosine."""
    mean = features.mean(axis=0)
    apart: FloatArray = 1 - features @ (mean / max(float(np.linalg.norm(mean)), 1e-12))
    return apart
