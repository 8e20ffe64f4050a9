import numpy as np
import pytest

from hie_cli.reporting import arrows, charts
from hie_cli.reporting.places import Flow


@pytest.mark.parametrize(("value", "axis"), [(1, 1), (3, 5), (5, 5), (6, 10), (41, 50), (200, 200)])
def test_axes_end_at_round_numbers(value, axis):
    assert charts.nice(value) == axis


def test_bars_are_sorted_and_without_zeros():
    rows = charts.bars({"a": 1.0, "b": 4.0, "c": 0.0})
    assert [(bar.label, bar.value, bar.share) for bar in rows] == [
        ("b", "4", 1.0),
        ("a", "1", 0.25),
    ]
    assert charts.bars({}) == ()


def test_histogram_columns_reach_the_axis():
    drawn = charts.histogram(np.array([5, 0]), 0.2, "x", "y", "words")
    deep = charts.HEIGHT - charts.TOP - charts.BOTTOM
    assert [c.height for c in drawn.columns] == [f"{deep:.1f}", "0.0"]
    assert drawn.columns[1].title == "0.2 or more: 0"


def test_a_plot_leaves_out_what_is_no_number():
    drawn = charts.plot("t", [0.0, 0.5, 1.0], {"a": [0.0, float("nan"), 1.0]}, "x", "y")
    right, bottom = charts.WIDTH - charts.RIGHT, charts.HEIGHT - charts.BOTTOM
    assert drawn.lines[0].points == f"{charts.LEFT}.0,{bottom}.0 {right}.0,{charts.TOP}.0"


def test_arrows_go_between_different_places():
    drawn = arrows.arrows([Flow("left", "right", 4), Flow("within", "within", 9)], 360)
    assert [arrow.text for arrow in drawn] == ["4"]
    assert drawn[0].width == "12.0"
    assert arrows.arrows([], 360) == ()
    assert arrows.height_of(320, 240) == 360
