"""Frame and class weights of w_AP and wf_mAP. None of them is published: all are options.

arXiv 2005.04490 names what the weights depend on, not their form nor their parameters; a figure
made with them is never official, and every report carries the formula beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.action_classes import ANOMALOUS
from hie_cli.core.annotations import Annotations
from hie_cli.evaluation.metrics.crowd_index import crowd_index

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PoseWeights:
    """w_AP: weight of frame t from its Crowd Index CI and its number N of anomalous classes.

    ``exp``: c1·exp(CI) + c2·N · ``linear``: c1·CI + c2·N · ``product``: exp(c1·CI)·(1 + c2·N).
    Actions are labelled on some frames only: a frame without any label takes the classes of the
    last labelled frame less than ``hold`` frames before it.
    """

    form: Literal["exp", "linear", "product"] = "exp"
    c1: float = 2.0
    c2: float = 1.0
    hold: int = 20

    def formula(self) -> str:
        """The weight in words, for the report."""
        forms = {
            "exp": f"w_t = {self.c1:g}*exp(CI_t) + {self.c2:g}*N_t",
            "linear": f"w_t = {self.c1:g}*CI_t + {self.c2:g}*N_t",
            "product": f"w_t = exp({self.c1:g}*CI_t)*(1 + {self.c2:g}*N_t)",
        }
        return forms[self.form]


def crowd_indices(frames: Sequence[Annotations]) -> Floats:
    """The Crowd Index (T,) of every frame: the stated one (CrowdPose), else computed."""
    stated = [frame.crowd_index for frame in frames]
    pairs = zip(stated, frames, strict=True)
    return np.array([crowd_index(f) if s is None else s for s, f in pairs], np.float64)


def pose_weights(frames: Sequence[Annotations], crowd: Floats, config: PoseWeights) -> Floats:
    """The weight (T,) of every frame of a sequence, ``crowd`` being its ``crowd_indices``."""
    anomalous = anomalous_counts(frames, config.hold)
    if config.form == "exp":
        return config.c1 * np.exp(crowd) + config.c2 * anomalous
    if config.form == "linear":
        return config.c1 * crowd + config.c2 * anomalous
    return np.exp(config.c1 * crowd) * (1 + config.c2 * anomalous)


def anomalous_counts(frames: Sequence[Annotations], hold: int) -> Floats:
    """Number (T,) of anomalous action classes (fighting, fall-over, crouching-bowing) per frame."""
    counts = np.zeros(len(frames))
    last, seen = -hold, 0
    for t, frame in enumerate(frames):
        labels = set() if frame.actions is None else set(frame.actions[frame.actions >= 0].tolist())
        if labels:
            last, seen = t, len(labels & set(ANOMALOUS))
        counts[t] = seen if t == last or t - last < hold else 0
    return counts


@dataclass(frozen=True)
class ActionWeights:
    """wf_mAP: dominant classes weigh less, crowded frames more.

    ``frame``: ``crowd_index`` = exp(CI_t), or by the number of people where the truth holds no
    poses; ``people`` = the number of labelled people in the frame; ``none`` = 1. Class c with n_c
    truth instances weighs n_c^-``class_power`` (0: all classes alike).
    """

    frame: Literal["crowd_index", "people", "none"] = "crowd_index"
    class_power: float = 0.5

    def formula(self, has_poses: bool) -> str:
        """The weights in words, for the report."""
        frame = {"crowd_index": "exp(CI_t)", "people": "people_t", "none": "1"}[
            self.effective(has_poses)
        ]
        return f"w_t = {frame}, w_c = n_c^-{self.class_power:g}"

    def effective(self, has_poses: bool) -> str:
        """The frame weight in use: the Crowd Index needs poses."""
        return "people" if self.frame == "crowd_index" and not has_poses else self.frame


def action_frame_weights(
    frames: Sequence[Annotations], config: ActionWeights, has_poses: bool
) -> Floats:
    """The weight (T,) of every frame for wf_mAP."""
    kind = config.effective(has_poses)
    if kind == "crowd_index":
        return np.exp(crowd_indices(frames))
    if kind == "people":
        return np.array([float((~frame.ignore).sum()) for frame in frames], np.float64)
    return np.ones(len(frames))


def class_weights(instances: Floats, config: ActionWeights) -> Floats:
    """The weight (C,) of every class from its number of truth instances; 0 without any."""
    counts = np.asarray(instances, np.float64)
    return np.where(counts > 0, np.maximum(counts, 1) ** -config.class_power, 0.0)
