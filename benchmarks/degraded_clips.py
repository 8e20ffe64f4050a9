"""Real clips, degraded, against what the undegraded chain is sure of."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from image_changes import motion_blur, paste
from pose_clips import Chain, PoseClip, Scene, Truth, heights

from hie_cli.core import geometry
from hie_cli.core.types import Frame, People
from hie_cli.posing.calibration import HALF_HEAD
from hie_cli.tracking.stage import describe, track
from hie_cli.video.frame_range import FrameRange
from hie_cli.video.sources import VideoSource


def degraded(
    path: Path, first: int, count: int, chain: Chain, kinds: Sequence[str] = ()
) -> Iterator[Scene]:
    """A real clip, degraded in all ways or those of ``kinds``, and gone through ``chain``."""
    source = VideoSource(path, FrameRange(first, first + count))
    fps, name = source.info.fps, f"{path.stem}-{first}-{count}"
    frames = list(source)
    clean = chain(f"{name}-clean", frames, fps)
    settings = chain.config.track
    tracked = track(list(describe(clean, settings)), source.info, settings)
    truths = _without_slips([_reference(item.people) for item in tracked], fps)
    rng = np.random.default_rng(0)
    blurred = _blurred(frames, truths, rng)
    occluded, pasted = _occluded(clean, rng)
    dropped, shaken = _dropped(clean, rng), _shaken(clean, rng)
    made: dict[str, Callable[[], PoseClip]] = {
        "clean": lambda: clean,
        "blurred": lambda: chain(f"{name}-blurred", blurred, fps),
        "occluded": lambda: chain(f"{name}-occluded", occluded, fps),
        "dropped": lambda: dropped,
        "joint noise": lambda: shaken,
    }
    covered = [replace(t, pasted=boxes) for t, boxes in zip(truths, pasted, strict=True)]
    for kind in kinds or made:
        yield Scene(kind, covered if kind == "occluded" else truths, made[kind](), fps)


def _reference(people: People) -> Truth:
    """The confident joints of people seen (not filled in) by the undegraded chain."""
    assert people.keypoints is not None
    assert people.keypoint_scores is not None
    assert people.track_ids is not None
    sure = people.keypoint_scores >= 0.7
    joints = np.where(sure[..., None], people.keypoints, np.nan).astype(np.float64)
    keep = sure.sum(1) >= 5
    boxes = np.asarray(people.boxes, np.float64)[keep]
    return Truth(boxes, joints[keep], people.track_ids[keep], heights(boxes))


def _without_slips(truths: Sequence[Truth], fps: float) -> list[Truth]:
    """The reference less joints that lie half a head off the median of their path within 0.06 s
    either way: nobody moves like that, it is the networks that slip for a frame or two.
    """
    reach = int(0.06 * fps)
    kept = []
    for t, truth in enumerate(truths):
        near = truths[max(0, t - reach) : t + reach + 1]
        paths = np.full((len(near), *truth.joints.shape), np.nan)
        for k, other in enumerate(near):
            mine, theirs = np.nonzero(truth.ids[:, None] == other.ids)
            paths[k, mine] = other.joints[theirs]
        joints, known = truth.joints.copy(), geometry.known(truth.joints)
        off = np.linalg.norm(joints[known] - np.nanmedian(paths[:, known], axis=0), axis=-1)
        slips = known.copy()
        slips[known] = off > HALF_HEAD * truth.tall[np.nonzero(known)[0]]
        joints[slips] = np.nan
        kept.append(replace(truth, joints=joints))
    return kept


def _blurred(frames: list[Frame], truths: list[Truth], rng: np.random.Generator) -> list[Frame]:
    """Every third frame blurred along a random direction, a sixth of the median person long."""
    length = max(3, int(np.median(np.concatenate([t.tall for t in truths])) / 6))
    out = []
    for frame in frames:
        image = frame.image
        if frame.index % 3 == 1:
            image = motion_blur(image, length, rng)
        out.append(Frame(frame.index, image))
    return out


def _occluded(clean: PoseClip, rng: np.random.Generator) -> tuple[list[Frame], list[np.ndarray]]:
    """In every third frame each person is half covered by somebody cut from another frame; and the
    boxes (K, 4) of those in each frame.
    """
    out, boxes = [], []
    for item in clean:
        image, pasted = item.image.copy(), []
        if item.index % 3 == 1:
            for x1, y1, x2, y2 in item.people.boxes.astype(int):
                chosen = clean[int(rng.integers(len(clean)))]
                other, others = chosen.image, chosen.people
                if not len(others) or x2 - x1 < 4 or y2 - y1 < 8:
                    continue
                a1, b1, a2, b2 = np.maximum(others.boxes[rng.integers(len(others))], 0).astype(int)
                patch = other[b1:b2, a1:a2]
                if patch.size == 0:
                    continue
                left = (x1 + x2) // 2 if rng.random() < 0.5 else x1 - (x2 - x1) // 2
                paste(image, cv2.resize(patch, (x2 - x1, y2 - y1)), left, y1)
                pasted.append((left, y1, left + x2 - x1, y2))
        out.append(Frame(item.index, image))
        boxes.append(np.array(pasted, float).reshape(-1, 4))
    return out, boxes


def _dropped(clean: PoseClip, rng: np.random.Generator) -> PoseClip:
    """One person in six missing from a frame, one joint in ten from the others."""
    out = []
    for item in clean:
        people = item.people
        assert people.keypoints is not None
        assert people.keypoint_scores is not None
        kept = people[rng.random(len(people)) > 1 / 6]
        gone = rng.random(kept.keypoint_scores.shape) < 0.1
        kept = kept.replace(
            keypoints=np.where(gone[..., None], np.nan, kept.keypoints),
            keypoint_scores=np.where(gone, 0.0, kept.keypoint_scores),
        )
        out.append(replace(item, people=kept))
    return out


def _shaken(clean: PoseClip, rng: np.random.Generator) -> PoseClip:
    """Joints moved at random, 0.03 body heights; scores left as they are."""
    out = []
    for item in clean:
        people = item.people
        assert people.keypoints is not None
        noise = (
            0.03 * heights(people.boxes)[:, None, None] * rng.normal(size=people.keypoints.shape)
        )
        out.append(replace(item, people=people.replace(keypoints=people.keypoints + noise)))
    return out
