"""Scores results against truth: sequence by sequence, pooled, and averaged over sequences."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hie_cli.core.errors import InputError, OnError
from hie_cli.core.progress import progress
from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import FramePeople, TruthSequence
from hie_cli.evaluation.length import labelled, reaching
from hie_cli.evaluation.matching import true_joints
from hie_cli.evaluation.metrics.ranking import mean_present
from hie_cli.evaluation.settings import EvalConfig
from hie_cli.evaluation.suspicions import suspicions
from hie_cli.evaluation.timeline import Timeline, timeline
from hie_cli.evaluation.tracks import Figures, Loaded, Metric, known
from hie_cli.evaluation.tracks.track1_boxes import BoxTrackMetric
from hie_cli.evaluation.worst_frames import WorstFrame, worst_frames


@dataclass(frozen=True)
class TrackResult:
    """One track of one evaluation: what each sequence contributed, and the figures."""

    metric: Metric[Any]
    parts: dict[str, Any]
    sequences: dict[str, Figures]
    pooled: Figures
    mean: dict[str, float]


@dataclass(frozen=True)
class Evaluation:
    """The figures of every scored track, notes for the reader, and id timelines and the worst
    frames of every sequence if asked for.

    ``failures``: sequences that could not be read or scored, and are in no figure.
    """

    tracks: dict[str, TrackResult]
    notes: tuple[str, ...]
    timelines: dict[str, Timeline]
    config: EvalConfig
    worst: dict[str, tuple[WorstFrame, ...]] = field(default_factory=dict)
    failures: tuple["Unscored", ...] = ()


@dataclass(frozen=True)
class Wish:
    """What is wanted of each sequence: tracks (none: all), timelines, so many worst frames."""

    chosen: tuple[str, ...] = ()
    timelines: bool = False
    worst: int = 0

    def metrics(self, config: EvalConfig) -> list[Metric[Any]]:
        """The metrics of the tracks."""
        every = [metric for metric in known() if not self.chosen or metric.key in self.chosen]
        return [metric(config) for metric in every]


@dataclass(frozen=True)
class SequenceScores:
    """What one sequence contributes.

    ``parts``: to each track that it holds · ``lacking``: tracks of its truth that its results lack.
    """

    name: str
    notes: tuple[str, ...]
    parts: dict[str, Any]
    lacking: tuple[str, ...]
    timeline: Timeline | None = None
    worst: tuple[WorstFrame, ...] | None = None


@dataclass(frozen=True)
class Unscored:
    """A sequence that could not be read or scored, and why."""

    name: str
    error: Exception


def score_sequence(
    name: str,
    truth: Mapping[str, TruthSequence],
    results: Mapping[str, tuple[FramePeople, ...]],
    config: EvalConfig,
    wish: Wish,
    boxes: Mapping[str, TruthSequence] | None = None,
) -> SequenceScores:
    """Read and score one sequence; as ``evaluate``, which see for the errors."""
    metrics = wish.metrics(config)
    whole, boxed, note = loaded(name, truth, results, config, boxes)
    notes = [note] if note else []
    notes += _suspicions(boxed, config)
    notes += _unposed(whole, metrics, config)
    parts, lacking, drawn = {}, [], None
    for metric in metrics:
        sequence = boxed if metric.scores_boxes else whole
        if not _truth_holds(metric, sequence):
            continue
        if not _results_hold(metric, sequence):
            lacking.append(metric.key)
            continue
        parts[metric.key] = metric.collect(sequence)
        if wish.timelines and metric.key == BoxTrackMetric.key:
            drawn = timeline(sequence.frames, config.box.iou)
    bad = worst_frames(boxed.frames, config.box.iou, wish.worst) if wish.worst else None
    return SequenceScores(name, tuple(notes), parts, tuple(lacking), drawn, bad)


def evaluate(
    truth: Mapping[str, TruthSequence],
    results: Mapping[str, tuple[FramePeople, ...]],
    config: EvalConfig,
    chosen: Sequence[str] = (),
    allow_missing: bool = False,
    timelines: bool = False,
    boxes: Mapping[str, TruthSequence] | None = None,
    worst: int = 0,
    scored: Callable[[Sequence[str]], Iterable[SequenceScores | Unscored]] | None = None,
    errors: OnError = "raise",
) -> Evaluation:
    """Score ``results`` on the ``chosen`` tracks, or on all that truth and results both hold.

    Sequences are matched by name and read one at a time. ``boxes``: truth of another source for
    detection and Track 1 · ``worst``: how many of the worst frames to keep a sequence · ``scored``:
    gives what ``score_sequence`` says of sequences, in their order; None: each is scored here ·
    ``errors``: "collect" keeps those of several sequences that cannot be scored in ``failures``.
    Raises InputError listing sequences that only one side has (unless ``allow_missing``), or naming
    what a chosen track lacks.
    """
    wish = Wish(tuple(chosen), timelines, worst)
    names, notes = paired(truth, results, allow_missing)
    metrics = wish.metrics(config)
    parts: dict[str, dict[str, Any]] = {metric.key: {} for metric in metrics}
    lacking: dict[str, list[str]] = {metric.key: [] for metric in metrics}
    drawn: dict[str, Timeline] = {}
    bad: dict[str, tuple[WorstFrame, ...]] = {}
    failures: list[Unscored] = []
    here = (_attempted(name, truth, results, config, wish, boxes) for name in names)
    found = here if scored is None else scored(names)
    for scores in progress(found, "evaluating", len(names), unit="sequence"):
        if isinstance(scores, Unscored):
            if errors == "raise" or len(names) == 1:  # nothing to go on with
                raise scores.error
            failures.append(scores)
            continue
        notes += scores.notes
        if scores.worst is not None:
            bad[scores.name] = scores.worst
        if scores.timeline is not None:
            drawn[scores.name] = scores.timeline
        for key in scores.lacking:
            lacking[key].append(scores.name)
        for key, part in scores.parts.items():
            parts[key][scores.name] = part
    for metric in metrics:
        _refuse_gaps(metric, parts[metric.key], lacking[metric.key], bool(chosen))
    tracks = {m.key: track_result(m, parts[m.key]) for m in metrics if parts[m.key]}
    if not tracks and not failures:
        raise InputError(
            "nothing to score: truth and results have no track in common "
            "(ids, poses and actions are all missing on one side)"
        )
    return Evaluation(tracks, tuple(notes), drawn, config, bad, tuple(failures))


def _attempted(
    name: str,
    truth: Mapping[str, TruthSequence],
    results: Mapping[str, tuple[FramePeople, ...]],
    config: EvalConfig,
    wish: Wish,
    boxes: Mapping[str, TruthSequence] | None,
) -> SequenceScores | Unscored:
    """``score_sequence``, or what is wrong with the sequence."""
    try:
        return score_sequence(name, truth, results, config, wish, boxes)
    except (InputError, OSError) as error:
        return Unscored(name, error)


def loaded(
    name: str,
    truth: Mapping[str, TruthSequence],
    results: Mapping[str, tuple[FramePeople, ...]],
    config: EvalConfig,
    boxes: Mapping[str, TruthSequence] | None = None,
) -> tuple[Loaded, Loaded, str]:
    """One sequence as all tracks score it, as box tracks do, and a note (or nothing)."""
    people = tuple(results[name])
    whole_truth, note = _scored(truth[name], name, people, config)
    whole = Loaded(whole_truth, people)
    if boxes is None or name not in boxes:
        return whole, whole, note
    box_truth, note = _scored(boxes[name], name, people, config)
    return whole, Loaded(box_truth, people), note


def _scored(
    truth: TruthSequence, name: str, people: Sequence[FramePeople], config: EvalConfig
) -> tuple[TruthSequence, str]:
    """The sequence's ``truth`` of as many frames as are scored, and a note (or nothing)."""
    reached, note = reaching(truth, people, config.lengths.get(name))
    return labelled(reached) if config.empty_frames == "unlabelled" else (reached, note)


