"""Evaluations and comparisons as tables of text."""

import math
from collections.abc import Iterator, Mapping, Sequence

from hie_cli.core.text import printable
from hie_cli.evaluation.bootstrap import Comparison, Difference, Intervals
from hie_cli.evaluation.evaluate import Evaluation, TrackResult
from hie_cli.evaluation.report import Cis, by_package, by_part, headline, percent
from hie_cli.evaluation.verification.reference import Verification

# Characters of a line of a table, and of a sequence's name in it.
WIDTH = 100
_NAME = 32


def verification_table(verification: Verification) -> str:
    """One line per reference evaluator, and a table of the figures that differ."""
    lines = [f"verified by {p}: {n} figures" for p, n in by_package(verification).items()]
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
                    percent(result.mean[name]),
                    _span(ci.mean.get(name)),
                    percent(result.pooled.scalars[name]),
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
                [part, *(percent(v.get(c, math.nan)) for c in columns)]
                for part, v in details.items()
            ],
        )
    for name, formula in result.pooled.formulas.items():
        yield f"{name}, not official: {formula}"


def _span(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{percent(interval[0])}..{percent(interval[1])}"


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
        *map(percent, (difference.a, difference.b, gap)),
        span,
        better,
        difference.verdict,
    ]


def _video_rows(comparison: Comparison, figure: str) -> Iterator[list[str]]:
    for name, values in comparison.videos.items():
        a, b = values[figure]
        yield [printable(name, keep=""), *map(percent, (a, b, a - b))]
