"""Evaluations and comparisons as a table, JSON, CSV or LaTeX."""

import csv
import io
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hie_cli.core.config import as_dict
from hie_cli.core.errors import one_line
from hie_cli.core.text import printable
from hie_cli.evaluation.bootstrap import Comparison, Difference, Intervals
from hie_cli.evaluation.evaluate import Evaluation, TrackResult, rows
from hie_cli.evaluation.tracks.metric import Figures
from hie_cli.evaluation.verification.reference import Verification
from hie_cli.formats.cells import escaped

REPORT_VERSION = 1
# Whole numbers worth a column beside the headline figures.
_COUNTS = ("FP", "FN", "IDSW", "IDSW_DT", "MT", "ML", "Frag")
# Characters of a line of a table, and of a sequence's name in it.
WIDTH = 100
_NAME = 32
Cis = Mapping[str, Intervals | None]


def as_json(evaluation: Evaluation, cis: Cis) -> dict[str, Any]:
    """The evaluation as plain values with stable keys (docs/evaluation.md); NaN becomes None."""
    return {
        "hie_eval": REPORT_VERSION,
        "config": as_dict(evaluation.config),
        "notes": list(evaluation.notes),
        "failures": [
            {"sequence": failed.name, "error": one_line(failed.error)}
            for failed in evaluation.failures
        ],
        "tracks": {
            key: _track_json(result, cis.get(key)) for key, result in evaluation.tracks.items()
        },
    }


def _track_json(result: TrackResult, ci: Intervals | None) -> dict[str, Any]:
    record: dict[str, Any] = {
        "title": result.metric.title,
        "headline": list(result.metric.headline),
        "pooled": _figures_json(result.pooled),
        "mean": _plain(result.mean),
        "sequences": {name: _figures_json(f) for name, f in result.sequences.items()},
        "formulas": result.pooled.formulas,
        "series": result.pooled.series,
    }
    if ci is not None:
        record["ci"] = {"pooled": _plain(ci.pooled), "mean": _plain(ci.mean)}
    return record


def _figures_json(figures: Figures) -> dict[str, Any]:
    return {**_plain(figures.scalars), **figures.counts}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """NaN, alone or in an interval, as None."""

    def clean(value: Any) -> Any:
        if isinstance(value, tuple):
            return [clean(v) for v in value]
        return None if isinstance(value, float) and math.isnan(value) else value

    return {name: clean(value) for name, value in values.items()}


def comparison_json(comparisons: Mapping[str, Comparison]) -> dict[str, Any]:
    """Comparisons as plain values with stable keys."""
    return {
        key: {
            "figures": {
                name: {
                    **_plain({"a": d.a, "b": d.b, "interval": d.interval, "a_better": d.a_better}),
                    "better": d.verdict,
                }
                for name, d in comparison.pooled.items()
            },
            "videos": {name: _plain(values) for name, values in comparison.videos.items()},
        }
        for key, comparison in comparisons.items()
    }


def verification_json(verification: Verification) -> dict[str, Any]:
    """What was computed twice: how many figures by whom, and those that differ."""
    return {
        "figures": _by_package(verification),
        "skipped": list(verification.skipped),
        "differences": [_plain(vars(check)) for check in verification.differences],
    }


def verification_table(verification: Verification) -> str:
    """One line per reference evaluator, and a table of the figures that differ."""
    lines = [f"verified by {p}: {n} figures" for p, n in _by_package(verification).items()]
    lines += [f"not verified: {reason}" for reason in verification.skipped]
    if not verification.checks:
        lines.append("nothing was verified: no reference scores these tracks")
    elif not verification.differences:
        lines.append("all are equal")
    else:
        lines.append(f"{len(verification.differences)} differ:")
        header = ["figure", "track", "sequence", "hie", "reference", "by"]
        lines += _grid(
            header,
            [
                [c.figure, c.track, c.sequence, f"{c.ours:.12g}", f"{c.theirs:.12g}", c.package]
                for c in verification.differences
            ],
        )
    return "\n".join(lines)


def _by_package(verification: Verification) -> dict[str, int]:
    return dict(Counter(check.package for check in verification.checks))


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.2f}"


def as_table(evaluation: Evaluation, cis: Cis) -> str:
    """All tracks as text: headline figures in per cent, then joints or classes, then formulas."""
    blocks = [
        "\n".join(_track_lines(result, cis.get(key))) for key, result in evaluation.tracks.items()
    ]
    return "\n\n".join(blocks)


def _track_lines(result: TrackResult, ci: Intervals | None) -> Iterator[str]:
    yield f"{result.metric.title} (%)"
    header, body = headline(result)
    yield from _grid(header, body)
    if ci is not None:
        yield ""
        yield from _grid(
            ["figure", "mean", "interval", "pooled", "interval"],
            [
                [
                    name,
                    _percent(result.mean[name]),
                    _span(ci.mean.get(name)),
                    _percent(result.pooled.scalars[name]),
                    _span(ci.pooled.get(name)),
                ]
                for name in result.metric.headline
                if name in result.mean
            ],
        )
    details = by_part(result.pooled.scalars)
    if details:
        yield ""
        columns = list(dict.fromkeys(figure for values in details.values() for figure in values))
        yield from _grid(
            ["pooled", *columns],
            [
                [part, *(_percent(v.get(c, math.nan)) for c in columns)]
                for part, v in details.items()
            ],
        )
    for name, formula in result.pooled.formulas.items():
        yield f"{name}, not official: {formula}"


