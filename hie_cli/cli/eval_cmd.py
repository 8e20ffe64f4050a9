"""``hie eval``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import SCORE, command
from hie_cli.cli.terminal import complain, show, show_json
from hie_cli.core.errors import EXIT_FAILED, ConfigError, exit_code, one_line
from hie_cli.core.progress import note

if TYPE_CHECKING:
    from hie_cli.evaluation.scores import ComparisonReport, Report

    Page = tuple[Path, Sequence[str]]

PICTURES = "Pages and pictures"
WORST = 4  # frames of a sequence that a page shows
_ALONE = "no intervals: they need two sequences or more"


@command("eval", SCORE)
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
    empty_frames: Annotated[
        str | None,
        typer.Option(
            "--empty-frames",
            metavar="scored|unlabelled",
            help="Frames of the truth without anybody: false boxes count, or nobody labelled them.",
        ),
    ] = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Score the sequences both sides have.")
    ] = False,
    ci: Annotated[bool, typer.Option("--ci", help="Bootstrap intervals over sequences.")] = False,
    csv: Annotated[
        bool | None,
        typer.Option(
            "--csv/--latex", help="On stdout: every figure as CSV, or tables for a paper."
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE",
            help="A page: tables, curves, worst frames.",
            rich_help_panel=PICTURES,
        ),
    ] = None,
    video: Annotated[
        list[str] | None,
        typer.Option(
            "--video",
            metavar="VIDEO",
            help="Videos behind the worst frames of --html.",
            rich_help_panel=PICTURES,
        ),
    ] = None,
    plots: Annotated[
        Path | None,
        typer.Option(
            "--plots", metavar="DIR", help="Draw the figures as PNG.", rich_help_panel=PICTURES
        ),
    ] = None,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Run the reference evaluators too; exit 1 on a difference."),
    ] = False,
    workers: options.Workers = None,
    engine: options.Engine = "local",
    address: options.Address = None,
    config: options.Config = None,
    sets: options.Set = None,
    json: options.Json = False,
) -> None:
    """Score results against ground truth: detection and all four tracks.

    Sequences are matched by name, one at a time in memory. Figures are per sequence, their mean,
    and pooled; one that cannot be read is told and left out (exit code 3). Weighted figures (w_AP,
    w_MOTA, wf_mAP) are never official.

    \b
    Examples:
      hie eval out/track --truth HIE20/labels
      hie eval submission.zip --truth HIE20/labels --track 1 --ci
      hie eval --compare ours/ theirs/ --truth gt/ --json
      hie eval out/track --truth gt/ --workers 2
      hie eval out/track --truth gt/ --html scores.html --video clips/
      hie eval out/detect --truth every-20th-frame.txt --empty-frames unlabelled
      hie eval out/pose --truth gt/ --set pose.joints=annotated --plots figures/
    """
    if truth is None:
        raise ConfigError("--truth is missing; give the ground truth")
    if (results is None) == (compare is None):
        raise ConfigError("give either RESULTS or --compare A B")
    _check_outputs(json, csv, html, video, ci)
    if compare is not None:
        _check_comparison(csv, ci, plots, verify, (workers, engine, address))
    how: dict[str, Any] = {
        "track": track,
        "ignore": ignore,
        "compat": compat,
        "empty_frames": empty_frames,
        "allow_missing": allow_missing,
        "worst": 0 if html is None else WORST,
        "config": config,
        "set": sets,
    }
    page = None if html is None else (html, video or ())
    if compare is not None:
        _show_comparison(hie_cli.compare(*compare, truth, **how), json, page)
        return
    assert results is not None
    report = hie_cli.evaluate(
        results, truth, ci=ci, timelines=plots is not None, verify=verify,
        errors="collect", workers=workers, engine=engine, address=address, **how,
    )  # fmt: skip
    _show_report(report, json, csv)
    if report.tracks:
        _draw(report, page, plots)
    for failed in report.failures:
        complain(f"hie: {one_line(failed.error)}")
    if report.failures:
        raise typer.Exit(exit_code(report.failures[0].error))
    if report.verification is not None and report.verification.differences:
        raise typer.Exit(EXIT_FAILED)


def _check_outputs(json: bool, csv: bool | None, html: object, video: object, ci: bool) -> None:
    """ConfigError for ways of showing that exclude each other."""
    if json and csv is not None:
        raise ConfigError("--json, --csv and --latex all print to stdout; give one")
    if video and html is None:
        raise ConfigError("--video shows frames on a page; give --html FILE as well")
    if csv is False and ci:
        raise ConfigError("--latex prints no intervals; drop --ci, or take --csv")


def _check_comparison(
    csv: bool | None, ci: bool, plots: object, verify: bool, engine: tuple[object, ...]
) -> None:
    """ConfigError for options that --compare has no use for; engine: workers, engine, address."""
    if csv is not None or ci:
        raise ConfigError("--compare prints a table or --json, with intervals; drop the others")
    if plots is not None:
        raise ConfigError("--plots draws one result; drop it or --compare")
    if engine != (None, "local", None):
        raise ConfigError("--compare scores in one process; drop --workers, --engine, --address")
    if verify:
        raise ConfigError("--verify checks one result; drop it or --compare")


def _show_comparison(both: "ComparisonReport", json: bool, page: "Page | None") -> None:
    for text in (*both.first.notes, *both.second.notes):
        note(text)
    if any(len(comparison.videos) < 2 for comparison in both.tracks.values()):
        note(_ALONE)
    if json:
        show_json(both.to_json())
    else:
        show(both.table())
    _draw(both, page)


def _show_report(report: "Report", json: bool, csv: bool | None) -> None:
    for text in report.notes:
        note(text)
    if None in report.intervals.values():
        note(_ALONE)
    if json:
        show_json(report.to_json())
    elif csv:
        show(report.to_csv(), end="")
    elif report.tracks:
        show(report.table() if csv is None else report.to_latex())
    if report.verification is not None and not json and csv is None:
        show("\n" + report.verification_table())


def _draw(
    report: "Report | ComparisonReport", page: "Page | None", plots: Path | None = None
) -> None:
    """Write what was asked for as files. page: the file, and the videos behind worst frames."""
    if page is not None:
        html, video = page
        note(f"wrote {hie_cli.write_evaluation(report, html, video=video)}")
    if plots is not None and isinstance(report, hie_cli.Report):
        for path in report.plot(plots):
            note(f"wrote {path}")
