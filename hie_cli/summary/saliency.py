"""The training-free scores of a sampled video, with the parts they are made of."""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.types import FloatArray
from hie_cli.summary.crowd import CrowdSignals, novelty, surprise
from hie_cli.summary.samples import Samples

# How much each part counts where it is fully surprising.
WEIGHTS = {
    "event": 1.0,
    "speed": 0.7,
    "people": 0.4,
    "closeness": 0.3,
    "motion": 0.4,
    "change": 0.4,
}
_SMOOTH = 1.0  # samples
_CAMERA = 0.5  # share of the picture


@dataclass(frozen=True, eq=False)
class Scored:
    """scores (n,) of samples, 0..1 · parts: by name, (n,) 0..1 each, what made them."""

    scores: FloatArray
    parts: dict[str, FloatArray]


def crowd_saliency(samples: Samples, signals: CrowdSignals) -> Scored:
    """How much a sample stands out in its own video: events, speeds, people, motion, change.

    Each part is 0 at what is usual in the video and 1 at four times the usual spread above
    (``crowd.surprise``); they join as 1 - prod(1 - weight part), so that one is enough.
    """
    event = np.nan_to_num(signals.event)
    # Where most of the picture changes it is the camera that moves: nothing is known of the crowd.
    motion = np.where(samples.motion > _CAMERA, np.nan, samples.motion)
    parts = {
        "event": np.clip(event - np.median(event), 0, 1),
        "speed": surprise(signals.speed, 0.15),
        "people": surprise(signals.people, 0.5),
        "closeness": surprise(signals.closeness, 0.25),
        "motion": surprise(motion, 0.005),
        "change": surprise(novelty(samples.features), 0.01),
    }
    smoothed = {name: smooth(values) for name, values in parts.items()}
    missing = np.prod([1 - WEIGHTS[name] * part for name, part in smoothed.items()], axis=0)
    return Scored(1 - missing, smoothed)


def smooth(values: FloatArray) -> FloatArray:
    """Values (n,) under a Gaussian of one sample."""
    from scipy.ndimage import gaussian_filter1d

    made: FloatArray = gaussian_filter1d(np.asarray(values, float), _SMOOTH, mode="nearest")
    return made


def told(samples: Samples, signals: CrowdSignals, scored: Scored, sample: int) -> list[str]:
    """Why a sample is salient, in words, the strongest reason first."""
    found = []
    usual_people = float(np.nanmedian(signals.people)) if len(samples) else 0.0
    for name, part in scored.parts.items():
        weight = WEIGHTS.get(name, 1.0) * float(part[sample])
        if weight < 0.15:
            continue
        words = {
            "event": _event(signals, sample),
            "speed": f"fast: {signals.speed[sample]:.1f} body heights/s",
            "people": f"{signals.people[sample]:.0f} people, usually {usual_people:.0f}",
            "closeness": f"{signals.closeness[sample]:.1f} people covered by others",
            "motion": f"{100 * samples.motion[sample]:.0f} % of the picture moves",
            "change": "looks unlike the rest",
        }[name]
        found.append((weight, words))
    return [words for _, words in sorted(found, reverse=True)]


def _event(signals: CrowdSignals, sample: int) -> str:
    action = int(signals.action[sample])
    name = ACTIONS[action] if action >= 0 else "event"
    return f"{name} {signals.event[sample]:.2f}"