def headline(result: TrackResult) -> tuple[list[str], list[list[str]]]:
    """The track's main table as text: a row per sequence and, of several, their mean and all
    pooled.
    """
    counts = [name for name in _COUNTS if name in result.pooled.counts]
    header = ["sequence", *result.metric.headline, *counts]
    body = []
    for name, scalars, whole in rows(result):
        cells = [_percent(scalars.get(figure, math.nan)) for figure in result.metric.headline]
        body.append(
            [printable(name, keep=""), *cells, *(str(whole.get(count, "")) for count in counts)]
        )
    return header, body if len(result.sequences) > 1 else body[:1]


def by_part(scalars: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Figures named ``figure/part`` as {part: {figure: value}}; parts without a value left out."""
    parts: dict[str, dict[str, float]] = {}
    for name, value in scalars.items():
        figure, slash, part = name.partition("/")
        if slash:
            parts.setdefault(part, {})[figure] = value
    return {p: v for p, v in parts.items() if not all(math.isnan(x) for x in v.values())}


def _span(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{_percent(interval[0])}..{_percent(interval[1])}"


def _grid(header: Sequence[str], body: Sequence[Sequence[str]]) -> Iterator[str]:
    """Aligned columns, the first to the left and the others to the right.

    Lines have at most ``WIDTH`` characters: a long first cell is cut, and columns that find no room
    follow below, beside the first one again.
    """
    table = [[_cut(row[0]), *row[1:]] for row in (header, *body)]
    widths = [max(len(row[i]) for row in table) for i in range(len(header))]
    columns = list(range(1, len(header)))
    while True:
        chosen: list[int] = []
        room = WIDTH - widths[0]
        while columns and (not chosen or widths[columns[0]] + 2 <= room):
            room -= widths[columns[0]] + 2
            chosen.append(columns.pop(0))
        for row in table:
            cells = [row[0].ljust(widths[0]), *(row[i].rjust(widths[i]) for i in chosen)]
            yield "  ".join(cells).rstrip()
        if not columns:
            return
        yield ""


def _cut(text: str) -> str:
    """A name of at most ``_NAME`` characters, its middle left out."""
    half = (_NAME - 3) // 2
    return text if len(text) <= _NAME else f"{text[: _NAME - 3 - half]}...{text[-half:]}"


def as_csv(evaluation: Evaluation, cis: Cis) -> str:
    """One line per track, sequence and figure; ``formula`` stands beside the weighted ones."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["track", "sequence", "figure", "value", "low", "high", "formula"])
    for key, result in evaluation.tracks.items():
        ci = cis.get(key)
        spans = {} if ci is None else {"pooled": ci.pooled, "mean": ci.mean}
        for name, scalars, counts in rows(result):
            for figure, value in {**scalars, **counts}.items():
                low, high = spans.get(name, {}).get(figure, ("", ""))
                formula = result.pooled.formulas.get(figure.partition("@")[0], "")
                writer.writerow(
                    [key, escaped(name), figure, *map(_cell, (value, low, high)), formula]
                )
    return out.getvalue()


def _cell(value: float | str) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    return str(value)


def as_latex(evaluation: Evaluation) -> str:
    """A ``tabular`` (booktabs) per track with the headline figures in per cent."""
    blocks = []
    for result in evaluation.tracks.values():
        header, body = headline(result)
        lines = [f"% {result.metric.title}"]
        lines += [f"% {n}, not official: {f}" for n, f in result.pooled.formulas.items()]
        lines += [rf"\begin{{tabular}}{{l{'r' * (len(header) - 1)}}}", r"\toprule"]
        lines += [_latex_row(header), r"\midrule", *map(_latex_row, body)]
        lines += [r"\bottomrule", r"\end{tabular}"]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _latex_row(cells: Sequence[str]) -> str:
    escaped = [c.replace("_", r"\_").replace("%", r"\%").replace("&", r"\&") for c in cells]
    return " & ".join(escaped) + r" \\"


def comparison_table(
    comparisons: Mapping[str, Comparison], results: Mapping[str, TrackResult], level: float
) -> str:
    """Both results side by side: figures, joints or classes, and videos."""
    blocks = []
    for key, comparison in comparisons.items():
        metric = results[key].metric
        lines = [f"{metric.title} (%), A against B"]
        header = ["figure", "A", "B", "A-B", f"{level:.0%} interval", "P(A better)", "better"]
        names = list(metric.headline)
        names += [n for n in comparison.pooled if n.startswith(f"{metric.by_part}/")]
        chosen = [(name, comparison.pooled[name]) for name in names]
        known = [(name, d) for name, d in chosen if not math.isnan(d.a) or not math.isnan(d.b)]
        lines += _grid(header, [_difference(name, d) for name, d in known])
        main = metric.headline[0]
        lines += ["", *_grid([main, "A", "B", "A-B"], list(_video_rows(comparison, main)))]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _difference(name: str, difference: Difference) -> list[str]:
    better = "" if difference.a_better is None else f"{difference.a_better:.3f}"
    gap = difference.a - difference.b
    span = _span(difference.interval)
    return [
        name,
        *map(_percent, (difference.a, difference.b, gap)),
        span,
        better,
        difference.verdict,
    ]


def _video_rows(comparison: Comparison, figure: str) -> Iterator[list[str]]:
    for name, values in comparison.videos.items():
        a, b = values[figure]
        yield [printable(name, keep=""), *map(_percent, (a, b, a - b))]
