"""Small tables and result folders for the tests of reports."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hie_cli.core.action_classes import ACTIONS, NUM_ACTIONS
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.writer import DocumentWriter
from hie_cli.reporting.people_table import PeopleTable

FPS = 10.0
SIZE = (320, 240)


def scores_of(action: str, score: float = 0.9) -> np.ndarray:
    """(14,) with ``score`` for one action, the rest for the first other one."""
    scores = np.zeros(NUM_ACTIONS)
    scores[ACTIONS.index(action)] = score
    scores[ACTIONS.index("queuing" if action == "riding" else "riding")] = 1 - score
    return scores


def table(
    people: Sequence[tuple[int, int, Sequence[float], str]],
    frames: int = 40,
    fps: float = FPS,
    actions: bool = True,
) -> PeopleTable:
    """A table of boxes (frame, id, xyxy, action), sorted by frame; "" is no action."""
    rows = sorted(people, key=lambda item: item[0])
    position = np.array([row[0] for row in rows], np.int64)
    nothing = np.full(NUM_ACTIONS, np.nan)
    scored = np.array([scores_of(row[3]) if row[3] else nothing for row in rows], np.float32)
    return PeopleTable(
        "clip",
        "action",
        *SIZE,
        fps,
        ("net",),
        np.arange(frames),
        np.bincount(position, minlength=frames),
        position,
        np.array([row[2] for row in rows], np.float32).reshape(-1, 4),
        np.ones(len(rows), np.float32),
        np.array([row[1] for row in rows], np.int64),
        scored.reshape(-1, NUM_ACTIONS) if actions else None,
    )


def box(x: float, y: float, height: float = 40.0) -> list[float]:
    """A box whose feet are at (x, y), half as wide as high."""
    return [x - height / 4, y - height, x + height / 4, y]


def write_results(folder: Path, name: str = "clip", frames: int = 40) -> Path:
    """An action document of two people: 1 walks, then falls; 2 stands from the middle on."""
    header = Header("action", VideoInfo(name, *SIZE, FPS, frames))
    path = folder / "action" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with DocumentWriter(path, header) as writer:
        for t in range(frames):
            late = t >= frames // 2
            boxes = [box(30 + 5 * t, 200), *([box(280, 120)] if late else [])]
            actions = [
                scores_of("fall-over" if late else "walking-alone"),
                *([scores_of("standing-alone")] if late else []),
            ]
            ids = list(range(1, 1 + len(boxes)))
            people = People(
                np.array(boxes), np.ones(len(boxes)), ids, action_scores=np.array(actions)
            )
            writer.write(FramePeople(t, people))
    return folder
