"""Signs that truth and results do not belong together as they were read: said, not scored.

A tracker whose file counts frames from 1 gets a MOTA of 90 against truth that counts from 0, and
nothing in the figures says why.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.geometry import iou
from hie_cli.core.types import FramePeople, People

# Frames that are looked at, spread over the sequence; fewer than the least say nothing.
SAMPLED_FRAMES, LEAST_FRAMES = 60, 5
# A shift explains the results if nearly every frame overlaps better with it, by this much.
NEARLY_ALL, BETTER_BY = 0.9, 0.01
# Another reading of the boxes explains them if it overlaps well, and by this much better.
OVERLAPS_WELL, MUCH_BETTER_BY = 0.5, 0.3
# People from which equal scores are worth a word.
MANY_PEOPLE = 20
Boxes = NDArray[np.float64]


@dataclass(frozen=True)
class Suspicion:
    """What seems wrong with a sequence; ``certain`` ones are refused."""

    text: str
    certain: bool


def suspicions(truth: TruthSequence, people: Sequence[FramePeople]) -> list[Suspicion]:
    """Everything that seems wrong with one sequence's truth and results."""
    found = {item.index: item.people for item in people}
    checks = (_scored_truth, _shifted, _boxes_misread, _without_scores, _sparse)
    said = [check(truth, found) for check in checks]
    return [suspicion for suspicion in said if suspicion is not None]


def _scored_truth(truth: TruthSequence, found: Mapping[int, People]) -> Suspicion | None:
    """Truth with scores; certainly the wrong way round if the results have none."""
    if not truth.scored:
        return None
    flat = bool(np.isin(_scores(found), (0, 1)).all())
    held = "and the results have none" if flat else "as results have"
    text = f"the truth has scores, {held}; were truth and results exchanged?"
    return Suspicion(f"{truth.name}: {text}", certain=flat)


def _scores(found: Mapping[int, People]) -> NDArray[np.float64]:
    """The scores of all predictions."""
    return np.concatenate([np.zeros(0), *(people.scores for people in found.values())])


def _without_scores(truth: TruthSequence, found: Mapping[int, People]) -> Suspicion | None:
    every = _scores(found)
    if len(every) < MANY_PEOPLE or every.min() < every.max():
        return None
    text = f"every prediction has the score {every[0]:g}; average precision has nothing to rank by"
    return Suspicion(f"{truth.name}: {text}", certain=False)


def _sparse(truth: TruthSequence, found: Mapping[int, People]) -> Suspicion | None:
    """Whether the truth seems to be of some frames alone: between those with somebody lie at least
    as many without, in nearly all of which the results have people.
    """
    filled = [t for t, frame in enumerate(truth.frames) if len(frame)]
    if len(filled) < 2:
        return None
    empty = [
        t
        for t in range(filled[0], filled[-1])
        if truth.frames[t].annotated and not len(truth.frames[t])
    ]
    with_people = sum(t in found and len(found[t]) > 0 for t in empty)
    if len(empty) < len(filled) - 1 or not empty or with_people < NEARLY_ALL * len(empty):
        return None
    text = (
        f"{truth.name}: {len(empty)} frames between those of the truth hold nobody, and the "
        "results have people there, who count as false; if nobody labelled these frames, "
        "--empty-frames unlabelled leaves them out"
    )
    return Suspicion(text, certain=False)


def _shifted(truth: TruthSequence, found: Mapping[int, People]) -> Suspicion | None:
    """Whether the results fit better one frame earlier or later."""
    frames = _sampled(truth)
    if len(frames) < LEAST_FRAMES:
        return None
    here = np.array([_overlap(truth.frames[t], found.get(t)) for t in frames])
    for shift in (1, -1):
        there = np.array([_overlap(truth.frames[t], found.get(t + shift)) for t in frames])
        if (there > here).mean() >= NEARLY_ALL and there.mean() > here.mean() + BETTER_BY:
            text = (
                f"{truth.name}: the predictions fit the truth of the frame "
                f"{'before' if shift > 0 else 'after'} better (mean overlap {there.mean():.2f}, "
                f"in their own frame {here.mean():.2f}); do they count frames from "
                f"{'1' if shift > 0 else '0'}? Name the layout (mot or track1) "
                "with --set results_layout or truth_layout"
            )
            return Suspicion(text, certain=_ends_shifted(truth, found, shift))
    return None


def _ends_shifted(truth: TruthSequence, found: Mapping[int, People], shift: int) -> bool:
    """Whether the first frame with anybody in it is shifted too."""
    first_true = next((t for t, frame in enumerate(truth.frames) if len(frame)), None)
    first = min((t for t, people in found.items() if len(people)), default=None)
    return first_true is not None and first is not None and first - first_true == shift


def _boxes_misread(truth: TruthSequence, found: Mapping[int, People]) -> Suspicion | None:
    """Whether corners were given as width and height, or the other way round."""
    frames = _sampled(truth)
    if len(frames) < LEAST_FRAMES:
        return None
    here = np.mean([_overlap(truth.frames[t], found.get(t)) for t in frames])
    readings: tuple[tuple[str, Callable[[Boxes], Boxes]], ...] = (
        ("left, top, width, height; give corners", _as_sizes),
        ("corners where left, top, width, height are expected", _as_corners),
    )
    for what, reading in readings:
        there = np.mean([_overlap(truth.frames[t], found.get(t), reading) for t in frames])
        if there >= OVERLAPS_WELL and there >= here + MUCH_BETTER_BY:
            text = (
                f"{truth.name}: the predicted boxes seem to be {what} (mean overlap {there:.2f}, "
                f"as read {here:.2f})"
            )
            return Suspicion(text, certain=True)
    return None


def _as_sizes(boxes: Boxes) -> Boxes:
    """Corners that were read, taken as left, top, width, height: their corners."""
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def _as_corners(boxes: Boxes) -> Boxes:
    """Corners made of a width and height that were corners themselves: those."""
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)


def _sampled(truth: TruthSequence) -> list[int]:
    """Annotated frames with people, spread over the sequence; its ends only if it is short."""
    filled = [t for t, frame in enumerate(truth.frames) if frame.annotated and len(frame)]
    places = np.linspace(0, len(filled) - 1, min(SAMPLED_FRAMES, len(filled)))
    return [filled[int(place)] for place in np.unique(places.astype(int))]


def _overlap(
    frame: Annotations, people: People | None, reading: Callable[[Boxes], Boxes] | None = None
) -> float:
    """The mean over true boxes of the best IoU with a prediction; 0 without any."""
    if people is None or not len(people):
        return 0.0
    boxes = np.asarray(people.boxes, np.float64)
    return float(iou(frame.boxes, boxes if reading is None else reading(boxes)).max(axis=1).mean())
