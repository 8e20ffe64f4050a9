"""Evaluations and comparisons as tables of text; ``figure_tables`` says what is in them."""

from collections.abc import Iterator, Mapping, Sequence

from hie_cli.evaluation.bootstrap import Comparison, Intervals
from hie_cli.evaluation.figure_tables import (
    FigureTable,
    difference_table,
    formula_lines,
    interval_table,
    main_table,
    part_table,
    video_table,
)
from hie_cli.evaluation.report import Cis, by_package
from hie_cli.evaluation.track_results import Evaluation, TrackResult
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
    yield from _lines(main_table(result))
    if ci is not None:
        yield ""
        yield from _lines(interval_table(result, ci))
    parts = part_table(result)
    if parts is not None:
        yield ""
        yield from _lines(parts)
    yield from formula_lines(result)


def _lines(table: FigureTable) -> Iterator[str]:
    return _grid(table.header, table.texts(undefined="-", between=".."))


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
        lines += _lines(difference_table(comparison, metric, level))
        lines += ["", *_lines(video_table(comparison, metric))]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)
