"""``hie eval``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hie_cli.cli import options

if TYPE_CHECKING:
    from hie_cli.evaluation.evaluate import Evaluation
    from hie_cli.evaluation.settings import EvalConfig

_ALONE = "no intervals: they need two sequences or more"


def evaluate(
    results: Annotated[
        Path | None,
        typer.Argument(metavar="RESULTS", help="Document, submission zip, or folder of either."),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option("--truth", metavar="GT", help="Ground truth: file, folder or zip."),
    ] = None,
    track: Annotated[
        str, typer.Option("--track", help="detection, 1, 2, 3, 4 (comma-separated) or all.")
    ] = "all",
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option("--compare", metavar="A B", help="Two results side by side."),
    ] = None,
    ignore: Annotated[
        str | None,
        typer.Option("--ignore", metavar="drop|match", help="Reading of flag-0 boxes."),
    ] = None,
    compat: Annotated[
        str | None,
        typer.Option("--compat", metavar="poseval|ava", help="That evaluator, errors included."),
    ] = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Score the sequences both sides have.")
    ] = False,
    ci: Annotated[bool, typer.Option("--ci", help="Bootstrap intervals over sequences.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Every figure as CSV on stdout.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="Tables for a paper on stdout.")] = False,
    plots: Annotated[
        Path | None, typer.Option("--plots", metavar="DIR", help="Draw the figures as PNG.")
    ] = None,
    config: options.Config = None,
    sets: options.Set = None,
    quiet: options.Quiet = False,
) -> None:
    """Score results against ground truth: detection and all four tracks.

    Sequences are matched by name, one at a time in memory. Figures are per sequence, their mean,
    and pooled. Weighted figures (w_AP, w_MOTA, wf_mAP) are never official.

    \b
    Examples:
      hie eval out/track --truth HIE20/labels
      hie eval submission.zip --truth HIE20/labels --track 1 --ci
      hie eval --compare ours/ theirs/ --truth gt/ --json
      hie eval out/pose --truth gt/ --set pose.joints=annotated --plots figures/
    """
    from hie_cli.core.errors import ConfigError
    from hie_cli.core.progress import note, set_quiet

    set_quiet(quiet)
    if truth is None:
        raise ConfigError("--truth is missing; give the ground truth")
    if (results is None) == (compare is None):
        raise ConfigError("give either RESULTS or --compare A B")
    if json + csv + latex > 1:
        raise ConfigError("--json, --csv and --latex all print to stdout; give one")
    if latex and ci:
        raise ConfigError("--latex prints no intervals; drop --ci, or take --csv")
    if compare is not None and (csv or latex or ci):
        raise ConfigError("--compare prints a table or --json, with intervals; drop the others")
    if compare is not None and plots is not None:
        raise ConfigError("--plots draws one result; drop it or --compare")
    settings = _settings(config, sets, ignore, compat)
    if compare is not None:
        first, second = (_score(p, truth, track, settings, allow_missing) for p in compare)
        _print_comparison(first, second, json)
        return
    assert results is not None
    evaluation = _score(results, truth, track, settings, allow_missing, plots is not None)
    _print_evaluation(evaluation, ci, json, csv, latex)
    if plots is not None:
        from hie_cli.evaluation.plots import draw

        for path in draw(evaluation, plots):
            note(f"wrote {path}")


def _settings(
    files: list[Path] | None, sets: list[str] | None, ignore: str | None, compat: str | None
) -> "EvalConfig":
    """Defaults < files < --set < options."""
    from hie_cli.core.config import load
    from hie_cli.evaluation.settings import EvalConfig

    given = [f"{key}={value}" for key, value in (("ignore", ignore), ("compat", compat)) if value]
    return load(EvalConfig(), files or [], [*(sets or []), *given])


def _score(
    results: Path,
    truth: Path,
    track: str,
    settings: "EvalConfig",
    allow_missing: bool,
    timelines: bool = False,
) -> "Evaluation":
    """Read lazily, score, and pass the notes on."""
    from dataclasses import replace

    from hie_cli.core.errors import ConfigError
    from hie_cli.core.progress import note
    from hie_cli.evaluation.evaluate import BOX_TRACKS, chosen_tracks, evaluate
    from hie_cli.evaluation.inputs import load_inputs

    chosen = chosen_tracks(track)
    concerned = {"none": set(chosen), "poseval": {"2", "3"}, "ava": {"4"}}[settings.compat]
    if chosen and not concerned & set(chosen):
        keys = " and ".join(sorted(concerned))
        raise ConfigError(f"--compat {settings.compat} concerns track {keys} alone; drop it")
    alone = bool(chosen) and set(chosen) <= set(BOX_TRACKS)
    inputs = load_inputs(truth, results, settings, alone)
    evaluation = evaluate(
        inputs.truth, inputs.results, settings, chosen, allow_missing, timelines, inputs.boxes
    )
    evaluation = replace(evaluation, notes=inputs.notes + evaluation.notes)
    for text in evaluation.notes:
        note(text)
    return evaluation


def _print_evaluation(
    evaluation: "Evaluation", ci: bool, json: bool, csv: bool, latex: bool
) -> None:
    from json import dumps

    from hie_cli.core.progress import note
    from hie_cli.evaluation import report
    from hie_cli.evaluation.bootstrap import intervals

    settings = evaluation.config.bootstrap
    cis = {k: intervals(r, settings) for k, r in evaluation.tracks.items()} if ci else {}
    if ci and None in cis.values():
        note(_ALONE)
    if json:
        print(dumps(report.as_json(evaluation, cis), indent=1, allow_nan=False))
    elif csv:
        print(report.as_csv(evaluation, cis), end="")
    else:
        print(report.as_latex(evaluation) if latex else report.as_table(evaluation, cis))


def _print_comparison(first: "Evaluation", second: "Evaluation", json: bool) -> None:
    from json import dumps

    from hie_cli.core.errors import InputError
    from hie_cli.core.progress import note
    from hie_cli.evaluation import report
    from hie_cli.evaluation.bootstrap import compare

    settings = first.config.bootstrap
    common = [key for key in first.tracks if key in second.tracks]
    if not common:
        raise InputError("the two results have no track in common")
    comparisons = {k: compare(first.tracks[k], second.tracks[k], settings) for k in common}
    if any(len(comparison.videos) < 2 for comparison in comparisons.values()):
        note(_ALONE)
    if json:
        record = {
            "a": report.as_json(first, {}),
            "b": report.as_json(second, {}),
            "comparison": report.comparison_json(comparisons),
        }
        print(dumps(record, indent=1, allow_nan=False))
    else:
        print(report.comparison_table(comparisons, first.tracks, settings.level))
