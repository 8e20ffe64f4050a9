"""Which figures the tables of an evaluation have, in which order, by which names."""

import math
from types import SimpleNamespace

from hie_cli.evaluation.bootstrap import Comparison, Difference, Intervals
from hie_cli.evaluation.figure_tables import (
    FigureTable,
    difference_table,
    formula_lines,
    interval_table,
    main_table,
    part_table,
    video_table,
)
from hie_cli.evaluation.track_results import TrackResult
from hie_cli.evaluation.tracks.metric import Figures

METRIC = SimpleNamespace(title="Poses", headline=("AP", "AR"), by_part="AP")
# The head has an AP of 0.5 and no AR; nothing is known of the neck.
PARTS = {"AP/head": 0.5, "AR/head": math.nan, "AP/neck": math.nan}


def result(*names):
    each = {name: Figures({"AP": 0.25, "AR": math.nan}, {"FP": 3}) for name in names}
    pooled = Figures(
        {"AP": 0.5, "AR": 0.75, **PARTS}, {"FP": 6, "GT": 9}, formulas={"w_AP": "a / b"}
    )
    return TrackResult(METRIC, {}, each, pooled, {"AP": 0.25, "AR": math.nan})


def test_texts_are_per_cent_with_the_signs_of_the_printer():
    table = FigureTable(("name", "AP"), (("a", 0.1236, math.nan, (0.1, 0.2), None, 1),))
    assert table.texts("none", " to ") == (("a", "12.36", "none", "10.00 to 20.00", "", "100.00"),)


def test_the_main_table_has_every_sequence_their_mean_and_all_pooled():
    table = main_table(result("a", "b"))
    assert table.header == ("sequence", "AP", "AR", "FP")  # GT is not worth a column
    assert table.texts("-", "..") == (
        ("a", "25.00", "-", "3"),
        ("b", "25.00", "-", "3"),
        ("mean", "25.00", "-", ""),
        ("pooled", "50.00", "75.00", "6"),
    )


def test_a_single_sequence_is_its_own_mean():
    assert [row[0] for row in main_table(result("a")).rows] == ["a"]


def test_names_cannot_steer_a_terminal():
    assert "\x1b" not in str(main_table(result("a\x1b[2J")).rows[0][0])


def test_intervals_stand_beside_their_figures():
    table = interval_table(result("a"), Intervals({"AP": (0.4, 0.6)}, {}))
    assert table.header == ("figure", "mean", "interval", "pooled", "interval")
    assert table.rows[0] == ("AP", 0.25, None, 0.5, (0.4, 0.6))


def test_parts_without_any_value_are_left_out():
    table = part_table(result("a"))
    assert table.header == ("pooled", "AP", "AR")
    assert table.texts("-", "..") == (("head", "50.00", "-"),)


def test_a_track_without_parts_has_no_table_of_them():
    whole = result("a")
    for name in PARTS:
        del whole.pooled.scalars[name]
    assert part_table(whole) is None


def test_formulas_are_told_not_to_be_official():
    assert formula_lines(result("a")) == ("w_AP, not official: a / b",)


def test_differences_are_headline_figures_then_parts_that_one_of_both_has():
    nothing = Difference(math.nan, math.nan, None, None, "-")
    found = {
        "AR": nothing,
        "AP/neck": nothing,
        "AP/head": Difference(0.5, math.nan, None, None, "-"),
        "other": Difference(1.0, 1.0, None, 0.5, "-"),
        "AP": Difference(0.75, 0.5, (0.125, 0.375), 0.975, "A"),
    }
    table = difference_table(Comparison(found, {}), METRIC, 0.95)
    assert table.header[3:5] == ("A-B", "95% interval")
    assert table.texts("-", "..") == (
        ("AP", "75.00", "50.00", "25.00", "12.50..37.50", "0.975", "A"),
        ("AP/head", "50.00", "-", "-", "", "", "-"),
    )


def test_videos_are_compared_by_the_first_figure():
    videos = {"a": {"AP": (0.75, 0.5), "AR": (0.0, 0.0)}}
    table = video_table(Comparison({}, videos), METRIC)
    assert (table.header, table.rows) == (("AP", "A", "B", "A-B"), (("a", 0.75, 0.5, 0.25),))
