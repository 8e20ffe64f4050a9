"""The pose stage: people -> the same people with 14 joints each.

Three modes. ``one-pass`` keeps the poses that the detector gave along and runs no network.
``top-down`` estimates every pose from a crop of the person's box. ``fused`` (default) runs crops
for people whose own pose is missing or weak and merges what both say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import FramePeople, FrameStream, Image, People
from hie_cli.models.base import PoseEstimator
from hie_cli.posing.calibration import HALF_HEAD, joint_probability
from hie_cli.posing.merge import Poses, agree, owners


@dataclass(frozen=True)
class PoseConfig:
    """``pose``'s options; ``configs/pose.yaml`` explains each.

    Raises ValueError where a value makes no sense.
    """

    mode: Literal["fused", "top-down", "one-pass"] = "fused"
    model: str = "movenet-thunder"
    flip: bool = False
    trust: float = 0.7
    window: int = 8
    nms_oks: float = 0.9
    nms_iou: float = 0.55
    min_joint_score: float = 0.0

    def __post_init__(self) -> None:
        if self.window < 1:
            raise ValueError("pose.window must be at least 1")
        if self.flip and self.mode == "one-pass":
            raise ValueError("pose.flip needs a pose network; mode one-pass runs none")


def window_start(index: int, config: PoseConfig) -> int:
    """The frame from which to pose again so that frame ``index`` comes out as in a full run."""
    return index // config.window * config.window


def pose(
    stream: Iterable[FramePeople], config: PoseConfig, model: PoseEstimator | None
) -> FrameStream:
    """Yield each frame with its people and their joints in frame pixels.

    Crops of ``config.window`` frames go through ``model`` together. ``model`` may be None in mode
    ``one-pass``; elsewhere that raises ValueError.
    """
    if model is None and config.mode != "one-pass":
        raise ValueError(f"pose mode {config.mode} needs a model")
    for _, group in groupby(stream, key=lambda item: item.index // config.window):
        window = list(group)
        own = [_own(item.people) for item in window]
        if model is None or config.mode == "one-pass":
            poses = own
        else:
            poses = _with_network(window, own, config, model)
        for item, found, before in zip(window, poses, own, strict=True):
            yield replace(item, people=_posed(item.people, found, before, config))


def _own(people: People) -> Poses:
    """The poses that came with the people; all missing if none did."""
    if people.keypoints is None or people.keypoint_scores is None:
        missing = np.full((len(people), NUM_JOINTS, 2), np.nan, np.float32)
        return missing, np.zeros((len(people), NUM_JOINTS), np.float32)
    return people.keypoints, people.keypoint_scores


def _pixels(item: FramePeople) -> Image:
    if item.image is None:
        raise ValueError(f"frame {item.index}: pose estimation needs its image")
    return item.image


def _with_network(
    window: Sequence[FramePeople],
    own: Sequence[Poses],
    config: PoseConfig,
    model: PoseEstimator,
) -> list[Poses]:
    """Poses by crops, merged with ``own`` in mode ``fused``."""
    wanted = [
        np.flatnonzero(scores.mean(1) < config.trust)
        if config.mode == "fused"
        else np.arange(len(scores))
        for _, scores in own
    ]
    found = model.estimate(
        [_pixels(item) for item in window],
        [item.people.boxes[chosen] for item, chosen in zip(window, wanted, strict=True)],
        flip=config.flip,
    )
    merged = []
    for item, before, chosen, (points, raw) in zip(window, own, wanted, found, strict=True):
        new: Poses = points, joint_probability(model.spec.joints, raw)
        if config.mode == "fused":
            old = before[0][chosen], before[1][chosen]
            new = agree(old, new, _half_head(item.people.boxes[chosen]))
        keypoints, scores = before[0].copy(), before[1].copy()
        keypoints[chosen], scores[chosen] = new
        merged.append((keypoints, scores))
    return merged


def _half_head(boxes: NDArray[np.floating]) -> NDArray[np.float64]:
    """Half a head length (N,) in pixels, from the longer side of boxes (N, 4)."""
    longer: NDArray[np.float64] = (boxes[:, 2:] - boxes[:, :2]).max(1, initial=0.0)
    return longer * HALF_HEAD


def _posed(people: People, found: Poses, own: Poses, config: PoseConfig) -> People:
    """``people`` with the poses ``found``, less doubles.

    Who shows another's pose is the same person if the boxes overlap, and left out. Otherwise they
    are hidden behind that other one: they stay, with the pose that came with them if any.
    """
    keypoints, scores = found
    owner = owners(keypoints, scores, people.boxes, config.nms_oks)
    duplicate = owner >= 0
    overlap = geometry.iou(people.boxes, people.boxes)
    double = duplicate & (overlap[np.arange(len(people)), owner] > config.nms_iou)
    keypoints = np.where(duplicate[:, None, None], own[0], keypoints)
    scores = np.where(duplicate[:, None], own[1], scores)
    weak = (scores < config.min_joint_score) | ~geometry.known(keypoints)
    posed = people.replace(
        keypoints=np.where(weak[..., None], np.nan, keypoints),
        keypoint_scores=np.where(weak, 0.0, scores),
    )
    return posed[~double]
