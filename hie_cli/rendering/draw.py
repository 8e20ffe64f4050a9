"""Draw people onto frames: boxes, skeletons, identities in stable colours, actions, trails."""

import colorsys
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np

from hie_cli.core import geometry
from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.skeletons import BONES
from hie_cli.core.types import Image, People

Colour = tuple[int, int, int]

_GOLDEN = 0.618033988749895  # successive hues far apart, whatever the number of people
_JOINT_DOTS_FROM = 120  # height of a person, in pixels at the thinnest line, to dot the joints
_WHITE: Colour = (255, 255, 255)
_GREY: Colour = (200, 200, 200)


@dataclass(frozen=True)
class RenderConfig:
    """What an overlay shows (section ``render`` of a configuration)."""

    boxes: bool = True
    skeletons: bool = True
    labels: bool = True
    trails: bool = True
    trail_seconds: float = 2.0
    min_score: float = 0.3  # of people without an identity; a track is drawn whole
    min_joint_score: float = 0.2
    min_action_score: float = 0.4  # below, nothing is said of what somebody does
    long_side: int = 1280
    sheet_columns: int = 4
    sheet_rows: int = 3

    def __post_init__(self) -> None:
        for name in ("long_side", "sheet_columns", "sheet_rows"):
            if getattr(self, name) < 1:
                raise ValueError(f"render.{name} is {getattr(self, name)}; expected 1 or more")


@lru_cache(maxsize=4096)
def identity_colour(track_id: int | None) -> Colour:
    """The BGR colour of an identity: the same id has the same colour in every frame and video."""
    if track_id is None or track_id < 0:
        return _GREY
    hue = (track_id * _GOLDEN) % 1.0
    value = (1.0, 0.75, 0.9)[track_id % 3]
    r, g, b = colorsys.hsv_to_rgb(hue, 0.75, value)
    return int(b * 255), int(g * 255), int(r * 255)


@dataclass
class Painter:
    """Draws the frames of one video in order, remembering trails and the last action of each id.

    ``scale`` is the drawn size over the original; people are given in original pixels.
    """

    config: RenderConfig
    fps: float
    scale: float = 1.0
    _trails: dict[int, deque[tuple[int, int, int]]] = field(default_factory=dict)
    _actions: dict[int, str] = field(default_factory=dict)

    def paint(self, image: Image, people: People, frame_index: int) -> Image:
        """Draw ``people`` onto ``image`` (H, W, 3) BGR in place, and return it."""
        unit = max(1, round(min(image.shape[:2]) / 400))
        kept = people.scores >= self.config.min_score
        shown = people[kept] if people.track_ids is None else people
        self._remember(shown, frame_index)
        if self.config.trails:
            self._draw_trails(image, frame_index, unit)
        # Far people first, so that the near ones' labels stay readable.
        for i in np.argsort(shown.boxes[:, 3], kind="stable"):
            self._draw_person(image, shown, int(i), unit)
        return image

    def _remember(self, people: People, frame_index: int) -> None:
        if people.track_ids is None:
            return
        for i, key in enumerate(people.track_ids.tolist()):
            x1, _, x2, y2 = people.boxes[i] * self.scale
            trail = self._trails.setdefault(key, deque(maxlen=1024))
            trail.append((frame_index, int((x1 + x2) / 2), int(y2)))
            if people.action_scores is not None and np.isfinite(people.action_scores[i]).all():
                best = int(people.action_scores[i].argmax())
                sure = people.action_scores[i, best] >= self.config.min_action_score
                self._actions[key] = ACTIONS[best] if sure else ""

    def _draw_trails(self, image: Image, frame_index: int, unit: int) -> None:
        oldest = frame_index - self.config.trail_seconds * self.fps
        for key, trail in list(self._trails.items()):
            while trail and trail[0][0] < oldest:
                trail.popleft()
            if not trail:
                del self._trails[key]
                continue
            points = np.array([(x, y) for _, x, y in trail], np.int32)
            cv2.polylines(image, [points], False, identity_colour(key), unit, cv2.LINE_AA)

    def _draw_person(self, image: Image, people: People, i: int, unit: int) -> None:
        key = None if people.track_ids is None else int(people.track_ids[i])
        colour = identity_colour(key)
        x1, y1, x2, y2 = (people.boxes[i] * self.scale).round().astype(int).tolist()
        if self.config.boxes:
            cv2.rectangle(image, (x1, y1), (x2, y2), colour, unit)
        if self.config.skeletons:
            self._draw_skeleton(image, people, i, colour, unit)
        if self.config.labels:
            text = self._label(people, i, key)
            if text:
                _draw_label(image, text, (x1, y1), colour, unit)

    def _draw_skeleton(
        self, image: Image, people: People, i: int, colour: Colour, unit: int
    ) -> None:
        if people.keypoints is None or people.keypoint_scores is None:
            return
        points = people.keypoints[i] * self.scale
        seen = geometry.known(points) & (people.keypoint_scores[i] >= self.config.min_joint_score)
        for a, b in BONES:
            if seen[a] and seen[b]:
                cv2.line(image, _pixel(points[a]), _pixel(points[b]), colour, unit, cv2.LINE_AA)
        height = (people.boxes[i, 3] - people.boxes[i, 1]) * self.scale
        if height < _JOINT_DOTS_FROM * unit:
            return  # dots would hide the person
        for joint in np.flatnonzero(seen):
            cv2.circle(image, _pixel(points[joint]), unit + 1, _WHITE, -1, cv2.LINE_AA)

    def _label(self, people: People, i: int, key: int | None) -> str:
        if key is None:
            return f"{people.scores[i]:.2f}"
        action = self._actions.get(key)
        return f"{key} {action}" if action else str(key)


def _pixel(point: np.ndarray) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def _draw_label(
    image: Image, text: str, corner: tuple[int, int], colour: Colour, unit: int
) -> None:
    """Text on a filled bar above a box's top left corner, kept inside the image."""
    scale, font = 0.4 * unit + 0.05, cv2.FONT_HERSHEY_SIMPLEX
    (width, height), base = cv2.getTextSize(text, font, scale, 1)
    x = min(max(corner[0], 0), max(image.shape[1] - width, 0))
    y = max(corner[1], height + base)
    cv2.rectangle(image, (x, y - height - base), (x + width, y), colour, -1)
    bright = 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2] > 140
    ink = (0, 0, 0) if bright else _WHITE
    cv2.putText(image, text, (x, y - base // 2 - 1), font, scale, ink, 1, cv2.LINE_AA)
