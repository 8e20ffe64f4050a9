"""From scores of sampled frames to a choice of shots within a share of the video."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import BoolArray, FloatArray
from hie_cli.summary.knapsack import knapsack

# What a chosen shot is worth: the mean score of its frames (as the field's protocol has it, which
# favours short shots), or their sum, so that the best seconds come first.
Value = Literal["mean", "total"]


@dataclass(frozen=True, eq=False)
class Choice:
    """scores (S,): mean of each shot · chosen: indices of shots, ascending · frames (T,): whether
    each frame of the video is in the summary.
    """

    scores: FloatArray
    chosen: NDArray[np.int64]
    frames: BoolArray


def frame_scores(scores: FloatArray, picks: NDArray[np.int64], num_frames: int) -> FloatArray:
    """(T,): each frame has the score of the last pick at or before it.

    Frames before the first pick, or of picks that have no score, have 0.
    """
    spread = np.zeros(num_frames)
    bounds = np.append(picks, num_frames)
    for score, first, last in zip(scores, bounds[:-1], bounds[1:], strict=False):
        spread[int(first) : int(last)] = score
    return spread


def shot_scores(scores: FloatArray, shots: NDArray[np.int64]) -> FloatArray:
    """(S,): the mean of frame scores (T,) over shots (S, 2), first and last frame inclusive."""
    return np.array([scores[first : last + 1].mean() for first, last in shots])


def choose_shots(
    scores: FloatArray, shots: NDArray[np.int64], share: float = 0.15, value: Value = "mean"
) -> Choice:
    """The shots (S, 2) worth most within floor(share T) frames, by frame scores (T,)."""
    means = shot_scores(scores, shots)
    lengths = shots[:, 1] - shots[:, 0] + 1
    worth = means if value == "mean" else means * lengths
    chosen = knapsack(worth, lengths, int(share * len(scores) + 1e-9))
    frames = np.zeros(len(scores), bool)
    for shot in chosen:
        frames[shots[shot, 0] : shots[shot, 1] + 1] = True
    return Choice(means, chosen, frames)


def divided(shots: NDArray[np.int64], longest: int) -> NDArray[np.int64]:
    """Shots (S, 2), those of over ``longest`` frames divided evenly."""
    parts = []
    for first, last in shots.tolist():
        length = last - first + 1
        borders = np.linspace(first, last + 1, -(-length // longest) + 1).round().astype(np.int64)
        parts.append(np.column_stack([borders[:-1], borders[1:] - 1]))
    return np.concatenate(parts) if parts else shots


def shots_of_points(
    points: NDArray[np.int64], picks: NDArray[np.int64], num_frames: int
) -> NDArray[np.int64]:
    """Shots (S, 2) in frames, inclusive, of change points between samples at ``picks``."""
    starts = np.concatenate([[0], picks[points]]).astype(np.int64)
    ends = np.append(starts[1:], num_frames) - 1
    return np.column_stack([starts, ends])
