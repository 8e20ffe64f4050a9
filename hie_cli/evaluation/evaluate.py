"""Scores results against truth: every sequence, then all of them together."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.errors import InputError, OnError
from hie_cli.core.progress import progress
from hie_cli.core.types import FramePeople
from hie_cli.evaluation.sequence_scores import SequenceScores, Unscored, Wish, score_sequence
from hie_cli.evaluation.settings import EvalConfig
from hie_cli.evaluation.timeline import Timeline
from hie_cli.evaluation.track_results import Evaluation, track_result
from hie_cli.evaluation.tracks import Metric
from hie_cli.evaluation.worst_frames import WorstFrame


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


def _natural(names: set[str]) -> list[str]:
    """Sorted with 2 before 10."""
    return sorted(
        names, key=lambda name: (not name.isdigit(), int(name) if name.isdigit() else 0, name)
    )
