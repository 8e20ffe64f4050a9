import numpy as np
import pytest

from hie_cli.analysis.zones import (
    Ground,
    Zones,
    homography,
    inside,
    polygon_area,
    read_zones,
    write_zones,
)
from hie_cli.core.errors import InputError
from hie_cli.core.types import VideoInfo

SQUARE = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]])


def test_a_file_comes_back(tmp_path):
    zones = Zones(
        (640, 480),
        7,
        {"door: main": ((1.5, 2.0), (30.0, 4.0))},
        {"=hall 'ä'": ((0.0, 0.0), (9.0, 0.0), (0.0, 9.0))},
        Ground(((0, 0), (9, 0), (9, 9), (0, 9)), ((0, 0), (3, 0), (3, 3), (0, 3))),
    )
    write_zones(tmp_path / "zones.yaml", zones)
    assert read_zones(tmp_path / "zones.yaml") == zones
    empty = Zones()
    write_zones(tmp_path / "zones.yaml", empty)
    assert read_zones(tmp_path / "zones.yaml") == empty


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lines: {a: [[0, 0]]}", "lines.a: 1 points; expected 2"),
        ("lines: {a: [[1, 1], [1, 1]]}", "lines.a: both points are the same"),
        ("zones: {a: [[0, 0], [1, 1]]}", "zones.a: 2 points; expected 3 or more"),
        ("zones: {a: [[0, 0], [1, 1], [2, 2]]}", "zones.a: its points are on one line"),
        ("zones: {'': [[0, 0], [1, 1], [2, 0]]}", "zones.: a name has 1 to 60"),
        ('zones: {"a\\u0007": [[0, 0], [1, 1], [2, 0]]}', "a name has 1 to 60"),
        ("lines: {a: [[0, x], [1, 1]]}", "lines: expected float, got 'x'"),
        ("lines: {a: [[0, 1, 2], [1, 1]]}", "lines: expected 2 values, got 3"),
        ("lnes: {}", "unknown key 'lnes'; did you mean 'lines'"),
        ("ground: {pixels: [[0, 0]], metres: [[0, 0]]}", "1 points in pixels and 1 in metres"),
        ("ground: {}", "give either pixels and metres, or homography"),
        ("ground: {homography: [[1, 0, 0], [0, 1, 0], [0, 0, 0]]}", "invertible"),
        (
            "ground: {pixels: [[0, 0], [1, 0], [2, 0], [3, 0]], "
            "metres: [[0, 0], [1, 0], [2, 0], [3, 0]]}",
            "three of the points lie on one line",
        ),
        ("size: [0, 4]", "size: expected width and height"),
        ("lines: {a: [[0, 0], [1e9, 1]]}", "a coordinate beyond"),
        ("[1, 2]", "expected 'key: value' pairs"),
    ],
)
def test_broken_files_are_one_line(tmp_path, text, message):
    path = tmp_path / "zones.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as found:
        read_zones(path)
    assert message in str(found.value)
    assert str(found.value).startswith(str(path))
    assert "\n" not in str(found.value)


def test_empty_headings_are_none(tmp_path):
    (tmp_path / "zones.yaml").write_text("lines:\nzones:\n")
    assert read_zones(tmp_path / "zones.yaml") == Zones()


def test_area_by_the_shoelace_formula():
    assert polygon_area(SQUARE) == 100
    assert polygon_area(np.array([[0.0, 0], [4, 0], [0, 3]])) == 6  # 4 * 3 / 2
    assert polygon_area(SQUARE[::-1]) == 100


def test_inside():
    points = np.array([[5.0, 5], [15, 5], [5, -1], [9.9, 9.9]])
    assert inside(points, SQUARE).tolist() == [True, False, False, True]
    hollow = np.array([[0.0, 0], [10, 0], [10, 10], [5, 2], [0, 10]])  # a notch from below
    assert inside(np.array([[5.0, 5], [2, 2], [5, 1]]), hollow).tolist() == [False, True, True]
    assert inside(np.zeros((0, 2)), SQUARE).tolist() == []


def test_homography_of_four_points_and_of_more():
    """(x, y) -> (x, y) / (1 + y / 100): (50, 100) -> (25, 50)."""
    true = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0.01, 1]])
    source = np.array([[0.0, 0], [100, 0], [100, 100], [0, 100], [30, 70]])
    mapped = np.column_stack([source, np.ones(5)]) @ true.T
    target = mapped[:, :2] / mapped[:, 2:]
    np.testing.assert_allclose(homography(source[:4], target[:4]), true, atol=1e-9)
    np.testing.assert_allclose(homography(source, target), true, atol=1e-9)


def test_another_size_of_the_same_video():
    """Drawn on 640 x 480, measured on 1280 x 960: pixels double, metres stay."""
    ground = Ground(homography=((0.1, 0, 0), (0, 0.1, 0), (0, 0, 1)))
    zones = Zones((640, 480), 0, {"a": ((1, 2), (3, 4))}, {}, ground)
    large = zones.scaled(VideoInfo("v", 1280, 960, 25.0, None))
    assert large.lines == {"a": ((2, 4), (6, 8))}
    np.testing.assert_allclose(large.ground.matrix(), np.diag([0.05, 0.05, 1]))
    assert zones.scaled(VideoInfo("v", 640, 480, 25.0, None)) is zones
