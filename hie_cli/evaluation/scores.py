"""Files scored against ground truth: what ``hie_cli.evaluate`` and ``compare`` do and give back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from hie_cli.core.config import Files, Sets, load
from hie_cli.core.errors import ConfigError, InputError, OnError, check_on_error
from hie_cli.evaluation import evaluate as scoring
from hie_cli.evaluation import report, text_tables, tracks
from hie_cli.evaluation.bootstrap import Comparison, Intervals, intervals
from hie_cli.evaluation.bootstrap import compare as compare_tracks
from hie_cli.evaluation.inputs import Inputs, load_inputs
from hie_cli.evaluation.sequence_scores import SequenceScores, Unscored, Wish, score_sequence
from hie_cli.evaluation.settings import EvalConfig
from hie_cli.evaluation.track_results import Evaluation, TrackResult
from hie_cli.evaluation.verification.reference import Verification
from hie_cli.pipeline.calls import Call, Outcome, run_calls
from hie_cli.pipeline.executors.engine import HERE, Engine


class Pooled(dict[str, float]):
    """Figures by name over all sequences and tracks; fractions, NaN where undefined.

    A name that two tracks have is in neither; KeyError says which track's figures to take.
    """

    def __init__(self, tracks: Mapping[str, TrackResult]) -> None:
        super().__init__()
        self._owners: dict[str, list[str]] = {}
        for key, result in tracks.items():
            for name, value in {**result.pooled.scalars, **result.pooled.counts}.items():
                self._owners.setdefault(name, []).append(key)
                self[name] = value
        for name, owners in self._owners.items():
            if len(owners) > 1:
                del self[name]

    def __missing__(self, name: str) -> float:
        owners = self._owners.get(name)
        if owners:
            where = " and ".join(f"tracks[{key!r}]" for key in owners)
            raise KeyError(f"{name}: several tracks have it; take .pooled.scalars of {where}")
        raise KeyError(f"{name}: no such figure; known are {', '.join(self)}")


@dataclass(frozen=True)
class Report:
    """The figures of one set of results, and their confidence intervals if asked for.

    ``tracks``: by key ("detection", "1" to "4"), each with ``pooled``, ``mean`` and ``sequences``.
    ``pooled``: all tracks' pooled figures by name. ``notes``: what a reader should know.
    ``verification``: the reference evaluators' figures beside ours, if asked for.
    """

    evaluation: Evaluation
    intervals: Mapping[str, Intervals | None] = field(default_factory=dict)
    verification: Verification | None = None

    @property
    def tracks(self) -> dict[str, TrackResult]:
        """Every scored track by key."""
        return self.evaluation.tracks

    @property
    def pooled(self) -> Pooled:
        """All tracks' figures over all sequences, such as ``pooled["IDF1"]``."""
        return Pooled(self.tracks)

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on truth, results and what was not scored."""
        return self.evaluation.notes

    @property
    def failures(self) -> tuple[Unscored, ...]:
        """Sequences that could not be scored (``errors="collect"``): ``name`` and ``error``."""
        return self.evaluation.failures

    def table(self) -> str:
        """All tracks as text."""
        return text_tables.as_table(self.evaluation, self.intervals)

    def verification_table(self) -> str:
        """What the reference evaluators said, as text; empty if they were not asked."""
        return (
            "" if self.verification is None else text_tables.verification_table(self.verification)
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values with stable keys (docs/evaluation.md)."""
        record = report.as_json(self.evaluation, self.intervals)
        if self.verification is not None:
            record["verification"] = report.verification_json(self.verification)
        return record

    def to_csv(self) -> str:
        """One line per track, sequence and figure."""
        return report.as_csv(self.evaluation, self.intervals)

    def to_latex(self) -> str:
        """A table per track for a paper, without intervals."""
        return report.as_latex(self.evaluation)

    def plot(self, folder: Path | str) -> list[Path]:
        """Draw the figures as PNG files into ``folder``; their paths.

        Raises ConfigError if they cannot be written.
        """
        from hie_cli.evaluation.plots import draw

        return draw(self.evaluation, Path(folder))


@dataclass(frozen=True)
class ComparisonReport:
    """Two results on the same truth: their own figures, and each track's differences."""

    first: Report
    second: Report
    tracks: Mapping[str, Comparison]

    def table(self) -> str:
        """The differences as text."""
        level = self.first.evaluation.config.bootstrap.level
        return text_tables.comparison_table(self.tracks, self.first.tracks, level)

    def to_json(self) -> dict[str, Any]:
        """Plain values with stable keys: ``a``, ``b`` and ``comparison``."""
        return {
            "a": self.first.to_json(),
            "b": self.second.to_json(),
            "comparison": report.comparison_json(self.tracks),
        }


