"""An index searched and cleaned."""

import json
import shutil

import cv2
import numpy as np
import pytest

from hie_cli import ConfigError, InputError, mine_dedupe, mine_index, mine_search
from hie_cli.cli.app import run
from hie_cli.retrieval import features
from hie_cli.video.cuts import find_pieces
from tests.support.films import film, pattern


def test_shots_are_found_by_what_they_look_like(index, tmp_path):
    query = film(tmp_path / "query.avi", (5, 60))
    found = mine_search(index, query, output=tmp_path / "found", near=0.0)
    assert len(found) == 4
    assert {(r.item.video, r.item.start) for r in found[:2]} == {("a", 20), ("c", 0)}
    assert [r.score for r in found] == sorted((r.score for r in found), reverse=True)
    record = json.loads((tmp_path / "found" / "results.json").read_text())["results"][0]
    assert record["frames"][1] - record["frames"][0] == 20
    assert record["end"] - record["start"] == pytest.approx(2.0)
    assert record["nearest_query"]["name"] == "query"
    assert cv2.imread(str(tmp_path / "found" / "results.jpg")).shape[1] == 4 * 192
    assert len(json.loads((tmp_path / "found" / "cuts.json").read_text())["cuts"]) == 4


def test_an_image_is_a_query(index, tmp_path):
    cv2.imwrite(str(tmp_path / "blue.png"), pattern(9, 120))
    assert mine_search(index, tmp_path / "blue.png")[0].item.video == "b"


def test_the_query_itself_and_its_copies_are_left_out_unless_asked_for(index, pool, tmp_path):
    copy = tmp_path / "copy.avi"
    shutil.copy(pool / "b.avi", copy)
    assert "b" not in {r.item.video for r in mine_search(index, copy)}
    found = mine_search(index, copy, own=True)
    assert (found[0].item.video, found[0].distance, found[0].score) == ("b", 0, 1.0)


def test_one_level_of_several_is_searched(pool, tmp_path):
    index = tmp_path / "index"
    mine_index(pool, output=index, levels=["shots", "frames"])
    found = mine_search(index, pool / "a.avi", own=True, near=0.0, level="shots")
    assert {r.item.level for r in found} == {"shots"}
    assert len(found) == 4
    with pytest.raises(ConfigError, match="holds shots, frames"):
        mine_search(index, pool / "a.avi", level="persons")


def test_an_index_of_one_shot_finds_it_and_tells_it_from_what_is_added(pool, tmp_path):
    """The centre of the projections must not be the only item itself."""
    index = tmp_path / "index"
    mine_index(pool / "b.avi", output=index)
    (found,) = mine_search(index, pool / "b.avi", own=True)
    assert (found.item.video, found.score) == ("b", 1.0)
    mine_index(pool, output=index)
    query = film(tmp_path / "query.avi", (8, 120))
    assert mine_search(index, query, own=True)[0].item.video == "b"


def test_near_0_leaves_out_no_duplicates(pool, tmp_path):
    shutil.copy(pool / "b.avi", pool / "copy.avi")
    with (pool / "copy.avi").open("ab") as file:
        file.write(b"0")  # other bytes, the same pictures
    index = tmp_path / "index"
    mine_index(pool, output=index)
    names = [r.item.video for r in mine_search(index, pool / "b.avi", near=0.0)]
    assert names[0] == "copy"
    assert "copy" not in [r.item.video for r in mine_search(index, pool / "b.avi", near=0.01)]


def test_features_that_are_no_numbers_are_refused(index, pool, monkeypatch):
    class Broken:
        def embed(self, images, boxes):
            return [np.full((len(b), 1280), np.nan, np.float32) for b in boxes]

    monkeypatch.setattr(features, "_loaded", lambda *_: Broken())
    film(pool / "d.avi", (6, 0))
    report = mine_index(pool, output=index)
    assert [name for name, _ in report.failed] == ["d"]
    assert "NaN" in report.failed[0][1]
    with pytest.raises(InputError, match=r"a\.avi: features of mobilenet-v2 are no numbers"):
        mine_search(index, pool / "a.avi")
    monkeypatch.undo()
    assert mine_search(index, pool / "a.avi")


def test_copies_are_one_group(pool, tmp_path):
    film(pool / "longer.avi", (3, 120), frames=25)
    mine_index(pool, output=tmp_path / "index")
    (group,) = mine_dedupe(tmp_path / "index", output=tmp_path / "unique")
    assert (group.kept.video, [item.video for item in group.others]) == ("longer", ["b"])
    assert len(json.loads((tmp_path / "unique" / "duplicates.json").read_text())["groups"]) == 1
    pieces = find_pieces(tmp_path / "unique" / "cuts.json", sorted(pool.iterdir()))
    assert [piece.name for piece in pieces] == ["a-0-20", "a-20-40", "c-0-20", "longer-0-25"]


def test_frames_are_items_too(pool, tmp_path):
    """2 frames a second of videos of 4, 2 and 2 seconds: 8 + 4 + 4."""
    report = mine_index(pool, output=tmp_path / "index", levels=["frames"])
    assert report.items == 16


@pytest.mark.parametrize("kind", ["ivf", "hnsw"])
def test_other_kinds_of_index_find_the_same_in_a_small_pool(pool, tmp_path, index, kind):
    query = film(tmp_path / "query.avi", (5, 60))
    mine_index(pool, output=tmp_path / kind, kind=kind)
    exact = [r.record() for r in mine_search(index, query, near=0.0)]
    assert [r.record() for r in mine_search(tmp_path / kind, query, near=0.0)] == exact


def test_no_index_is_said(tmp_path, pool):
    with pytest.raises(InputError, match="mine index"):
        mine_search(tmp_path, pool / "a.avi")


def test_commands(pool, tmp_path, capsys):
    index, found = tmp_path / "index", tmp_path / "found"
    assert run(["mine", "index", str(pool), "-o", str(index), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["items"] == 4
    query = film(tmp_path / "query.avi", (5, 60))
    assert (
        run(["mine", "search", str(index), "--like", str(query), "-o", str(found), "-k", "2"]) == 0
    )
    assert "2 found" in capsys.readouterr().out
    assert run(["mine", "dedupe", str(index), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"groups": []}
    with pytest.raises(InputError):
        run(["mine", "search", str(tmp_path), "--like", str(query)])
    with pytest.raises(ConfigError):
        run(["mine", "search", str(index), "--like", str(query), "-k", "0"])
