"""Where people are, and from which border of the picture to which they go."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FloatArray
from hie_cli.reporting.people_table import PeopleTable

COLUMNS = 64  # of the heat map; its cells are square
BORDERS = ("left", "right", "top", "bottom")
WITHIN = "within"
_MARGIN = 0.05  # of the picture: a box that comes so close to a border crosses it there
_LEAST_SECONDS = 0.5  # of a life that counts as a way


@dataclass(frozen=True)
class Flow:
    """How many people came in over one border (or ``within``) and left over another."""

    start: str
    end: str
    count: int


def heat_map(table: PeopleTable) -> NDArray[np.float32]:
    """(rows, COLUMNS): person-seconds that feet spent in each square cell, blurred by one cell."""
    import cv2

    rows = max(1, round(COLUMNS * table.height / table.width))
    feet = np.clip(table.feet, 0, [table.width - 1e-3, table.height - 1e-3])
    x = (feet[:, 0] / table.width * COLUMNS).astype(int)
    y = (feet[:, 1] / table.height * rows).astype(int)
    grid = np.zeros((rows, COLUMNS), np.float32)
    np.add.at(grid, (y, x), 1 / table.rate)
    return np.asarray(cv2.GaussianBlur(grid, (0, 0), 1.0), np.float32)


def border(box: FloatArray, width: int, height: int) -> str:
    """The border that ``box`` (4,) touches, the nearest of several; ``within`` if it touches none.

    People who come towards the camera leave at the bottom, whatever else their box touches.
    """
    x1, _, x2, y2 = box.tolist()
    gaps = {
        "left": x1 / width,
        "right": (width - x2) / width,
        "top": y2 / height,  # the feet: tall people near the camera reach the upper border too
        "bottom": (height - y2) / height,
    }
    nearest = min(gaps, key=lambda name: gaps[name])
    return nearest if gaps[nearest] < _MARGIN else WITHIN


def flows(table: PeopleTable) -> list[Flow]:
    """Ways of all identities that lived for half a second or longer, the commonest first."""
    least = max(2, round(_LEAST_SECONDS * table.rate))
    counts = Counter(
        (
            border(table.boxes[rows[0]], table.width, table.height),
            border(table.boxes[rows[-1]], table.width, table.height),
        )
        for rows in table.rows_of.values()
        if len(rows) >= least
    )
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Flow(start, end, count) for (start, end), count in ordered]
