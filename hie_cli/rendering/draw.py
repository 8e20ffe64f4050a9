"""Draw people onto frames: boxes, skeletons, identities in stable colours, actions, trails."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hie_cli.analysis.zones import Zones
from hie_cli.core import geometry
from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.skeletons import BONES
from hie_cli.core.types import Image, People
from hie_cli.rendering.action_memory import EVENTS, ActionMemory, Doing
from hie_cli.rendering.heads import head_boxes
from hie_cli.rendering.labels import Label, LabelPlacer, Rectangle, draw_text, label_size
from hie_cli.rendering.palette import WHITE, Colour, identity_colour
from hie_cli.rendering.settings import RenderConfig
from hie_cli.rendering.trails import HeatMap, Trails
from hie_cli.rendering.view import View
from hie_cli.rendering.zone_layer import ZoneLayer

_LINE = 1 / 500  # thickness of lines, as a share of the picture's shorter side
_CAPITAL = 1 / 58  # height of capital letters, likewise
_SMALLEST_CAPITAL = 8  # pixels: below nobody reads it
_JOINT_DOTS_FROM = 120  # height of a person, in pixels at the thinnest line, to dot the joints
_CALM = 0.7  # share of ``RenderConfig.crowd`` below which a crowd is none any more
_SURE = 0.7  # score from which an action's label is opaque
_PALEST = 0.45  # opacity of a label that is just above the threshold
_LEGEND_COLOUR: Colour = (40, 40, 40)
_LEGEND_OPACITY = 0.65


class Painter:
    """Draws the frames of one video in order, remembering trails and the last action of each id.

    People are given in pixels of the video; the pictures show what ``view`` says (None: all of it,
    as it is). capital: height of capital letters, as a share of the picture's shorter side
    · zones: in pixels of the video, for the layer of that name.
    """

    def __init__(
        self,
        config: RenderConfig,
        fps: float,
        view: View | None = None,
        capital: float = _CAPITAL,
        zones: Zones | None = None,
    ) -> None:
        self.config, self.view, self._capital = config, view, capital
        self._trails = Trails(config.trail_seconds, fps)
        self._heat: HeatMap | None = None
        self._zones = None
        if zones is not None and "zones" in config.show:
            self._zones = ZoneLayer(zones, fps)
        self._actions = ActionMemory(fps)
        self._placer = LabelPlacer()
        self._crowded = False
        self._corner: tuple[bool, bool] | None = None

    def paint(
        self,
        image: Image,
        people: People,
        index: int,
        camera: NDArray[Any] | None = None,
    ) -> Image:
        """Draw ``people`` onto ``image`` (H, W, 3) BGR, which the view made, and return it.

        camera (3, 3): how the picture moved since the frame before; None: not at all.
        """
        view = self.view or View.whole(image)
        shown = self._chosen(people)
        self._actions.add(index, shown)
        self._crowded = self._is_crowded(len(shown))
        unit = max(1, round(min(image.shape[:2]) * _LINE) - self._crowded)
        layers = self.config.show
        if "heat" in layers:
            self._draw_heat(image, shown, camera, view)
        names: list[Rectangle] = []
        if self._zones is not None:
            self._zones.add(index, shown, camera)
            names = self._zones.draw(image, view, unit, self._letters(image))
        if "trails" in layers:
            self._trails.add(index, shown, camera)
            if not self._crowded:
                self._trails.draw(image, view, unit)
        boxes = view.boxes(shown.boxes.astype(np.float64))
        # Far people first, so that near ones lie over them.
        order = np.argsort(boxes[:, 3], kind="stable").tolist()
        for i in order:
            self._draw_person(image, shown, i, boxes[i], view, unit)
        self._write(image, shown, boxes, order[::-1], view, names)
        return image

    def _chosen(self, people: People) -> People:
        """Those who are drawn; a track is drawn whole, others from a least score on."""
        if people.track_ids is None:
            return people[(people.scores >= self.config.min_score) & (not self.config.only)]
        if not self.config.only:
            return people
        return people[np.isin(people.track_ids, self.config.only)]

    def _is_crowded(self, count: int) -> bool:
        most = self.config.crowd
        if not most or self.config.only:
            return False
        return count >= most * (_CALM if self._crowded else 1)

    def _draw_heat(
        self, image: Image, people: People, camera: NDArray[Any] | None, view: View
    ) -> None:
        if self._heat is None:
            right, bottom = view.x + view.source_width, view.y + view.source_height
            self._heat = HeatMap(right, bottom)
        self._heat.add(people, camera)
        self._heat.draw(image, view)

    def _draw_person(
        self, image: Image, people: People, i: int, box: NDArray[Any], view: View, unit: int
    ) -> None:
        key = None if people.track_ids is None else int(people.track_ids[i])
        colour = identity_colour(key)
        if "boxes" in self.config.show:
            x1, y1, x2, y2 = np.round(box).clip(-30_000, 30_000).astype(int).tolist()
            cv2.rectangle(image, (x1, y1), (x2, y2), colour, unit)
        if "poses" in self.config.show and not self._crowded:
            self._draw_skeleton(image, people, i, colour, view, unit)

    def _draw_skeleton(
        self, image: Image, people: People, i: int, colour: Colour, view: View, unit: int
    ) -> None:
        if people.keypoints is None or people.keypoint_scores is None:
            return
        points = view.points(people.keypoints[i].astype(np.float64))
        seen = geometry.known(points) & (people.keypoint_scores[i] >= self.config.min_joint_score)
        pixels = np.round(np.where(seen[:, None], points, 0)).clip(-30_000, 30_000).astype(int)
        for a, b in BONES:
            if seen[a] and seen[b]:
                start, end = pixels[a].tolist(), pixels[b].tolist()
                cv2.line(image, start, end, colour, unit, cv2.LINE_AA)
        height = float(people.boxes[i, 3] - people.boxes[i, 1]) * view.scale
        if height < _JOINT_DOTS_FROM * unit:
            return  # dots would hide the person
        for joint in np.flatnonzero(seen):
            cv2.circle(image, pixels[joint].tolist(), unit + 1, WHITE, -1, cv2.LINE_AA)

    def _write(
        self,
        image: Image,
        people: People,
        boxes: NDArray[np.float64],
        order: Sequence[int],
        view: View,
        names: Sequence[Rectangle],
    ) -> None:
        """The labels, beside people's faces, each other and other ``names``, and the legend."""
        height, width = image.shape[:2]
        capital = self._letters(image)
        labels = [label for i in order if (label := self._label(people, i, boxes[i])) is not None]
        # What happens comes first, then near people: the last ones may find no room.
        labels.sort(key=lambda label: not self._has_event(label.key))
        sizes = [label_size(label.text, capital) for label in labels]
        heads = view.boxes(head_boxes(people, self.config.min_joint_score))
        heads = np.vstack([heads, *(np.array([name]) for name in names)])
        legend = self._legend(len(people), boxes, capital, width, height)
        if legend is not None:
            text, bar = legend
            draw_text(image, text, capital, bar[:2], _LEGEND_COLOUR, _LEGEND_OPACITY)
            heads = np.vstack([heads, bar])
        places = self._placer.place(sizes, labels, heads, width, height)
        for label, place in zip(labels, places, strict=True):
            if place is not None:
                draw_text(image, label.text, capital, place[:2], label.colour, label.opacity)

    def _letters(self, image: Image) -> int:
        """How high capital letters are, in pixels."""
        side = int(min(image.shape[:2]))
        return max(_SMALLEST_CAPITAL, round(side * self._capital))

    def _label(self, people: People, i: int, box: NDArray[Any]) -> Label | None:
        if people.track_ids is None:
            if "ids" not in self.config.show or self._crowded:
                return None
            score = float(people.scores[i])
            return Label(-1 - i, f"{score:.2f}", identity_colour(None), box, max(_PALEST, score))
        key = int(people.track_ids[i])
        words, opacity = [], 1.0
        if "ids" in self.config.show:
            words.append(str(key))
        doing = self._named(key)
        if doing is not None:
            words.append(ACTIONS[doing.action])
            sure = (doing.score - self.config.min_action_score) / max(
                _SURE - self.config.min_action_score, 1e-6
            )
            opacity = _PALEST + (1 - _PALEST) * min(1.0, max(0.0, sure))
        return Label(key, " ".join(words), identity_colour(key), box, opacity) if words else None

    def _named(self, key: int) -> Doing | None:
        """What the label of ``key`` says that they do; None where nothing is sure enough."""
        doing = self._actions.of(key)
        if doing is None or "actions" not in self.config.show:
            return None
        if doing.score < self.config.min_action_score:
            return None
        return doing if not self._crowded or doing.action in EVENTS else None

    def _has_event(self, key: int) -> bool:
        doing = self._named(key)
        return doing is not None and doing.action in EVENTS

    def _legend(
        self, count: int, boxes: NDArray[np.float64], capital: int, width: int, height: int
    ) -> tuple[str, Rectangle] | None:
        """What the legend says and where it lies: in the corner with the fewest people at first."""
        if not self.config.legend:
            return None
        for text in self._legend_texts(count):
            w, h = label_size(text, capital)
            if w <= width and h <= height:
                break
        else:
            return None
        if self._corner is None:
            corners = [(right, bottom) for bottom in (True, False) for right in (False, True)]
            covered = [
                float(geometry.intersection(_in_corner(c, w, h, width, height), boxes).sum())
                for c in corners
            ]
            self._corner = corners[int(np.argmin(covered))]
        place = _in_corner(self._corner, w, h, width, height)[0]
        return text, (int(place[0]), int(place[1]), int(place[2]), int(place[3]))

    def _legend_texts(self, count: int) -> list[str]:
        """The legend in full, and shorter for narrow pictures."""
        layers, people = self.config.show, "1 person" if count == 1 else f"{count} people"
        parts = [people]
        if self._crowded:
            return [f"{people} | crowd: boxes and numbers only", people]
        if "ids" in layers:
            parts.append("number, colour: who")
        if "actions" in layers and self._actions:
            parts.append("pale: unsure")
        if "trails" in layers:
            parts.append(f"line: last {self.config.trail_seconds:g} s")
        if "heat" in layers:
            parts.append("bright: busy places")
        return [" | ".join(parts[:n]) for n in range(len(parts), 0, -1)]


def _in_corner(
    corner: tuple[bool, bool], w: int, h: int, width: int, height: int
) -> NDArray[np.float64]:
    """The rectangle (1, 4) of size w x h in a corner (right?, bottom?) of the picture."""
    x, y = (width - w) * corner[0], (height - h) * corner[1]
    return np.array([[x, y, x + w, y + h]], np.float64)