def paired(
    truth: Mapping[str, Any], results: Mapping[str, Any], allow_missing: bool
) -> tuple[list[str], list[str]]:
    """The sequences of both sides in natural order, and a note on those of one side alone."""
    missing, extra = _natural(set(truth) - set(results)), _natural(set(results) - set(truth))
    common = _natural(set(truth) & set(results))
    lists = [
        f"{what}: {', '.join(names)}"
        for what, names in (("missing from the results", missing), ("not in the truth", extra))
        if names
    ]
    if lists and not (allow_missing and common):
        fix = "" if allow_missing else "; give all, or --allow-missing to score the others"
        raise InputError(f"sequences {'; '.join(lists)}{fix}")
    return common, [f"not scored, {text}" for text in lists]


def _suspicions(sequence: Loaded, config: EvalConfig) -> list[str]:
    """What seems wrong with a sequence; InputError where that is certain enough not to score it."""
    found = suspicions(sequence.truth, sequence.people)
    for suspicion in found:
        if suspicion.certain and config.suspicious == "refuse":
            raise InputError(f"{suspicion.text}; --set suspicious=note scores it all the same")
    return [suspicion.text for suspicion in found]


def _unposed(sequence: Loaded, metrics: Sequence[Metric[Any]], config: EvalConfig) -> list[str]:
    """A note where some true people have no annotated joint and poses on them do not count."""
    if config.effective_unposed == "wrong" or not any(m.scores_poses for m in metrics):
        return []
    rows = [
        true_joints(frame, "annotated")[~frame.ignore]
        for frame in sequence.truth.frames
        if frame.annotated and frame.keypoints is not None
    ]
    posed = np.any(np.concatenate([np.zeros((0, NUM_JOINTS), np.bool_), *rows]), axis=1)
    if posed.all() or not posed.any():
        return []
    return [
        f"{sequence.truth.name}: {int((~posed).sum())} of {len(posed)} true people have no "
        "annotated joint; poses on them count neither way (--set unposed=wrong: as false)"
    ]


