"""Summaries scored as the field does: key shots against users, and ranks of the scores.

Scores of samples become scores of frames, their means scores of shots, and the 0/1 knapsack takes
shots within a share of the video. F is that of the chosen frames with each user's; Kendall's tau
and Spearman's rho are of the raw scores, before any shots. F with shots of uneven length rewards
the lengths more than the scores (M. Otani et al., CVPR 2019), so random, uniform and constant
scores are always scored too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hie_cli.core.progress import progress
from hie_cli.core.types import BoolArray, FloatArray
from hie_cli.evaluation.metrics.summary_overlap import overlap_f, rank_correlation
from hie_cli.summary.dataset import Split, SummaryVideo
from hie_cli.summary.selection import choose_shots, frame_scores

SEEDS = 100  # random summaries, seeds 0..99
Scorer = Callable[[SummaryVideo], FloatArray]  # scores (n,) of a video's samples


@dataclass(frozen=True)
class Figures:
    """Of one summary or the mean of several: F against the users' best and mean, tau and rho.

    NaN where there are no users to compare with.
    """

    f_max: float
    f_mean: float
    tau: float
    rho: float


@dataclass(frozen=True)
class Row:
    """A method's figures in each split, and their mean over splits."""

    method: str
    splits: tuple[Figures, ...]
    mean: Figures

    def record(self) -> dict[str, object]:
        """For JSON: rounded, None for NaN."""
        return {
            "method": self.method,
            **_rounded(self.mean),
            "splits": [_rounded(figures) for figures in self.splits],
        }


def _rounded(figures: Figures) -> dict[str, float | None]:
    values = vars(figures)
    return {name: None if np.isnan(v) else round(v, 4) for name, v in values.items()}


def mean_figures(parts: Sequence[Figures]) -> Figures:
    """Means of each figure over those that know it."""
    table = np.array([[p.f_max, p.f_mean, p.tau, p.rho] for p in parts], float).reshape(-1, 4)
    known = ~np.isnan(table)
    sums = np.where(known, table, 0).sum(axis=0)
    means = np.where(known.any(axis=0), sums / np.maximum(known.sum(axis=0), 1), np.nan)
    return Figures(*(float(value) for value in means))


def score_video(
    video: SummaryVideo, scores: FloatArray, users: FloatArray | None, share: float
) -> Figures:
    """Figures of scores (n,) of a video's samples.

    users: frame scores (U, T) that people gave, for the ranks; without them the mean of the users'
    choices stands for them.
    """
    spread = frame_scores(scores, video.picks, video.num_frames)
    chosen = choose_shots(spread, video.shots, share).frames
    return Figures(*_f(video, chosen), *_ranks(video, scores, users))


def _f(video: SummaryVideo, chosen: BoolArray) -> tuple[float, float]:
    if video.users is None:
        return float("nan"), float("nan")
    f = overlap_f(chosen, video.users)
    return float(f.max()), float(f.mean())


def _ranks(
    video: SummaryVideo, scores: FloatArray, users: FloatArray | None
) -> tuple[float, float]:
    if users is None and video.users is not None:
        users = video.users.mean(axis=0, keepdims=True)
    if users is None:
        return float("nan"), float("nan")
    inside = video.picks < users.shape[1]
    return rank_correlation(scores[inside], users[:, video.picks[inside]])


def uniform_choice(video: SummaryVideo, share: float) -> BoolArray:
    """Frames (T,) of shots spread evenly in time, each the nearest to its moment that fits."""
    frames = np.zeros(video.num_frames, bool)
    lengths = video.shots[:, 1] - video.shots[:, 0] + 1
    left = int(share * video.num_frames + 1e-9)
    wanted = max(1, round(left / lengths.mean()))
    middles = video.shots.mean(axis=1)
    taken = np.zeros(len(lengths), bool)
    for moment in (np.arange(wanted) + 0.5) * video.num_frames / wanted:
        free = np.flatnonzero(~taken & (lengths <= left))
        if not len(free):
            break
        shot = free[np.abs(middles[free] - moment).argmin()]
        taken[shot] = True
        left -= int(lengths[shot])
        frames[video.shots[shot, 0] : video.shots[shot, 1] + 1] = True
    return frames


def random_figures(video: SummaryVideo, users: FloatArray | None, share: float) -> Figures:
    """The mean over ``SEEDS`` seeds of uniformly random scores of frames."""
    found = []
    for seed in range(SEEDS):
        scores = np.random.default_rng(seed).random(video.num_frames)
        chosen = choose_shots(scores, video.shots, share).frames
        found.append(Figures(*_f(video, chosen), *_ranks(video, scores[video.picks], users)))
    return mean_figures(found)


def human_figures(video: SummaryVideo, users: FloatArray | None) -> Figures:
    """Each user against the others: F of choices, ranks of scores where they gave any."""
    chosen, given = video.users, users
    f_max = f_mean = tau = rho = float("nan")
    if chosen is not None and len(chosen) > 1:
        each = [overlap_f(chosen[k], np.delete(chosen, k, 0)) for k in range(len(chosen))]
        f_max, f_mean = (float(np.mean([how(f) for f in each])) for how in (np.max, np.mean))
    if given is not None and len(given) > 1:
        ranked = given[:, video.picks[video.picks < given.shape[1]]]
        pairs = [rank_correlation(ranked[k], np.delete(ranked, k, 0)) for k in range(len(ranked))]
        tau, rho = (float(value) for value in np.mean(pairs, axis=0))
    return Figures(f_max, f_mean, tau, rho)


def over_splits(
    method: str, splits: Sequence[Split], of_video: Callable[[int, str], Figures]
) -> Row:
    """A row: means over each split's test videos, then over splits.

    of_video: the figures of a video by split number and key; asked once per pair.
    """
    parts = [
        mean_figures([of_video(number, key) for key in split.test])
        for number, split in enumerate(splits)
    ]
    return Row(method, tuple(parts), mean_figures(parts))


def baseline_rows(
    videos: dict[str, SummaryVideo],
    splits: Sequence[Split],
    users: dict[str, FloatArray],
    share: float,
) -> list[Row]:
    """Random, uniform and constant scores, and the users among themselves."""
    tested = sorted({key for split in splits for key in split.test})
    found: dict[str, dict[str, Figures]] = {}
    for key in progress(tested, "baselines", len(tested), "video"):
        video, given = videos[key], users.get(key)
        even = Figures(*_f(video, uniform_choice(video, share)), 0.0, 0.0)
        found[key] = {
            "random": random_figures(video, given, share),
            "uniform": even,
            "constant": score_video(video, np.ones(len(video.features)), given, share),
            "human": human_figures(video, given),
        }
    return [
        over_splits(name, splits, lambda _, key, name=name: found[key][name])  # type: ignore[misc] # bound now
        for name in ("random", "uniform", "constant", "human")
    ]
