"""The suite's tracking sequences changed: what a moving window shows of one, half the frame rate,
other score scales, jitter and misses, true boxes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.tracking.stage import Observation

WINDOW = 0.75  # a moving camera shows this share of the still one's picture, each way


@dataclass(frozen=True)
class Clip:
    """A sequence: truth, what a tracker sees of it, and what it is of."""

    truth: TruthSequence
    seen: tuple[Observation, ...]
    video: VideoInfo


def boxes_alone(people: Iterable[FramePeople]) -> Iterator[Observation]:
    """What a tracker sees without pixels."""
    return (Observation(item.index, item.people) for item in people)


def wandering(video: VideoInfo, frames: int, seed: int) -> Any:
    """Corners (T, 2) px of a window carried by hand: it pans, and shakes with every step."""
    rng = np.random.default_rng(seed)
    room = (1 - WINDOW) * np.array([video.width, video.height])
    time = np.arange(frames)[:, None] / video.fps
    pan = 0.5 + 0.35 * np.sin(2 * np.pi * (time / [9.0, 7.0] + rng.random(2)))
    step = 0.04 * np.sin(2 * np.pi * (1.9 * time * [0.5, 1] + rng.random(2)))
    jerk = np.cumsum(rng.normal(0, 0.012, (frames, 2)), axis=0)
    jerk -= np.cumsum(0.1 * jerk, axis=0) / np.arange(1, frames + 1)[:, None]
    return np.floor(np.clip(pan + step + 0.3 * jerk, 0, 1) * room)


def through_window(whole: Clip, seed: int) -> Clip:
    """What a smaller picture shows that moves over the whole one."""
    width, height = int(WINDOW * whole.video.width), int(WINDOW * whole.video.height)
    corners = wandering(whole.video, len(whole.seen), seed)
    limit = np.array([width, height, width, height], np.float32)

    def shown(boxes: Any, corner: Any) -> tuple[Any, Any]:
        moved = np.asarray(boxes - np.tile(corner, 2), np.float32)
        inside = np.clip(moved, 0, limit)
        full = np.prod(moved[:, 2:] - moved[:, :2], axis=1)
        return inside, np.prod(inside[:, 2:] - inside[:, :2], axis=1) > 0.25 * full

    frames, seen = [], []
    for frame, item, corner in zip(whole.truth.frames, whole.seen, corners, strict=True):
        boxes, keep = shown(frame.boxes, corner)
        frames.append(Annotations(boxes[keep], frame.track_ids[keep], frame.ignore[keep]))
        boxes, keep = shown(item.people.boxes, corner)
        people = item.people.replace(boxes=boxes)
        if people.keypoints is not None:
            people = people.replace(keypoints=people.keypoints - corner.astype(np.float32))
        seen.append(replace(item, people=people[keep]))
    video = replace(whole.video, width=width, height=height)
    return Clip(TruthSequence(whole.truth.name, tuple(frames)), tuple(seen), video)


def _compose(steps: Sequence[Observation]) -> Any:
    """The camera's motion over several observations; None where it stood still."""
    total = None
    for item in steps:
        if item.camera is not None:
            total = item.camera if total is None else np.asarray(item.camera) @ total
    return total


def slower(whole: Clip) -> Clip:
    """Every second frame, at half the frame rate."""
    kept = range(0, len(whole.seen), 2)
    seen = tuple(
        replace(whole.seen[t], index=t // 2, camera=_compose(whole.seen[max(0, t - 1) : t + 1]))
        for t in kept
    )
    frames = tuple(whole.truth.frames[t] for t in kept if t < len(whole.truth.frames))
    video = replace(whole.video, fps=whole.video.fps / 2, num_frames=len(seen))
    return Clip(replace(whole.truth, frames=frames), seen, video)


def _changed(whole: Clip, change: Callable[[People], People]) -> Clip:
    return replace(whole, seen=tuple(replace(s, people=change(s.people)) for s in whole.seen))


def rescaled(whole: Clip) -> Clip:
    """As a detector that is unsure of everything: scores halved and bent."""
    return _changed(whole, lambda p: p.replace(scores=0.5 * p.scores**1.3))


def shaken(whole: Clip) -> Clip:
    """As another run of a detector: jitter of 1.5 % of height, 5 % missed, scores off by .03."""
    rng = np.random.default_rng(0)
    seen = []
    for item in whole.seen:
        people, count = item.people, len(item.people)
        tall = (people.boxes[:, 3] - people.boxes[:, 1])[:, None]
        people = people.replace(
            boxes=people.boxes + rng.normal(0, 0.015, (count, 4)) * tall,
            scores=np.clip(people.scores + rng.normal(0, 0.03, count), 0.01, 1),
        )
        keep = rng.random(count) >= 0.05
        look = None if item.appearance is None else item.appearance[keep]
        seen.append(replace(item, people=people[keep], appearance=look))
    return replace(whole, seen=tuple(seen))


def true_boxes(whole: Clip) -> Clip:
    """The truth that counts as detections of score 1, no pixels."""
    people = [
        FramePeople(t, People(f.boxes[~f.ignore], np.ones(int((~f.ignore).sum()))))
        for t, f in enumerate(whole.truth.frames)
    ]
    return replace(whole, seen=tuple(boxes_alone(people)))