def _natural(names: set[str]) -> list[str]:
    """Sorted with 2 before 10."""
    return sorted(
        names, key=lambda name: (not name.isdigit(), int(name) if name.isdigit() else 0, name)
    )


def _truth_holds(metric: Metric[Any], sequence: Loaded) -> bool:
    return any(metric.in_truth(frame) for frame in sequence.truth.frames if frame.annotated)


def _results_hold(metric: Metric[Any], sequence: Loaded) -> bool:
    """Whether anybody has what the track scores; results without anybody lack nothing."""
    filled = [item.people for item in sequence.people if len(item.people)]
    return not filled or any(metric.in_results(people) for people in filled)


def _refuse_gaps(
    metric: Metric[Any], parts: dict[str, Any], lacking: Sequence[str], chosen: bool
) -> None:
    """InputError where the track was chosen, or scored elsewhere, but some results lack it."""
    if lacking and (chosen or parts):
        raise InputError(
            f"{metric.title}: the results of {', '.join(lacking)} hold no {metric.needs}; "
            "run the stage that adds them, or choose other tracks with --track"
        )
    if chosen and not parts:
        raise InputError(f"{metric.title}: the truth holds no {metric.needs}")


def track_result(metric: Metric[Any], parts: dict[str, Any]) -> TrackResult:
    """Figures of each sequence, pooled, and their mean over the sequences that have them."""
    each = {name: metric.figures([part]) for name, part in parts.items()}
    pooled = metric.figures(list(parts.values()))
    mean = {
        name: float(mean_present(np.array([f.scalars[name] for f in each.values()])))
        for name in pooled.scalars
    }
    return TrackResult(metric, parts, each, pooled, mean)


def rows(result: TrackResult) -> Iterator[tuple[str, dict[str, float], dict[str, int]]]:
    """Name, scalars and counts of every sequence, of their mean (no counts), and of all pooled."""
    for name, figures in result.sequences.items():
        yield name, figures.scalars, figures.counts
    yield "mean", result.mean, {}
    yield "pooled", result.pooled.scalars, result.pooled.counts
