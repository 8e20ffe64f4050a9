"""Clips with poses and with what the poses should be, for ``refinement.py``.

Rendered crowds, posed by noise on the truth or by the networks; real clips, degraded, against what
the undegraded chain is sure of; labelled stills seen by a moving camera.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment
from stills import Still, pose_stills

from hie_cli.core import geometry
from hie_cli.core.config import as_dict
from hie_cli.core.types import Frame, FramePeople, Image, People, concatenate
from hie_cli.detection.box_smoothing import frames_around, smooth_boxes
from hie_cli.detection.stage import detect
from hie_cli.pipeline.networks import Models
from hie_cli.pipeline.settings import load_chain
from hie_cli.posing.calibration import HALF_HEAD
from hie_cli.posing.stage import pose
from hie_cli.simulation.crowd import CrowdConfig, simulate
from hie_cli.simulation.observe import Noise, observe
from hie_cli.simulation.render import render
from hie_cli.tracking.stage import describe, track
from hie_cli.video.frame_range import FrameRange
from hie_cli.video.sources import VideoSource

PoseClip = list[FramePeople]


@dataclass(frozen=True)
class Truth:
    """True joints of one frame: boxes (G, 4), joints (G, 14, 2; NaN = does not count), ids (G,),
    tall (G,): heights in pixels of the standing bodies; pasted (K, 4): boxes of people put into the
    picture, who are none of the true ones.
    """

    boxes: np.ndarray
    joints: np.ndarray
    ids: np.ndarray
    tall: np.ndarray
    pasted: np.ndarray = field(default_factory=lambda: np.zeros((0, 4)))

    def counted(self, people: People) -> People:
        """``people`` without those who are pasted ones rather than true ones."""
        if not len(self.pasted) or not len(people):
            return people
        true = geometry.iou(people.boxes, self.boxes).max(1, initial=0.0)
        pasted = geometry.iou(people.boxes, self.pasted).max(1)
        return people[(pasted < 0.5) | (pasted < true)]

    def given(self, people: People) -> np.ndarray:
        """The joints (G, 14, 2) that ``people`` have of each true person, NaN where nobody's box
        overlaps theirs by IoU 0.3.
        """
        people = self.counted(people)
        given = np.full_like(self.joints, np.nan)
        overlap = geometry.iou(self.boxes, people.boxes)
        for g, p in zip(*linear_sum_assignment(-overlap), strict=True):
            if overlap[g, p] >= 0.3 and people.keypoints is not None:
                given[g] = people.keypoints[p]
        return given


@dataclass(frozen=True)
class Scene:
    """A clip posed in one way: kind, the true joints of every frame, frames a second."""

    kind: str
    truths: Sequence[Truth]
    clip: PoseClip
    fps: float


def _tall(boxes: np.ndarray) -> np.ndarray:
    return np.maximum(boxes[:, 3] - boxes[:, 1], 1.0)


class Chain:
    """The chain up to unrefined poses; its results are kept in the folder ``cache``."""

    def __init__(self, preset: str, cache: Path, sets: Sequence[str] = ()) -> None:
        self.config = load_chain(preset, [], list(sets))
        self._models = Models(self.config, "auto")
        self._cache = cache

    def __call__(self, name: str, frames: list[Frame], fps: float) -> PoseClip:
        """``frames`` with their people; ``name`` says which frames these are."""
        settings = repr((as_dict(self.config.detect), as_dict(self.config.pose), len(frames)))
        path = self._cache / f"{name}-{zlib.crc32(settings.encode()):08x}.npz"
        if path.exists():
            return posed(frames, load_people(path))
        half = frames_around(self.config.detect.steady_seconds, fps, 1)
        found = detect(frames, self.config.detect, self._models.detectors)
        seen = smooth_boxes(found, half, 1 / fps)
        clip = list(pose(seen, self.config.pose, self._models.pose))
        save_people(path, [item.people for item in clip])
        return clip


def posed(frames: Sequence[Frame], people: Sequence[People]) -> PoseClip:
    """``frames`` with their people."""
    pairs = zip(frames, people, strict=True)
    return [FramePeople(frame.index, each, frame.image) for frame, each in pairs]


def save_people(path: Path, people: Sequence[People]) -> None:
    """Posed people of consecutive frames as arrays in one file."""
    everybody = concatenate(people)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        path,
        counts=[len(each) for each in people],
        boxes=everybody.boxes,
        scores=everybody.scores,
        keypoints=everybody.keypoints,
        keypoint_scores=everybody.keypoint_scores,
    )


def load_people(path: Path) -> list[People]:
    """What ``save_people`` wrote."""
    with np.load(path) as held:
        ends = np.cumsum(held["counts"])
        parts = [
            np.split(held[name], ends[:-1])
            for name in ("boxes", "scores", "keypoints", "keypoint_scores")
        ]
    return [People(b, s, None, k, q) for b, s, k, q in zip(*parts, strict=True)]


# --- rendered crowds --------------------------------------------------------------------------


def simulated(
    seeds: Iterable[int], frames: int, fps: float, chain: Chain | None = None
) -> Iterator[Scene]:
    """Rendered crowds, posed by ``chain``, or as the truth with noise and with things missing."""
    kinds = {
        "clean": Noise(0.005, 0.004, 0.004, 0, 0, 0, 0, 0, memory=0.0),
        "joint noise": Noise(0.01, 0.025, 0.06, 0.03, 0, 0, 0, 0, memory=0.3),
        "missing": Noise(0.01, 0.008, 0.03, 0, 0.1, 0.1, 0, 0, memory=0.3),
        "everything": Noise(breaks=0),
    }
    for seed in seeds:
        size = {"width": 960, "height": 540}
        crowd = simulate(CrowdConfig(seed, 14, frames, fps, **size, split="test"))
        images = [Frame(f.index, f.image.copy()) for f in render(crowd)]
        truths = []
        for t in range(frames):
            who = np.flatnonzero(crowd.present[:, t] & crowd.seen[:, t].any(-1))
            joints = np.where(crowd.seen[who, t, :, None], crowd.pixels[who, t, :14], np.nan)
            boxes = crowd.boxes[who, t]
            truths.append(Truth(boxes, joints, who, _tall(boxes)))
        if chain is not None:
            yield Scene("networks", truths, chain(f"crowd{seed}-{fps:g}", images, fps), fps)
            continue
        for kind, noise in kinds.items():
            people = [item.people.replace(track_ids=None) for item in observe(crowd, noise)]
            yield Scene(kind, truths, posed(images, people), fps)


# --- labelled stills under a moving camera ----------------------------------------------------


def moving_stills(
    root: Path, frames: int, chain: Chain, only: Sequence[str] = ()
) -> Iterator[Scene]:
    """Every labelled still (or those of the data sets ``only``) as a clip of 25 fps, and once more
    with somebody walking past.
    """
    stills = [_fitted(still) for still in pose_stills(root)]
    for number, still in enumerate(stills):
        if only and still.group not in only:
            continue
        rng = np.random.default_rng(number)
        views = _camera_path(still.image.shape, frames, rng)
        truths = [_seen_by(view, still) for view in views]
        images = [Frame(t, _photo(still.image, view, rng)) for t, view in enumerate(views)]
        name = f"still{number}-{frames}"
        yield Scene("moving camera", truths, chain(f"{name}-moving", images, 25.0), 25.0)
        passing = [_with_walker(still, stills[number - 1], t / (frames - 1)) for t in range(frames)]
        images = [
            Frame(t, _photo(image, view, rng))
            for t, ((image, _), view) in enumerate(zip(passing, views, strict=True))
        ]
        truths = [
            replace(truth, pasted=_moved_boxes(walker[None], view))
            for truth, (_, walker), view in zip(truths, passing, views, strict=True)
        ]
        yield Scene("passer-by", truths, chain(f"{name}-passer-by", images, 25.0), 25.0)


def _fitted(still: Still) -> Still:
    """``still`` with its longer side reduced to 960 pixels."""
    scale = min(1.0, 960 / max(still.image.shape[:2]))
    return replace(
        still,
        image=cv2.resize(still.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA),
        boxes=still.boxes * scale,
        keypoints=still.keypoints * scale,
        half_heads=still.half_heads * scale,
    )


def _camera_path(shape: tuple[int, ...], frames: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Matrices (2, 3) of a pan, a zoom and a roll at even speed, and of a hand that shakes."""
    height, width = shape[:2]
    pan = rng.uniform(-0.04, 0.04, 2) * (width, height)
    zoom, roll = rng.uniform(-0.06, 0.06), rng.uniform(-2, 2)
    shake = cv2.GaussianBlur(rng.normal(0, 0.003 * width, (frames, 2)), (1, 5), 0)
    views = []
    for t, at in enumerate(np.linspace(-1, 1, frames)):
        view = cv2.getRotationMatrix2D((width / 2, height / 2), roll * at, 1.06 + zoom * at)
        view[:, 2] += pan * at + shake[t]
        views.append(view)
    return views


