"""Evaluations and comparisons as JSON, CSV or LaTeX; ``text_tables`` has them as text."""

import csv
import io
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from hie_cli.core.config import as_dict
from hie_cli.core.errors import one_line
from hie_cli.evaluation.bootstrap import Comparison, Intervals
from hie_cli.evaluation.figure_tables import formula_lines, main_table
from hie_cli.evaluation.track_results import Evaluation, TrackResult, rows
from hie_cli.evaluation.tracks.metric import Figures
from hie_cli.evaluation.verification.reference import Verification
from hie_cli.formats.cells import escaped

REPORT_VERSION = 1
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
        "figures": by_package(verification),
        "skipped": list(verification.skipped),
        "differences": [_plain(vars(check)) for check in verification.differences],
    }


def by_package(verification: Verification) -> dict[str, int]:
    """How many figures each reference evaluator was asked for."""
    return dict(Counter(check.package for check in verification.checks))


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
        table = main_table(result)
        body = table.texts(undefined="-", between="--")
        lines = [f"% {line}" for line in (result.metric.title, *formula_lines(result))]
        lines += [rf"\begin{{tabular}}{{l{'r' * (len(table.header) - 1)}}}", r"\toprule"]
        lines += [_latex_row(table.header), r"\midrule", *map(_latex_row, body)]
        lines += [r"\bottomrule", r"\end{tabular}"]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _latex_row(cells: Sequence[str]) -> str:
    escaped = [c.replace("_", r"\_").replace("%", r"\%").replace("&", r"\&") for c in cells]
    return " & ".join(escaped) + r" \\"
