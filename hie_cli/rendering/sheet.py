"""Contact sheet: one picture of the most telling frames of a video, large enough for a phone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from hie_cli.core import geometry
from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.errors import ConfigError
from hie_cli.core.types import FramePeople, Image, People, VideoInfo
from hie_cli.formats.files import atomic_write
from hie_cli.rendering.action_memory import EVENTS, ActionMemory, Doing
from hie_cli.rendering.draw import Painter
from hie_cli.rendering.labels import draw_text, label_size
from hie_cli.rendering.palette import Colour
from hie_cli.rendering.settings import RenderConfig
from hie_cli.rendering.view import View

_BAR: Colour = (40, 40, 40)
_CAPTION = 1 / 30  # height of a caption's capitals, as a share of a tile's width
_CAPITAL = 1 / 26  # of the letters in it, as a share of its shorter side
_EVENT_WEIGHT = 4.0  # a sure event counts as so many people
_BETTER = 1.15  # how much more telling a frame must be to take the place of one just before it
_MARGIN = 0.08  # around the people, as a share of the frame's width
_LEAST_PART = 0.5  # of the frame's width that a tile shows
_CAPTIONED = 2  # actions that a caption names beside events


def interest(people: People, doing: Sequence[Doing]) -> float:
    """How telling a frame is: people, more of them close together, and events above all.

    The number of people, plus one for each who is covered by another one (as far as they are), plus
    four times the score of each who fights, falls or runs. ``doing``: what is known surely.
    """
    if not len(people):
        return 0.0
    closeness = geometry.coverage(people.boxes.astype(np.float64)).max(axis=1).sum()
    events = sum(each.score for each in doing if each.action in EVENTS)
    return len(people) + float(closeness) + _EVENT_WEIGHT * events


@dataclass(frozen=True)
class Tile:
    """A frame of the sheet: how telling, when, and its picture."""

    score: float
    index: int
    picture: Image


class ContactSheet:
    """Keeps the most telling frames, apart from each other in time, for one picture.

    view: the part of the video that counts · num_frames: how many will come, 0 if that is not known
    · stride: of the frames.
    """

    def __init__(
        self, video: VideoInfo, view: View, num_frames: int, config: RenderConfig, stride: int = 1
    ) -> None:
        self._video, self._view, self._config = video, view, config
        self._most = config.sheet_columns * config.sheet_rows
        self._apart = max(1, num_frames // (4 * self._most)) * stride
        if not num_frames:
            self._apart = max(stride, round(video.fps))
        self._actions = ActionMemory(video.fps)
        self._tiles: list[Tile] = []

    def add(self, item: FramePeople) -> None:
        """Offer the next frame, with its image."""
        assert item.image is not None
        self._actions.add(item.index, item.people)
        doing = self._actions.sure(item.people, self._config.min_action_score)
        score = interest(item.people, doing)
        last = self._tiles[-1] if self._tiles else None
        if last is not None and item.index - last.index < self._apart:
            if score <= last.score * _BETTER:
                return
            self._tiles.pop()
        candidates = [(tile.score, tile.index) for tile in self._tiles] + [(score, item.index)]
        worst = None
        if len(candidates) > self._most:
            worst = least_telling(candidates)
            if worst == len(self._tiles):
                return
        self._tiles.append(Tile(score, item.index, self._picture(item, doing)))
        if worst is not None:
            del self._tiles[worst]

    def _picture(self, item: FramePeople, doing: Sequence[Doing]) -> Image:
        """The part of the frame where people are, with their numbers, under a caption."""
        image, config, whole = item.image, self._config, self._view
        assert image is not None
        width = config.sheet_width
        height = max(2, round(whole.source_height * width / whole.source_width))
        view = _around(item.people, whole, width, height)
        layers = tuple(layer for layer in config.show if layer in ("boxes", "poses", "ids"))
        drawn = replace(config, show=layers, legend=False)
        painter = Painter(drawn, self._video.fps, view, _CAPITAL)
        picture = painter.paint(view.picture(image), item.people, item.index)
        capital = max(8, round(width * _CAPTION))
        captions = _captions(item.index / self._video.fps, len(item.people), doing)
        caption = next((c for c in captions if label_size(c, capital)[0] < width - 4), captions[-1])
        bar = np.full((label_size("0", capital)[1] + 4, width, 3), _BAR, np.uint8)
        draw_text(bar, caption, capital, (4, 2), _BAR, 1.0)
        return np.vstack([bar, picture])

    def indices(self) -> list[int]:
        """The frames that are on the sheet."""
        return [tile.index for tile in self._tiles]

    def save(self, path: Path) -> None:
        """Write the sheet as PNG. Raises ConfigError if that fails."""
        if self._tiles:
            columns = min(self._config.sheet_columns, len(self._tiles))
            save_png(path, _grid([tile.picture for tile in self._tiles], columns))


def least_telling(tiles: Sequence[tuple[float, int]]) -> int:
    """Which of several (score, frame) to leave out: of little interest, or close to another one.

    Score over the best one's, plus half the time between its neighbours over the mean gap (at most
    2); the first and the last frame have the time to their one neighbour, and a quarter more.
    """
    scores = np.array([score for score, _ in tiles])
    frames = np.array([frame for _, frame in tiles], np.float64)
    gaps = np.diff(frames)
    room = np.concatenate([[1.25 * gaps[0]], (gaps[:-1] + gaps[1:]) / 2, [1.25 * gaps[-1]]])
    telling = scores / max(scores.max(), 1e-9) + np.minimum(room / gaps.mean(), 2.0)
    return int(telling.argmin())


def _around(people: People, whole: View, width: int, height: int) -> View:
    """The view, width x height, of the part of ``whole`` where people are."""
    if not len(people):
        side = float(whole.source_width)
        centre = (whole.x + side / 2, whole.y + whole.source_height / 2)
    else:
        x1, y1 = people.boxes[:, :2].min(axis=0).tolist()
        x2, y2 = people.boxes[:, 2:].max(axis=0).tolist()
        margin = 2 * _MARGIN * whole.source_width
        side = max(x2 - x1 + margin, (y2 - y1 + margin) * width / height)
        side = max(side, _LEAST_PART * whole.source_width)
        side = min(side, float(whole.source_width))
        centre = ((x1 + x2) / 2, (y1 + y2) / 2)
    source_width, source_height = round(side), round(side * height / width)
    x = round(centre[0] - source_width / 2)
    y = round(centre[1] - source_height / 2)
    x = min(max(x, whole.x), whole.x + whole.source_width - source_width)
    y = min(max(y, whole.y), whole.y + whole.source_height - source_height)
    return View(x, y, source_width, source_height, width / source_width, width, height)


def _captions(seconds: float, count: int, doing: Sequence[Doing]) -> list[str]:
    """When, how many people, the events and the commonest actions; then with ever fewer words."""
    minutes, rest = divmod(seconds, 60)
    found = Counter(each.action for each in doing)
    events = [action for action in EVENTS if action in found]
    others = [action for action, _ in found.most_common() if action not in EVENTS]
    names = [ACTIONS[action] for action in events + others[:_CAPTIONED]]
    people = "1 person" if count == 1 else f"{count} people"
    start = f"{int(minutes)}:{rest:04.1f}  {people}"
    return [f"{start}  {', '.join(names[:n])}".rstrip() for n in range(len(names), -1, -1)]


def _grid(tiles: list[Image], columns: int) -> Image:
    blank = np.zeros_like(tiles[0])
    filled = tiles + [blank] * (-len(tiles) % columns)
    rows = [np.hstack(filled[i : i + columns]) for i in range(0, len(filled), columns)]
    return np.vstack(rows)


def save_png(path: Path, image: Image) -> None:
    """Write one PNG, whole or not at all. Raises ConfigError if the place cannot be written."""
    ok, data = cv2.imencode(".png", image)
    if not ok:
        raise ConfigError(f"{path}: the picture cannot be encoded")
    with atomic_write(path, "wb") as file:
        file.write(data.tobytes())