def _seen_by(view: np.ndarray, still: Still) -> Truth:
    """The labels as ``view`` moves them."""
    boxes = _moved_boxes(still.boxes, view)
    scale = np.sqrt(np.linalg.det(view[:, :2]))
    tall = still.half_heads * scale / HALF_HEAD
    joints = still.keypoints @ view[:, :2].T + view[:, 2]
    keep = ~still.ignore & geometry.known(joints).any(1)
    return Truth(boxes[keep], joints[keep], np.flatnonzero(keep), tall[keep])


def _moved_boxes(boxes: np.ndarray, view: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) around what ``view`` makes of ``boxes``."""
    x1, y1, x2, y2 = boxes.T
    corners = np.stack([x1, y1, x2, y1, x1, y2, x2, y2], 1).reshape(-1, 4, 2)
    moved = corners @ view[:, :2].T + view[:, 2]
    return np.concatenate([moved.min(1), moved.max(1)], axis=1)


def _with_walker(still: Still, other: Still, time: float) -> tuple[Image, np.ndarray]:
    """The picture with the largest person of ``other`` at ``time`` (0..1) of a walk across its own
    largest person, and the walker's box (4,).
    """
    image = still.image.copy()
    x1, y1, x2, y2 = still.boxes[int(np.argmax(geometry.area(still.boxes)))]
    a1, b1, a2, b2 = np.maximum(other.boxes[int(np.argmax(other.half_heads))], 0).astype(int)
    height = int(min(1.1 * (y2 - y1), image.shape[0]))
    width = max(2, int(height * 0.4))
    left, top = int(x1 - width + time * (x2 - x1 + width)), int(y1)
    _paste(image, cv2.resize(other.image[b1:b2, a1:a2], (width, height)), left, top)
    return image, np.array([left, top, left + width, top + height], float)


def _photo(image: Image, view: np.ndarray, rng: np.random.Generator) -> Image:
    """``image`` as ``view`` sees it: a noisy, compressed video frame."""
    size = image.shape[1::-1]
    image = cv2.warpAffine(image, view, size, borderMode=cv2.BORDER_REFLECT)
    noisy = np.clip(image + rng.normal(0, 4, image.shape), 0, 255).astype(np.uint8)
    return cv2.imdecode(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], 1)


# --- real clips -------------------------------------------------------------------------------


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
    return Truth(boxes, joints[keep], people.track_ids[keep], _tall(boxes))


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


def motion_blur(image: Image, length: int, rng: np.random.Generator) -> Image:
    """``image`` blurred along a random direction over ``length`` pixels."""
    angle = rng.uniform(0, np.pi)
    kernel = np.zeros((length, length), np.float32)
    middle = (length - 1) / 2
    end = np.array([np.cos(angle), np.sin(angle)]) * middle
    a, b = np.round(middle - end).astype(int), np.round(middle + end).astype(int)
    cv2.line(kernel, tuple(map(int, a)), tuple(map(int, b)), 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum())


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
                _paste(image, cv2.resize(patch, (x2 - x1, y2 - y1)), left, y1)
                pasted.append((left, y1, left + x2 - x1, y2))
        out.append(Frame(item.index, image))
        boxes.append(np.array(pasted, float).reshape(-1, 4))
    return out, boxes


def _paste(image: np.ndarray, patch: np.ndarray, x: int, y: int) -> None:
    """``patch`` onto ``image`` at (x, y), cut to an ellipse, roughly a person's outline."""
    height, width = patch.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    cv2.ellipse(mask, (width // 2, height // 2), (width // 2, height // 2), 0, 0, 360, 255, -1)
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + width, image.shape[1]), min(y + height, image.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    part = (slice(y0 - y, y1 - y), slice(x0 - x, x1 - x))
    target = image[y0:y1, x0:x1]
    target[mask[part] > 0] = patch[part][mask[part] > 0]


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
        noise = 0.03 * _tall(people.boxes)[:, None, None] * rng.normal(size=people.keypoints.shape)
        out.append(replace(item, people=people.replace(keypoints=people.keypoints + noise)))
    return out
