"""How well a fit of the kinematic decision does on CAVIAR: figures, intervals, reliability.

Used by fit_kinematic.py.
"""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import caviar
import caviar_clips

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.types import FloatArray, IntArray
from hie_cli.recognition.kinematic.decision import Decision
from hie_cli.recognition.kinematic.measures import Measures
from hie_cli.training.action.kinematic_data import Measured
from hie_cli.training.action.kinematic_fit import of_classes


def clip_of(video: str) -> str:
    """CAVIAR's clip that a run is part of: Walk3_0212-0772.mp4 -> Walk3."""
    return video.rsplit("_", 1)[0]


def judged(decision: Decision, found: Measured, belief: FloatArray | None = None) -> FloatArray:
    """Scores (R, 14) of people who are surely there, or in whom there is a ``belief`` (R,)."""
    told = Measures(found.names, found.values)
    return decision.scores(told, np.ones(len(told)) if belief is None else belief)


def best_groups(scores: FloatArray) -> tuple[FloatArray, NDArray[np.str_]]:
    """The largest share of a group of actions (R,) in each of ``scores`` (R, 14), and its name."""
    of_action = np.array([caviar.group_of(action) for action in ACTIONS])
    groups = np.unique(of_action)
    shares = np.stack([scores[:, of_action == group].sum(1) for group in groups], 1)
    return shares.max(1), groups[shares.argmax(1)]


def held(
    rows: list[caviar_clips.Row], found: Measured, scores: FloatArray
) -> tuple[FloatArray, ...]:
    """``caviar.sureness`` of boxes (R,) as documents hold their ``scores`` (R, 14): a box that
    shows nobody (label -1) is wrong whatever is said of it.
    """
    known = found.labels >= 0
    sure, right = caviar.sureness([rows[i] for i in found.labels[known]], scores[known])
    of_nobody, _ = best_groups(scores[~known])
    return np.append(sure, of_nobody), np.append(right, np.zeros(len(of_nobody), bool))


def macro(scores: FloatArray, labels: FloatArray) -> float:
    """Mean over the classes of the share of people whose top action is right."""
    right = scores.argmax(1) == labels
    return float(np.mean([right[labels == k].mean() for k in np.unique(labels)]))


def crowd_error(scores: FloatArray, labels: IntArray) -> float:
    """Expected calibration error of the best group's share over ten bins, people weighing as much
    as their actions are common.
    """
    weights = of_classes(scores, labels).weights
    sure, best = best_groups(scores)
    right = best == np.array([caviar.group_of(ACTIONS[k]) for k in labels])
    off = weights * (sure - right) / weights.sum()
    number = np.minimum((sure * 10).astype(int), 9)
    return float(sum(abs(off[number == k].sum()) for k in np.unique(number)))


def interval(found: list[caviar.Unit]) -> tuple[float, float]:
    """95 % of the macro accuracy over clips drawn with repetition."""
    rng = np.random.default_rng(0)
    clips = sorted({clip_of(u.video) for u in found})
    of_clip = {name: [u for u in found if clip_of(u.video) == name] for name in clips}
    draws = []
    for _ in range(2000):
        units = [u for name in rng.choice(clips, len(clips)) for u in of_clip[name]]
        draws.append(caviar.accuracy(units)["macro"]["mean"])
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)


def bins(sure: FloatArray, right: FloatArray) -> list[tuple[int, float, float]]:
    """Ten bins of the shares ``sure`` (R,): rows, their mean share, and how many are ``right``."""
    number = np.minimum((sure * 10).astype(int), 9)
    return [
        (
            int((number == k).sum()),
            float(sure[number == k].mean()),
            float(right[number == k].mean()),
        )
        for k in np.unique(number)
    ]


def calibration_error(sure: FloatArray, right: FloatArray) -> float:
    """Expected calibration error over ten bins."""
    return sum(count * abs(a - b) for count, a, b in bins(sure, right)) / len(sure)


def plot(path: Path, tables: dict[str, list[tuple[int, float, float]]]) -> None:
    """The reliability of each kind, as a PNG file; the more rows a bin has, the larger its dot."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(4.5, 4.5), dpi=110)
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    for name, table in tables.items():
        sure, right = [row[1] for row in table], [row[2] for row in table]
        [line] = axes.plot(sure, right, linewidth=0.8, label=name)
        axes.scatter(
            sure, right, [2.0 * row[0] for row in table], alpha=0.6, color=line.get_color()
        )
    axes.set(xlabel="the best group's share", ylabel="right", xlim=(0, 1), ylim=(0, 1))
    axes.legend(loc="upper left", fontsize="small")
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


def show_reliability(sure: FloatArray, right: FloatArray) -> None:
    """Print the calibration error and the bins it comes from."""
    print(f"expected calibration error by row: {calibration_error(sure, right):.3f}")
    print("rows, share of the best group on average, right:")
    for count, mean, share in bins(sure, right):
        print(f"  {count:5d}  {mean:.2f}  {share:.2f}")


def report(rows: list[caviar_clips.Row], scores: FloatArray) -> None:
    """Print tables, interval, calibration and the worst clips."""
    result = caviar.report(rows, scores)
    caviar.show(result)
    found = caviar.units(rows, scores)
    low, high = interval(found)
    print(f"\nmacro by track, 95 % over clips drawn with repetition: {low:.3f} to {high:.3f}")
    show_reliability(*caviar.sureness(rows, scores))
    every = Counter(clip_of(u.video) for u in found if u.group in caviar.GROUPS)
    wrong = Counter(
        clip_of(u.video)
        for u in found
        if u.group in caviar.GROUPS and caviar.group_of(u.by_mean) != u.group
    )
    print("tracks right of all, by clip:")
    for name in sorted(every):
        print(f"  {name}: {every[name] - wrong[name]} of {every[name]}")
