"""What the kinematic decision is fitted on: measures of labelled people, simulated or recorded."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.types import BoolArray, FloatArray, FramePeople, IntArray, People
from hie_cli.recognition.kinematic.recogniser import Kinematic
from hie_cli.recognition.kinematic.settings import KinematicConfig
from hie_cli.recognition.settings import ActionConfig
from hie_cli.recognition.window import windows
from hie_cli.simulation.crowd import CrowdConfig, simulate, truth
from hie_cli.simulation.observe import draw_noise, observe
from hie_cli.simulation.style import Split
from hie_cli.training.action.labels import labels_of
from hie_cli.training.action.moving_camera import drawn_way, seen_by
from hie_cli.training.action.perturb import LabelledClip

# Level or raised and still; under a ceiling and steep; as usual, but held in a hand.
CameraKind = Literal["usual", "ceiling", "moving"]
KINDS: tuple[CameraKind, ...] = ("usual", "ceiling", "moving")
FIRST_SEED = 300_000  # apart from the crowds that networks are trained on
SIZES = ((1280, 720), (640, 480), (384, 288), (1920, 1080))
SLOW = 0.3  # share of crowds played at a slower pace
SLOWLY = (
    "walking-alone", "walking-together", "standing-alone", "gathering", "queuing",
    "sitting-alone", "sitting-talking", "fall-over",
)  # fmt: skip
RATES = (5.0, 8.0, 10.0, 12.5, 15.0, 25.0, 30.0, 50.0)


@dataclass(frozen=True)
class Measured:
    """R people: columns ``names`` (F) of values (R, F), labels (R,), the scores (R, 14) of the
    rules alone, and the belief (R,) 0..1 in their boxes' showing somebody.
    """

    names: tuple[str, ...]
    values: FloatArray
    labels: IntArray
    rules: FloatArray
    belief: FloatArray

    @classmethod
    def of(cls, parts: Sequence["Measured"]) -> "Measured":
        """Several put together."""
        return cls(
            parts[0].names,
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.labels for part in parts]),
            np.concatenate([part.rules for part in parts]),
            np.concatenate([part.belief for part in parts]),
        )

    def __getitem__(self, chosen: BoolArray) -> "Measured":
        """Those of the ``chosen`` (R,)."""
        return Measured(
            self.names,
            self.values[chosen],
            self.labels[chosen],
            self.rules[chosen],
            self.belief[chosen],
        )


def measured(clip: LabelledClip, every: int) -> Measured | None:
    """The people of every ``every``-th frame as the recogniser measures them; None: nobody."""
    model = Kinematic(clip.video, KinematicConfig(decision="rules"))
    parts = []
    of_frame = {item.index: row for item, row in zip(clip.people, clip.labels, strict=True)}
    for item, window in windows(clip.people, clip.video, ActionConfig().window_seconds, every):
        if window is not None and len(item.people):
            seen = model.observe(window)
            told, labels = seen.measures, of_frame[item.index]
            rules = model.decide(seen)
            parts.append(Measured(told.names, told.values, labels, rules, seen.belief))
    return Measured.of(parts) if parts else None


def simulated(number: int, split: Split, camera: CameraKind) -> LabelledClip:
    """A crowd of 1 to 25 people for 7 s, observed well or badly, half of them without joints, some
    at a slow pace; labelled about every 0.7 s (-1 elsewhere).
    """
    rng = np.random.default_rng([number, split == "test", 9, KINDS.index(camera)])
    fps = float(rng.choice(RATES))
    width, height = SIZES[int(rng.integers(len(SIZES)))]
    config = CrowdConfig(
        seed=FIRST_SEED + number,
        people=round(float(np.exp(rng.uniform(0, np.log(25))))),
        frames=round(7 * fps),
        fps=fps,
        width=width,
        height=height,
        split=split,
        pillars=int(rng.integers(0, 3)),
        camera="ceiling" if camera == "ceiling" else "usual",
    )
    noise = draw_noise(rng)
    crowd = simulate(config)
    observed = observe(crowd, noise)
    if rng.random() < 0.5:
        observed = [FramePeople(item.index, boxes_only(item)) for item in observed]
    step = label_step(fps)
    known = labels_of(observed[::step], truth(crowd).frames)
    labels = [np.full(len(item.people), -1) for item in observed]
    for k, row in known.items():
        labels[k * step] = row
    clip = LabelledClip(crowd.info, observed, labels)
    if rng.random() < SLOW:
        clip = _slowed(clip, float(rng.uniform(0.35, 0.8)))
    return seen_by(clip, drawn_way(rng), rng) if camera == "moving" else clip


def _slowed(clip: LabelledClip, pace: float) -> LabelledClip:
    """The clip at a slower pace, in which those keep their labels who do the same slowly."""
    known = np.isin(np.arange(len(ACTIONS)), [ACTIONS.index(name) for name in SLOWLY])
    labels = [np.where((row >= 0) & known[row], row, -1) for row in clip.labels]
    video = dataclasses.replace(clip.video, fps=clip.video.fps * pace)
    return LabelledClip(video, clip.people, labels)


def label_step(fps: float) -> int:
    """Frames between labels."""
    return max(1, round(0.7 * fps))


def boxes_only(item: FramePeople) -> People:
    """People without joints."""
    return dataclasses.replace(item.people, keypoints=None, keypoint_scores=None)
