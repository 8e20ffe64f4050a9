"""An evaluation as JSON, CSV, LaTeX and text."""

import csv
import dataclasses
import io
import json

import pytest

from hie_cli.evaluation import report, text_tables
from hie_cli.evaluation.bootstrap import intervals
from tests.support.scored_world import CONFIG


def test_json_is_plain_and_holds_everything(noisy):
    cis = {key: intervals(track, CONFIG.bootstrap) for key, track in noisy.tracks.items()}
    record = json.loads(json.dumps(report.as_json(noisy, cis), allow_nan=False))
    assert record["hie_eval"] == 1
    assert set(record["tracks"]) == {"detection", "1", "2", "3", "4"}
    one = record["tracks"]["1"]
    assert set(one) == {
        "title", "headline", "pooled", "mean", "sequences", "formulas", "series", "ci"
    }  # fmt: skip
    assert list(one["sequences"]) == ["1", "2", "10"]
    assert one["pooled"]["GT"] == 189
    assert len(one["series"]["HOTA"]) == 19
    low, high = one["ci"]["pooled"]["MOTA"]
    assert low <= one["pooled"]["MOTA"] <= high
    # A class that nobody does has no AP; JSON has null for it.
    assert record["tracks"]["4"]["pooled"]["AP@avg/riding"] is None


def test_csv_and_latex(noisy):
    lines = list(csv.DictReader(io.StringIO(report.as_csv(noisy, {}))))
    values = {(row["track"], row["sequence"], row["figure"]): row["value"] for row in lines}
    assert float(values["1", "pooled", "MOTA"]) == noisy.tracks["1"].pooled.scalars["MOTA"]
    assert values["4", "pooled", "AP@avg/riding"] == ""
    latex = report.as_latex(noisy)
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 5
    assert r"w\_MOTA" in latex


def test_weighted_figures_carry_their_formula_and_are_not_official(noisy):
    text = text_tables.as_table(noisy, {})
    for name in ("w_MOTA", "w_AP", "wf_mAP"):
        assert f"{name}, not official: " in text
    assert "% w_AP, not official" in report.as_latex(noisy)


@pytest.mark.parametrize("ci", [False, True])
def test_no_line_of_a_table_is_longer_than_100_characters(noisy, ci):
    name = "a_sequence_with_a_name_of_sixty_characters_as_some_cameras_give"
    tracks = {
        key: dataclasses.replace(
            result, sequences={name if n == "2" else n: f for n, f in result.sequences.items()}
        )
        for key, result in noisy.tracks.items()
    }
    long = dataclasses.replace(noisy, tracks=tracks)
    cis = {k: intervals(r, CONFIG.bootstrap) for k, r in noisy.tracks.items()} if ci else {}
    lines = text_tables.as_table(long, cis).splitlines()
    tables = [line for line in lines if "not official" not in line]
    assert max(map(len, tables)) <= 100
    assert any("a_sequence_with" in line and "cameras_give" in line for line in lines)
    for figure in ("w_AP@0.75", "wf_mAP@0.6", "Frag", "MR-2"):
        assert any(figure in line for line in lines), figure
