"""The pose stage: people -> the same people with 14 joints each.

Three modes. ``one-pass`` keeps the poses that the detector gave along and runs no network.
``top-down`` estimates every pose from a crop of the person's box. ``fused`` (default) runs crops
for people whose own pose is missing or weak and merges what both say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import FloatArray, FramePeople, FrameStream, Image, People
from hie_cli.models.base import PoseEstimator
from hie_cli.posing.calibration import HALF_HEAD, joint_probability
from hie_cli.posing.merge import Poses, agree, box_and_joints, one_body, owners
from hie_cli.posing.settings import PoseConfig

_FOLLOWED = 0.5  # IoU of boxes of successive frames that may be one person's


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
    people = [item.people for item in window]
    overlaps = [geometry.iou(before.boxes, after.boxes) for before, after in pairwise(people)]
    seen = _seen_for_sure(people, overlaps, config)
    wanted = [
        np.flatnonzero(_needs_crop(item.people, scores, config) & sure)
        for item, (_, scores), sure in zip(window, own, seen, strict=True)
    ]
    if config.most_crops and len(window) > 1:  # nothing is carried to a frame by itself
        wanted = _waited_longest(people, overlaps, wanted, config.most_crops)
    found = model.estimate(
        [_pixels(item) for item in window],
        [item.people.boxes[chosen] for item, chosen in zip(window, wanted, strict=True)],
        flip=config.flip,
    )
    poses = []
    for item, before, chosen, (points, raw) in zip(window, own, wanted, found, strict=True):
        new: Poses = points, joint_probability(model.spec.joints, raw)
        if config.mode == "fused":
            old = before[0][chosen], before[1][chosen]
            boxes = item.people.boxes[chosen]
            merged = agree(old, new, _half_head(boxes))
            new = one_body(old, new, merged, boxes, config.merge_oks)
        keypoints, scores = before[0].copy(), before[1].copy()
        keypoints[chosen], scores[chosen] = new
        poses.append((keypoints, scores))
    return poses


def _needs_crop(people: People, own: FloatArray, config: PoseConfig) -> NDArray[np.bool_]:
    """(N,) who is looked at in a crop; ``own`` (N, 14) are the scores of the poses they have."""
    likely = people.scores >= config.min_score
    return likely if config.mode == "top-down" else likely & (own.mean(1) < config.trust)


def _seen_for_sure(
    window: Sequence[People], overlaps: Sequence[FloatArray], config: PoseConfig
) -> list[NDArray[np.bool_]]:
    """(N,) for each frame: who reaches ``config.sure_score`` there, or on another frame of the
    window to which boxes lead that overlap from frame to frame; everybody of a frame by itself, and
    everybody who has an identity. ``overlaps``: IoU of each frame's people with the next one's.

    Most of those who are never seen for sure are nobody, and get no identity.
    """
    if len(window) == 1 or any(people.track_ids is not None for people in window):
        return [np.ones(len(people), bool) for people in window]
    sure = [np.asarray(people.scores >= config.sure_score) for people in window]
    joined = [overlap >= _FOLLOWED for overlap in overlaps]
    for t, same in enumerate(joined):
        sure[t + 1] = sure[t + 1] | (same & sure[t][:, None]).any(0)
    for t in range(len(joined) - 1, -1, -1):
        sure[t] = sure[t] | (joined[t] & sure[t + 1]).any(1)
    return sure


def _waited_longest(
    window: Sequence[People],
    overlaps: Sequence[FloatArray],
    wanted: Sequence[NDArray[np.int64]],
    most: int,
) -> list[NDArray[np.int64]]:
    """Of the people ``wanted`` in each frame the ``most`` whose last crop in the window, followed
    by boxes that overlap (``overlaps`` as above), is the longest ago; of equals the surest.
    """
    chosen: list[NDArray[np.int64]] = []
    waited = np.zeros(0)
    earlier = [np.zeros((0, len(window[0]))), *overlaps]  # nobody before the first frame
    for people, overlap, rows in zip(window, earlier, wanted, strict=True):
        nobody = np.full((len(people), 1), _FOLLOWED)  # whom they are if they overlap no one more
        before = np.hstack([overlap.T, nobody]).argmax(1)
        waited = np.append(waited + 1, float(len(window)))[before]
        first = np.lexsort((-people.scores[rows], -waited[rows]))[:most]
        chosen.append(np.sort(rows[first]))
        waited[chosen[-1]] = 0
    return chosen


def _half_head(boxes: NDArray[np.floating]) -> NDArray[np.float64]:
    """Half a head length (N,) in pixels, from the longer side of boxes (N, 4)."""
    longer: NDArray[np.float64] = (boxes[:, 2:] - boxes[:, :2]).max(1, initial=0.0)
    return longer * HALF_HEAD


def _posed(people: People, found: Poses, own: Poses, config: PoseConfig) -> People:
    """``people`` with the poses ``found``, without duplicates.

    Who shows another's pose is the same person if the boxes overlap, and left out. Otherwise they
    are hidden behind that other one: they stay, with the pose that came with them if any. Boxes
    grow to hold the joints; joints far outside are left out.
    """
    keypoints, scores = found
    owner = owners(keypoints, scores, people.boxes, config.nms_oks)
    taken = owner >= 0
    overlap = geometry.iou(people.boxes, people.boxes)
    duplicate = taken & (overlap[np.arange(len(people)), owner] > config.nms_iou)
    keypoints = np.where(taken[:, None, None], own[0], keypoints)
    scores = np.where(taken[:, None], own[1], scores)
    boxes, near = box_and_joints(people.boxes, keypoints, scores)
    shown = near & (scores >= config.min_joint_score)
    posed = people.replace(
        boxes=boxes,
        keypoints=np.where(shown[..., None], keypoints, np.nan),
        keypoint_scores=np.where(shown, scores, 0.0),
    )
    return posed[~duplicate]
