"""An index made, added to, interrupted, damaged."""

import shutil
from types import SimpleNamespace

import pytest

from hie_cli import ConfigError, InputError, ModelError, mine_index, mine_search
from hie_cli.retrieval.looking import content_digest
from hie_cli.retrieval.store import NAME, ItemStore
from tests.support.films import film


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
