"""Clips with poses and with what the poses should be, and the chain that poses them.

``refinement.py`` and ``carried_heatmaps.py`` take them from ``posed_crowds``, ``moving_stills`` and
``degraded_clips``.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from hie_cli.core import geometry
from hie_cli.core.config import as_dict
from hie_cli.core.types import Frame, FramePeople, People, concatenate
from hie_cli.detection.box_smoothing import frames_around, smooth_boxes
from hie_cli.detection.stage import detect
from hie_cli.pipeline.networks import Models
from hie_cli.pipeline.settings import load_chain
from hie_cli.posing.stage import pose

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


def heights(boxes: np.ndarray) -> np.ndarray:
    """Heights (N,) of boxes (N, 4), at least 1 pixel."""
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
