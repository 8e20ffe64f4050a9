"""An index made, added to, searched and cleaned: small planted videos, the real backbone."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from hie_cli import ConfigError, InputError, ModelError, mine_dedupe, mine_index, mine_search
from hie_cli.cli.app import run
from hie_cli.retrieval import features
from hie_cli.retrieval.looking import content_digest
from hie_cli.retrieval.nearest import NearestCodes
from hie_cli.retrieval.search import _best_query
from hie_cli.retrieval.store import NAME, ItemStore
from hie_cli.video.cuts import find_pieces
from tests.support.films import film, pattern


def make_pool(folder):
    """Three videos: red then green; blue; green again with other tiles."""
    folder.mkdir()
    film(folder / "a.avi", (1, 0), (2, 60))
    film(folder / "b.avi", (3, 120))
    film(folder / "c.avi", (4, 60))
    return folder


@pytest.fixture
def pool(tmp_path):
    return make_pool(tmp_path / "pool")


@pytest.fixture(scope="module")
def whole_index(tmp_path_factory):
    """Made once; tests get copies of it."""
    folder = tmp_path_factory.mktemp("whole")
    mine_index(make_pool(folder / "pool"), output=folder / "index")
    return folder / "index"


@pytest.fixture
def index(whole_index, tmp_path):
    return Path(shutil.copytree(whole_index, tmp_path / "index"))


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


def test_adding_passes_over_what_is_there(index, pool):
    film(pool / "d.avi", (6, 0))
    report = mine_index(pool, output=index)
    assert (report.added, report.known) == (["d"], ["a", "b", "c"])
    assert report.items == 5


def test_two_videos_of_one_name_are_not_both_taken_in(index, tmp_path):
    (tmp_path / "other").mkdir()
    film(tmp_path / "other" / "a.avi", (6, 0))
    report = mine_index(tmp_path / "other", output=index)
    assert (report.added, report.items) == ([], 4)
    (name, reason) = report.failed[0]
    assert name == "a"
    assert reason.startswith(f"{tmp_path / 'other' / 'a.avi'}: the index has another video of the")
    with ItemStore(index) as store:
        assert store.names() == {"a", "b", "c"}


def test_an_interrupted_index_goes_on_to_the_same_items(index, pool, tmp_path, monkeypatch):
    parts = tmp_path / "parts"
    add = ItemStore.add_video

    def interrupted(self, name, *rest):
        if name == "b":
            raise KeyboardInterrupt
        add(self, name, *rest)

    monkeypatch.setattr(ItemStore, "add_video", interrupted)
    with pytest.raises(KeyboardInterrupt):
        mine_index(pool, output=parts)
    monkeypatch.undo()
    with pytest.raises(InputError, match="not finished"):
        mine_search(parts, pool / "c.avi")
    assert mine_index(pool, output=parts).known == ["a"]
    with ItemStore(index) as first, ItemStore(parts) as second:
        assert (first.codes()[1] == second.codes()[1]).all()


def test_what_an_interrupted_addition_left_does_not_hide_the_rest(index, pool, monkeypatch):
    """The disk is full when the codes are to be written, or when that is to be noted."""
    film(pool / "d.avi", (6, 0))
    before = [(r.item.video, r.item.start) for r in mine_search(index, pool / "c.avi")]
    for place in ("atomic_write", "_publish"):
        monkeypatch.setattr(f"hie_cli.retrieval.index.{place}", full_disk)
        with pytest.raises(ConfigError, match="No space"):
            mine_index(pool, output=index)
        monkeypatch.undo()
        assert [(r.item.video, r.item.start) for r in mine_search(index, pool / "c.avi")] == before
    assert mine_index(pool, output=index).items == 5
    assert len(mine_search(index, pool / "c.avi", near=0.0)) == 4


def full_disk(*_, **__):
    raise ConfigError("codes.faiss: No space left on device")


def test_a_digest_that_was_not_noted_after_the_codes_were_written_is_known(index, pool):
    with ItemStore(index) as store:
        digest = store.meta["codes_sha256"]
        store.remember(codes_sha256="0" * 64, next_codes_sha256=digest)
    assert mine_search(index, pool / "c.avi")


@pytest.mark.parametrize("kind", ["flat", "ivf", "hnsw"])
def test_codes_grown_in_parts_are_found_as_if_built_at_once(kind):
    codes = np.random.default_rng(0).integers(0, 256, (3000, 8), np.uint8)
    parts = NearestCodes.build(codes[:2000], kind)
    assert parts.takes(3000)
    assert not parts.takes(1000)
    parts.add(codes[2000:])
    whole = NearestCodes.build(codes, kind)
    assert len(parts) == len(whole) == 3000
    (distances, positions), (expected, _) = (x.search(codes[::500], 5) for x in (parts, whole))
    assert (distances == expected).all()
    assert (positions[:, 0] == np.arange(0, 3000, 500)).all()


def test_cells_are_made_anew_when_they_are_outgrown():
    """1,000 codes make 32 cells; they do for up to four times 32 x 32 codes, less than 4,096."""
    codes = np.random.default_rng(0).integers(0, 256, (1000, 8), np.uint8)
    assert NearestCodes.build(codes, "ivf").takes(4095)
    assert not NearestCodes.build(codes, "ivf").takes(4096)
    assert not NearestCodes.build(codes[:999], "ivf").takes(1000)  # no cells yet
    assert NearestCodes.build(codes[:999], "ivf").takes(999)
    assert NearestCodes.build(codes, "hnsw").takes(10**9)


def test_the_nearest_query_of_each_position():
    """Position 4 is 3 bits from query 0 and 2 from query 1; 7 as far from both: the first."""
    distances = np.array([[3, 5, 9], [2, 5, 9]], np.int32)
    positions = np.array([[4, 7, -1], [4, 7, 2]], np.int64)
    places, least, which = _best_query(distances, positions)
    assert (places.tolist(), least.tolist(), which.tolist()) == ([2, 4, 7], [9, 2, 5], [1, 1, 0])


def test_one_level_of_several_is_searched(pool, tmp_path):
    index = tmp_path / "index"
    mine_index(pool, output=index, levels=["shots", "frames"])
    found = mine_search(index, pool / "a.avi", own=True, near=0.0, level="shots")
    assert {r.item.level for r in found} == {"shots"}
    assert len(found) == 4
    with pytest.raises(ConfigError, match="holds shots, frames"):
        mine_search(index, pool / "a.avi", level="persons")


def test_persons_need_documents(pool, tmp_path):
    with pytest.raises(InputError, match="no video could be indexed"):
        mine_index(pool, output=tmp_path / "index", levels=["persons"])


def test_an_index_of_nothing_takes_other_settings(pool, tmp_path):
    index = tmp_path / "index"
    (tmp_path / "broken.avi").write_bytes(b"RIFF nothing")
    with pytest.raises(InputError, match="not a video"):
        mine_index(tmp_path / "broken.avi", output=index)
    assert mine_index(pool, output=index, bits=32).items == 4


@pytest.mark.parametrize("name", ["rate", "every", "longest"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_seconds_and_rates_are_bounded(pool, tmp_path, name, value):
    with pytest.raises(ConfigError, match=f"--{name}"):
        mine_index(pool, output=tmp_path / "index", **{name: value})


@pytest.mark.parametrize("bits", [0, 4, 12, 1032, 10**6])
def test_bits_are_bounded(pool, tmp_path, bits):
    with pytest.raises(ConfigError, match="multiple of 8 up to 1024"):
        mine_index(pool, output=tmp_path / "index", bits=bits)


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


def test_unreadable_videos_are_told_and_left_out(pool, tmp_path):
    (pool / "broken.avi").write_bytes(b"RIFF nothing")
    report = mine_index(pool, output=tmp_path / "index")
    assert [name for name, _ in report.failed] == ["broken"]
    assert report.items == 4


def test_a_pool_of_nothing_readable_is_refused(tmp_path):
    (tmp_path / "broken.avi").write_bytes(b"RIFF nothing")
    (tmp_path / "other.avi").write_bytes(b"RIFF")
    with pytest.raises(InputError, match=r"broken.avi: not a video"):
        mine_index(tmp_path / "broken.avi", output=tmp_path / "index")
    with pytest.raises(InputError, match="no video could be indexed"):
        mine_index(tmp_path / "*.avi", output=tmp_path / "index")


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


def test_an_index_keeps_its_settings(index, pool):
    with pytest.raises(ConfigError, match="bits is 64, not 32"):
        mine_index(pool, output=index, bits=32)


def test_an_index_of_another_backbone_is_refused(index, pool, monkeypatch):
    installed = SimpleNamespace(name="mobilenet-v2", sha256="0" * 64)
    monkeypatch.setattr("hie_cli.retrieval.search.Describer", lambda *_: installed)
    with pytest.raises(InputError, match="made with another"):
        mine_search(index, pool / "a.avi")


@pytest.mark.parametrize(
    "name", [NAME, "codes.faiss", "encoder/hash.safetensors", "encoder/card.json"]
)
def test_damaged_files_of_an_index_are_named(index, pool, name):
    path = index / name
    path.write_bytes(path.read_bytes()[:100] + b"?" * 50)
    with pytest.raises((InputError, ModelError)) as caught:
        mine_search(index, pool / "a.avi")
    assert name.rsplit("/", maxsplit=1)[-1] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_encoder_of_other_codes_is_refused(index, pool, tmp_path):
    """Of the same backbone and length, but of another pool: its codes mean something else."""
    mine_index(pool / "b.avi", output=tmp_path / "other")
    shutil.rmtree(index / "encoder")
    shutil.copytree(tmp_path / "other" / "encoder", index / "encoder")
    with pytest.raises(InputError, match="not the encoder of the index's codes"):
        mine_search(index, pool / "a.avi")
    shutil.rmtree(index / "encoder")
    with pytest.raises(InputError, match="encoder: cannot be read"):
        mine_index(pool, output=index)


def test_no_index_is_said(tmp_path, pool):
    with pytest.raises(InputError, match="mine index"):
        mine_search(tmp_path, pool / "a.avi")


def test_a_failed_write_leaves_the_index_as_it_was(index, pool):
    with ItemStore(index) as store:
        store.connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(ConfigError, match="as it was"):
            store.remember(much="x" * 1_000_000)
    with ItemStore(index) as store:
        assert len(store) == 4
        assert "much" not in store.meta


def test_a_full_disk_is_said_of_the_index(index, pool, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hie_cli.formats.locks.Lock._create", full)
    with pytest.raises(ConfigError, match=r"index: cannot be written \(No space left"):
        mine_index(pool, output=index)


def test_items_come_in_the_order_asked_for_however_many(index):
    with ItemStore(index) as store:
        numbers = [item.number for item in store.of_level("shots")]
        wanted = (numbers * 400)[::-1]  # more than one block
        assert [item.number for item in store.items(wanted)] == wanted
        assert (store.vectors(wanted)[-4:] == store.vectors(wanted[-4:])).all()
        with pytest.raises(InputError, match="damaged"):
            store.items([*numbers, 10**6])


def test_digests_tell_videos_apart(pool):
    assert len({content_digest(pool / f"{name}.avi") for name in "abc"}) == 3


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
