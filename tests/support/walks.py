"""Documents of people who walk as told, for figures that are worked out by hand."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.writer import DocumentWriter

VIDEO = VideoInfo("walk", 640, 480, 10.0, 1000)
HEIGHT = 100.0  # of everybody, in pixels

# Feet of each identity by frame; None: not seen.
Ways = Mapping[int, Sequence[tuple[float, float] | None]]


def frames(ways: Ways, actions: np.ndarray | None = None) -> list[FramePeople]:
    """The frames of ``ways``: boxes of 40 x 100 px above the feet; ``actions`` (14,) of all."""
    length = max((len(way) for way in ways.values()), default=0)
    found = []
    for t in range(length):
        here = {key: way[t] for key, way in ways.items() if t < len(way) and way[t] is not None}
        boxes = [[x - 20, y - HEIGHT, x + 20, y] for x, y in here.values()]
        scores = None if actions is None else np.tile(actions, (len(here), 1))
        found.append(
            FramePeople(
                t,
                People(
                    np.array(boxes).reshape(-1, 4),
                    np.ones(len(here)),
                    np.array(list(here), np.int64),
                    action_scores=scores,
                ),
            )
        )
    return found


def document(path: Path, items: Sequence[FramePeople], video: VideoInfo = VIDEO) -> Path:
    """The frames as a track document."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = DocumentWriter(path, Header("track", video), False)
    for item in items:
        writer.write(item)
    writer.publish()
    writer.close()
    return path


def line(start: tuple[float, float], end: tuple[float, float], steps: int) -> list:
    """The points of a straight way with ``steps`` steps."""
    return [tuple(point) for point in np.linspace(start, end, steps + 1).tolist()]