def evaluate(
    results: Path | str,
    truth: Path | str,
    *,
    track: str | int = "all",
    ignore: str | None = None,
    compat: str | None = None,
    empty_frames: str | None = None,
    allow_missing: bool = False,
    ci: bool = False,
    timelines: bool = False,
    verify: bool = False,
    worst: int = 0,
    errors: OnError = "raise",
    config: Files = None,
    set: Sets = None,
    workers: int | None = None,
    engine: str = "local",
    address: str | None = None,
) -> Report:
    """Score results against ground truth, whichever layouts they have.

    results, truth: a file, folder or zip · track: "detection", 1 to 4, several joined by commas, or
    "all" that both sides hold · ignore, compat, empty_frames, allow_missing, config, set: as the
    options of ``hie eval`` · ci: bootstrap confidence intervals over sequences · timelines: also
    what plots of identities need · worst: how many of the worst frames to keep of every sequence ·
    verify: also run the reference evaluators that are installed · errors: "collect" keeps a
    sequence that cannot be read or scored in ``.failures`` and scores the others · workers, engine,
    address: sequences at a time, and where (``executors.engine``).

    Raises ConfigError, or InputError naming file and place.
    """
    check_on_error(errors)
    where = Engine(workers, engine, address)
    settings = load(EvalConfig(), config, set)
    named = {"ignore": ignore, "compat": compat, "empty_frames": empty_frames}
    settings = load(settings, None, {k: v for k, v in named.items() if v is not None})
    chosen = tracks.chosen(str(track))
    _check_compat(settings, chosen)
    box_tracks = [metric.key for metric in tracks.known() if metric.scores_boxes]
    boxes_alone = bool(chosen) and all(key in box_tracks for key in chosen)
    inputs = load_inputs(Path(truth), Path(results), settings, boxes_alone)
    sides = _Sides(Path(truth), Path(results), settings, boxes_alone)
    scored = partial(_scored, sides, Wish(chosen, timelines, worst), where, errors == "collect")
    found = scoring.evaluate(
        inputs.truth,
        inputs.results,
        settings,
        chosen,
        allow_missing,
        timelines,
        inputs.boxes,
        worst,
        None if where == HERE else scored,
        errors,
    )
    found = replace(found, notes=inputs.notes + found.notes)
    verification = None
    if verify:
        from hie_cli.evaluation.verification.verify import verify as verified

        verification = verified(found, inputs.truth, inputs.results, inputs.boxes)
    spans = {key: intervals(r, settings.bootstrap) for key, r in found.tracks.items()} if ci else {}
    return Report(found, spans, verification)


@dataclass(frozen=True)
class _Sides:
    """Both sides of an evaluation as another process can be told them: see ``load_inputs``."""

    truth: Path
    results: Path
    config: EvalConfig
    boxes_alone: bool


def _scored(
    sides: _Sides, wish: Wish, engine: Engine, collect: bool, names: Sequence[str]
) -> list[SequenceScores | Unscored]:
    """``score_sequence`` of each on an engine; the first one's error ends it unless ``collect``."""
    found: list[SequenceScores | Unscored] = []

    def take(outcome: Outcome) -> None:
        if outcome.error is None:
            found.append(outcome.value)
        elif collect and isinstance(outcome.error, InputError | OSError):
            found.append(Unscored(outcome.name, outcome.error))
        else:
            raise outcome.error

    calls = [Call(name, _score, (sides, wish, name)) for name in names]
    run_calls(calls, engine, take)
    return found


_HELD: dict[str, Inputs] = {}  # of the last evaluation that this worker was asked for


def _score(sides: _Sides, wish: Wish, name: str) -> SequenceScores:
    """One sequence of an evaluation; what it reads stays open for the next one."""
    key = repr(sides)
    if key not in _HELD:
        _HELD.clear()
        _HELD[key] = load_inputs(sides.truth, sides.results, sides.config, sides.boxes_alone)
    inputs = _HELD[key]
    return score_sequence(name, inputs.truth, inputs.results, sides.config, wish, inputs.boxes)


def _check_compat(settings: EvalConfig, chosen: tuple[str, ...]) -> None:
    """ConfigError if ``compat`` changes nothing on any chosen track."""
    concerned = [metric.key for metric in tracks.known() if settings.compat in metric.reproduces]
    if chosen and settings.compat != "none" and not set(concerned).intersection(chosen):
        keys = " and ".join(concerned)
        raise ConfigError(f"--compat {settings.compat} concerns track {keys} alone; drop it")


def compare(
    first: Path | str,
    second: Path | str,
    truth: Path | str,
    *,
    track: str | int = "all",
    ignore: str | None = None,
    compat: str | None = None,
    empty_frames: str | None = None,
    allow_missing: bool = False,
    worst: int = 0,
    config: Files = None,
    set: Sets = None,
) -> ComparisonReport:
    """Two results on the same truth, side by side, with bootstrap intervals of their differences.

    Arguments as in ``evaluate``. Raises InputError where the two have no track in common.
    """
    a, b = (
        evaluate(
            results, truth, track=track, ignore=ignore, compat=compat,
            empty_frames=empty_frames, allow_missing=allow_missing, worst=worst, config=config,
            set=set,
        )
        for results in (first, second)
    )  # fmt: skip
    common = [key for key in a.tracks if key in b.tracks]
    if not common:
        raise InputError("the two results have no track in common")
    settings = a.evaluation.config.bootstrap
    return ComparisonReport(
        a, b, {key: compare_tracks(a.tracks[key], b.tracks[key], settings) for key in common}
    )
