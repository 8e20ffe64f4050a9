"""Stick people with exact kinematics, seen by a level camera: side view, feet on a line."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FramePeople, People, VideoInfo

# Joints in body heights, x forward, y up from the ground: nose, chest, right shoulder, elbow and
# wrist, left the same, right hip, knee, ankle, left the same. Drillis and Contini (1966).
STANDING = np.array(
    [
        [0.05, 0.93], [0, 0.82], [-0.06, 0.82], [-0.08, 0.63], [-0.08, 0.48],
        [0.06, 0.82], [0.08, 0.63], [0.08, 0.48], [-0.05, 0.53], [-0.05, 0.28],
        [-0.05, 0.04], [0.05, 0.53], [0.05, 0.28], [0.05, 0.04],
    ]
)  # fmt: skip
SITTING = STANDING.copy()  # hips at seat height, thighs forward
SITTING[:9, 1] -= 0.25
SITTING[11, 1] -= 0.25
SITTING[[9, 12]] = [0.25, 0.27]
SITTING[[10, 13]] = [0.25, 0.04]
SQUATTING = STANDING.copy()
SQUATTING[:9, 1] -= 0.38
SQUATTING[11, 1] -= 0.38
SQUATTING[[9, 12]] = [0.2, 0.25]
BOWING = STANDING.copy()  # the upper body swung forward by 80 degrees about the hips
_upper = STANDING[:8] - (0, 0.53)
_turn = np.radians(80)
BOWING[:8] = _upper @ [[np.cos(_turn), -np.sin(_turn)], [np.sin(_turn), np.cos(_turn)]] + (0, 0.53)
LYING = STANDING[:, ::-1] * (1, 1) + (-0.5, 0.1)  # head to the right, on the ground


@dataclass(frozen=True)
class Actor:
    """A person: where the feet are at a time (seconds -> x, y pixels), and how the body is then."""

    place: Callable[[float], tuple[float, float]]
    body: Callable[[float], NDArray[np.float64]] = lambda t: STANDING
    height: Callable[[float], float] = lambda t: 100.0
    poses: bool = True

    def at(self, t: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Box (4,) and joints (14, 2) in pixels."""
        size = self.height(t)
        joints = np.array(self.place(t)) + self.body(t) * (size, -size)
        low, high = joints.min(0), joints.max(0)
        margin = 0.05 * size
        box = np.array([low[0] - margin, low[1] - 1.4 * margin, high[0] + margin, high[1] + margin])
        return box, joints


def still(x: float, y: float = 400.0) -> Callable[[float], tuple[float, float]]:
    return lambda t: (x, y)


def going(
    x: float, speed: float, y: float = 400.0, climb: float = 0.0
) -> Callable[[float], tuple[float, float]]:
    """At ``speed`` and upwards at ``climb`` pixels per second."""
    return lambda t: (x + speed * t, y - climb * t)


def stepping(swing: float = 0.22, rate: float = 0.9) -> Callable[[float], NDArray[np.float64]]:
    """Legs that swing by ``swing`` body heights, ``rate`` double steps a second; arms too."""

    def body(t: float) -> NDArray[np.float64]:
        joints = STANDING.copy()
        phase = swing * np.sin(2 * np.pi * rate * t)
        for knee, ankle, elbow, wrist, side in ((9, 10, 3, 4, 1), (12, 13, 6, 7, -1)):
            joints[ankle, 0] += side * phase
            joints[knee, 0] += side * phase / 2
            joints[elbow, 0] -= side * phase / 4
            joints[wrist, 0] -= side * phase / 2
        return joints

    return body


def punching(rate: float = 1.5) -> Callable[[float], NDArray[np.float64]]:
    """Arms that shoot out and a body that ducks, ``rate`` times a second."""

    def body(t: float) -> NDArray[np.float64]:
        joints = STANDING.copy()
        out = np.sin(2 * np.pi * rate * t)
        joints[[4, 7], 0] += 0.25 + 0.25 * out
        joints[[4, 7], 1] += 0.25
        joints[[3, 6], 0] += 0.1 + 0.1 * out
        joints[:9, 1] -= 0.06 * (1 + np.cos(2 * np.pi * rate * t))
        return joints

    return body


def falling(start: float, seconds: float = 0.5) -> Callable[[float], NDArray[np.float64]]:
    """Upright until ``start``, tipping over forward within ``seconds``, then lying."""

    def body(t: float) -> NDArray[np.float64]:
        angle = np.radians(90) * np.clip((t - start) / seconds, 0, 1)
        return STANDING @ [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]

    return body


def video(fps: float = 25.0) -> VideoInfo:
    return VideoInfo("synthetic", 1280, 720, fps, None)


def film(actors: list[Actor], seconds: float = 4.0, fps: float = 25.0) -> list[FramePeople]:
    """Everybody filmed from 0 to ``seconds``; person i has track id i."""
    frames = []
    for index in range(round(seconds * fps) + 1):
        seen = [actor.at(index / fps) for actor in actors]
        joints = np.array(
            [
                s[1] if a.poses else np.full((14, 2), np.nan)
                for s, a in zip(seen, actors, strict=True)
            ]
        ).reshape(-1, 14, 2)
        known = np.isfinite(joints[..., 0])
        people = People(
            np.array([s[0] for s in seen]).reshape(-1, 4),
            np.ones(len(seen)),
            np.arange(len(seen)),
            joints,
            np.where(known, 0.9, 0.0),
        )
        frames.append(FramePeople(index, people))
    return frames
