import csv
import json
from dataclasses import replace

import numpy as np
import pytest

import hie_cli
from hie_cli.analysis.analyse import Analysis
from hie_cli.analysis.tables import write_tables
from hie_cli.analysis.zones import Ground, Zones
from hie_cli.cli.app import run
from hie_cli.core.errors import ConfigError, InputError
from tests.support.drawing import doing
from tests.support.walks import VIDEO, document, frames, line

ZONES = """
size: [640, 480]
lines: {door: [[300, 0], [300, 480]]}
zones: {hall: [[100, 100], [300, 100], [300, 300], [100, 300]]}
ground: {pixels: [[0, 0], [50, 0], [50, 50], [0, 50]], metres: [[0, 0], [1, 0], [1, 1], [0, 1]]}
"""
# Over 2.1 s one walks from x = 205 to 405 and one stands at (150, 200) for 1 s.
WAYS = {1: line((205, 200), (405, 200), 20), 2: [(150, 200)] * 10}


@pytest.fixture
def folder(tmp_path):
    items = frames(WAYS, doing(0, 0.9)[0])
    document(tmp_path / "out" / "track" / "walk.json", items)
    document(tmp_path / "out" / "track" / "empty.json", frames({1: [None, None]}),
             replace(VIDEO, name="empty"))  # fmt: skip
    (tmp_path / "out" / "summary.json").write_text("{}")
    (tmp_path / "zones.yaml").write_text(ZONES)
    return tmp_path


def test_the_tables_by_hand(folder):
    found = hie_cli.analyse(folder / "out", zones=folder / "zones.yaml").tables
    empty, walk = found["videos"]
    assert (empty["video"], empty["identities"], empty["mean_people"]) == ("empty", 0, 0)
    # 21 frames of .1 s; 21 + 10 boxes over 21 frames are 1.476 people
    assert walk["seconds"] == 2.1
    assert (walk["identities"], walk["identities_1s"], walk["max_people"]) == (2, 2, 2)
    assert walk["mean_people"] == round(31 / 21, 3)
    # 10 px every .1 s: a body height a second, at 50 px a metre 2 m/s; who stands has 0
    assert walk["mean_heights_per_second"] == round(21 * 1.0 / 31, 3)
    assert walk["mean_metres_per_second"] == round(21 * 2.0 / 31, 3)
    one, two = found["people"]
    assert (one["start"], one["end"], one["seconds_seen"]) == (0, 2.1, 2.1)
    assert one["main_action"] == "walking-alone"
    assert (two["mean_heights_per_second"], two["end"]) == (0, 1.0)
    assert found["actions"][0] == {
        "video": "walk", "track_id": 1, "action": "walking-alone", "minutes": 0.035,
    }  # fmt: skip
    assert found["groups"] == [{"video": "walk", "size": 1, "person_seconds": 3.1}]
    # 95 px at 10 px a frame: after 9.5 frames
    assert found["crossings"] == [
        {"video": "walk", "line": "door", "track_id": 1, "seconds": 0.95, "direction": "out"}
    ]
    assert found["lines"][1] == {"video": "walk", "line": "door", "in": 0, "out": 1}
    # in the hall: 1 at x = 205 ... 295 (10 frames) and 2 for 10 frames
    zone = found["zones"][1]
    assert (zone["visits"], zone["visitors"], zone["mean_dwell"]) == (2, 2, 1.0)
    assert (zone["mean_people"], zone["max_people"]) == (round(20 / 21, 3), 2)
    # 4 m x 4 m
    assert zone["square_metres"] == 16
    assert zone["max_people_per_square_metre"] == 2 / 16
    assert [visit["dwell"] for visit in found["visits"]] == [1.0, 1.0]
    rows = [row for row in found["timeline"] if row["video"] == "walk"]
    assert [row["mean_people"] for row in rows] == [2, 1, 1]
    assert [row["door: out"] for row in rows] == [1, 0, 0]
    assert [row["hall: mean_people"] for row in rows] == [2, 0, 0]
    assert rows[0]["hall: people_per_square_metre"] == 0.125


def test_without_zones_their_tables_are_not_there(folder):
    found = hie_cli.analyse(folder / "out", set={"bin_seconds": 10})
    assert set(found.tables) == {"videos", "people", "actions", "groups", "timeline"}
    assert len(found.tables["timeline"]) == 2
    assert "mean_metres_per_second" not in found.tables["people"][0]


