"""How fast people go, and how close they are to one another, in their own body heights."""

import numpy as np

from hie_cli.core.types import FloatArray, IntArray
from hie_cli.reporting.story import Story

_WINDOW = 1.0  # seconds over which a speed is taken
_LEAST = 0.4  # of it must be there
FASTEST = 3.0  # body heights a second: the last bin of the histogram holds all above
BIN = 0.2


def speeds(story: Story) -> FloatArray:
    """(B,) body heights a second of every box, NaN without identities or at both ends of a life.

    The way of the feet over a window of one second around the box, over the median height in it.
    The camera is taken to stand still.
    """
    found = np.full(len(story.boxes), np.nan, np.float32)
    half = max(1, round(_WINDOW * story.rate / 2))
    for rows in story.lives.values():
        times = story.position[rows]
        first = np.searchsorted(times, times - half, "left")
        last = np.searchsorted(times, times + half, "right") - 1
        span = (times[last] - times[first]) / story.rate
        enough = span >= _LEAST
        way = np.linalg.norm(story.feet[rows[last]] - story.feet[rows[first]], axis=-1)
        heights = story.heights[rows]
        typical = np.array(
            [np.median(heights[a : b + 1]) for a, b in zip(first, last, strict=True)]
        )
        found[rows[enough]] = (way / np.maximum(span, 1e-9) / typical)[enough]
    return found


def histogram(speed: FloatArray) -> IntArray:
    """How many of ``speed`` fall into each bin of ``BIN`` from 0; the last takes all the faster."""
    known = np.clip(speed[np.isfinite(speed)], 0, FASTEST - BIN / 2)
    counts, _ = np.histogram(known, bins=round(FASTEST / BIN), range=(0, FASTEST))
    return counts


def crowding(story: Story, rows: IntArray) -> FloatArray:
    """(len(rows),) how many others stand within one body height of a person, on average.

    Distances are between feet, measured in the mean height of the two; 0 where nobody is.
    """
    found = np.zeros(len(rows), np.float32)
    starts = np.searchsorted(story.position, rows, "left")
    ends = np.searchsorted(story.position, rows, "right")
    for i, (a, b) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        if b - a < 2:
            continue
        feet, heights = story.feet[a:b], story.heights[a:b]
        apart = np.linalg.norm(feet[:, None] - feet[None], axis=-1)
        near = apart < (heights[:, None] + heights[None]) / 2
        found[i] = (near.sum() - (b - a)) / (b - a)
    return found
