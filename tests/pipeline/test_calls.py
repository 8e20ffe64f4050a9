"""A function called on an executor for each of many: same results, failures by themselves."""

import os

import pytest

import hie_cli
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.pipeline.calls import Call, run_calls
from hie_cli.pipeline.executors.engine import Engine
from tests.support import jobs
from tests.support.films import film


def outcomes(actions: dict[str, str], engine: Engine) -> list[tuple]:
    calls = [Call(name, jobs.called, (name, action)) for name, action in actions.items()]
    found = []
    run_calls(calls, engine, lambda o: found.append((o.name, o.value, str(o.error or ""))))
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_outcomes_come_in_order_and_errors_with_their_kind(workers):
    actions = {"a": "slow", "b": "say b", "c": "bad", "d": "bug", "e": "say e"}
    found = outcomes(actions, Engine(workers))
    assert [name for name, _, _ in found] == list("abcde")
    assert [value for _, value, _ in found] == ["slow", "say b", None, None, "say e"]
    assert found[2][2] == "c: bad input"
    assert "unexpected failure (ZeroDivisionError" in found[3][2]


def test_a_worker_that_dies_stops_nobody():
    found = outcomes({"a": "die", "b": "say b"}, Engine(2))
    assert "its worker process died" in found[0][2]
    assert found[1] == ("b", "say b", "")


def test_each_worker_sees_a_gpu_of_its_own(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,GPU-x")
    found = outcomes(dict.fromkeys("abc", "gpu"), Engine(3))
    assert sorted(value for _, value, _ in found) == ["4", "4", "GPU-x"]


def test_what_the_taker_raises_ends_the_rest():
    def take(outcome):
        raise outcome.error

    with pytest.raises(InputError, match="a: bad input"):
        run_calls([Call("a", jobs.called, ("a", "bad"))], Engine(), take)
    run_calls([], Engine(2), take)


def test_engines_that_make_no_sense():
    with pytest.raises(ConfigError, match="did you mean 'ray'"):
        Engine(name="rai")
    with pytest.raises(ConfigError, match="add --engine ray"):
        Engine(address="auto")
    with pytest.raises(ConfigError, match="expected 1 or more"):
        Engine(0)


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


SMALL = {"people": 4, "frames": 6, "width": 160, "height": 120}


def test_simulated_crowds_are_the_same_bytes(tmp_path):
    alone = hie_cli.simulate(tmp_path / "a", count=3, set=SMALL)
    side = hie_cli.simulate(tmp_path / "b", count=3, set=SMALL, workers=2)
    assert [video.name for video in side] == [video.name for video in alone]
    assert files(tmp_path / "a") == files(tmp_path / "b") != {}


def test_a_crowd_that_cannot_be_written_stops_no_other(tmp_path):
    (tmp_path / "videos" / "sim-train-1.mp4").mkdir(parents=True)
    with pytest.raises(IsADirectoryError, match="sim-train-1"):
        hie_cli.simulate(tmp_path, count=3, set=SMALL, seed=0, workers=2)
    assert {p.name for p in (tmp_path / "track").iterdir()} == {
        "sim-train-0.json", "sim-train-2.json",
    }  # fmt: skip


def test_scores_are_the_same(tmp_path):
    made = hie_cli.simulate(tmp_path, count=3, set=SMALL, video=False)
    assert len(made) == 3
    sides = (tmp_path / "track", tmp_path / "labels" / "track1")
    alone = hie_cli.evaluate(*sides, timelines=True, worst=2, ci=True)
    side = hie_cli.evaluate(*sides, timelines=True, worst=2, ci=True, workers=2)
    assert side.to_json() == alone.to_json()
    assert side.notes == alone.notes
    assert str(side.evaluation.worst) == str(alone.evaluation.worst)
    assert side.evaluation.timelines.keys() == alone.evaluation.timelines.keys() != set()


def test_a_sequence_that_cannot_be_scored_is_named(tmp_path):
    hie_cli.simulate(tmp_path, count=2, set=SMALL, video=False, seed=0)
    (tmp_path / "track" / "sim-train-1.json").write_text('{"hie": 1, "broken')
    sides = (tmp_path / "track", tmp_path / "labels" / "track1")
    said = []
    for workers in (None, 2):
        with pytest.raises(InputError) as caught:
            hie_cli.evaluate(*sides, workers=workers)
        said.append(str(caught.value))
    assert said[0] == said[1]


@pytest.fixture
def pool(tmp_path):
    folder = tmp_path / "pool"
    folder.mkdir()
    film(folder / "a.avi", (1, 20), (2, 90))
    film(folder / "b.avi", (3, 140))
    for name in "ce":
        (folder / f"{name}.avi").write_bytes(b"no video")
    (folder / "d.avi").write_bytes((folder / "a.avi").read_bytes())
    return folder


def test_an_index_holds_the_same(tmp_path, pool):
    pytest.importorskip("faiss")
    alone = hie_cli.mine_index(pool, output=tmp_path / "one", bits=8)
    side = hie_cli.mine_index(pool, output=tmp_path / "two", bits=8, workers=2)
    assert (side.added, side.known) == (alone.added, alone.known) == (["a", "b"], ["d"])
    assert side.failed == alone.failed
    assert [name for name, _ in side.failed] == ["c", "e"]
    codes = [(tmp_path / each / "codes.faiss").read_bytes() for each in ("one", "two")]
    assert codes[0] == codes[1]
    again = hie_cli.mine_index(pool, output=tmp_path / "two", workers=2)
    assert (again.added, again.known) == ([], ["a", "b", "d"])


def test_summaries_are_the_same_bytes(tmp_path, pool):
    options = {"method": "ctvsum", "share": 0.3}
    alone = hie_cli.summarize(pool, output=tmp_path / "one", **options)
    side = hie_cli.summarize(pool, output=tmp_path / "two", workers=2, **options)
    assert [one.name for one in side.made] == [one.name for one in alone.made] == ["a", "b", "d"]
    assert side.failed == alone.failed
    assert files(tmp_path / "one") == files(tmp_path / "two") != {}


def test_on_ray(tmp_path):
    pytest.importorskip("ray")
    found = outcomes({"a": "say a", "b": "bad", "c": "process"}, Engine(2, "ray"))
    assert [each[1] for each in found[:2]] == ["say a", None]
    assert found[2][1] != os.getpid()