def test_a_moving_camera(tmp_path):
    """The picture moves 30 px left a frame: who stands there crosses nothing and has no speed."""
    left = np.array([[1, 0, -30.0], [0, 1, 0], [0, 0, 1]])
    items = frames({1: [(400 - 30 * t, 200) for t in range(12)]})
    items = [replace(item, camera=left if item.index else None) for item in items]
    path = document(tmp_path / "walk.json", items)
    zones = Zones(lines={"door": ((300.0, 0.0), (300.0, 480.0))})
    found = hie_cli.analyse(path, zones=zones).tables
    assert found["crossings"] == []
    assert found["people"][0]["mean_heights_per_second"] == 0
    still = document(tmp_path / "still.json", [replace(item, camera=None) for item in items])
    assert len(hie_cli.analyse(still, zones=zones).tables["crossings"]) == 1


def test_files_of_every_kind(folder):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    found = hie_cli.analyse(folder / "out", zones=folder / "zones.yaml")
    files = write_tables(found, folder / "tables", ("csv", "json", "parquet"))
    assert len(files) == 9 + 1 + 9
    with open(folder / "tables" / "lines.csv") as file:
        assert list(csv.DictReader(file))[1] == {
            "video": "walk", "line": "door", "in": "0", "out": "1",
        }  # fmt: skip
    assert json.loads((folder / "tables" / "analysis.json").read_text()) == found.to_record()
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(folder / "tables" / "crossings.parquet")
    assert table.to_pylist() == found.tables["crossings"]
    with pytest.raises(ConfigError, match=r"videos\.csv: exists already"):
        write_tables(found, folder / "tables")


def test_names_are_no_formulas_and_no_paths(tmp_path):
    rows = {"lines": [{"video": "=1+1", "line": "@x", "in": 1, "out": 0}]}
    rows["timeline"] = [{"video": "v", "start": 0.0, "=hall: mean_people": 1.0}]
    write_tables(Analysis(rows), tmp_path / "tables")
    assert (tmp_path / "tables" / "lines.csv").read_text().splitlines()[1] == "'=1+1,'@x,1,0"
    assert "'=hall: mean_people" in (tmp_path / "tables" / "timeline.csv").read_text()
    assert sorted(p.name for p in (tmp_path / "tables").iterdir()) == ["lines.csv", "timeline.csv"]


def test_the_command(folder, capsys):
    arguments = ["analyse", str(folder / "out"), "--zones", str(folder / "zones.yaml")]
    assert run([*arguments, "-o", str(folder / "tables"), "--to", "csv,json", "-q"]) == 0
    text = capsys.readouterr().out
    assert "videos:" in text
    assert "walk   door  0   1" in text
    assert (folder / "tables" / "people.csv").exists()
    assert run([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lines"][1]["out"] == 1


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"results": "nowhere"}, InputError, "nowhere: no such file"),
        ({"results": "."}, InputError, "holds no tracks; give|holds no tracks: give"),
        ({"zones": "none.yaml"}, InputError, "none.yaml: cannot be read"),
        ({"set": {"bin_second": 1}}, ConfigError, "did you mean 'bin_seconds'"),
        ({"set": {"bin_seconds": 0}}, ConfigError, "bin_seconds: expected more than 0"),
    ],
)
def test_wrong_input_is_one_line(folder, change, error, message, monkeypatch):
    monkeypatch.chdir(folder)
    arguments = {"results": "out", **change}
    with pytest.raises(error, match=message) as found:
        hie_cli.analyse(arguments.pop("results"), **arguments)
    assert "\n" not in str(found.value)


def test_documents_of_other_programs_are_refused(tmp_path):
    (tmp_path / "a.json").write_text('{"annolist":[]}')
    with pytest.raises(InputError, match="has no header that states size and frame rate"):
        hie_cli.analyse(tmp_path / "a.json")


def test_a_ground_of_four_points_equals_its_homography(folder):
    pixels = ((0.0, 0.0), (50.0, 0.0), (50.0, 50.0), (0.0, 50.0))
    metres = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    given = Ground(homography=((0.02, 0, 0), (0, 0.02, 0), (0, 0, 1)))
    assert Ground(pixels, metres).matrix() == pytest.approx(given.matrix())
