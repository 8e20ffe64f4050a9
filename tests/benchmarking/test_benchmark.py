"""The benchmark's arithmetic, and a small one from end to end."""

import json

import pytest

import hie_cli
from hie_cli.benchmarking import loops
from hie_cli.benchmarking.chain_speed import shares
from hie_cli.core.errors import ConfigError, ModelError


def test_shares_of_the_stages_time():
    stages = {"decode": 1.0, "detect": 5.0, "pose": 2.0, "write": 0.5, "track": 1.5}
    # 10 seconds in all, 6 of them in networks: 10 - 6 - 1 - 0.5 = 2.5 are left.
    assert shares(stages, 6.0) == {"network": 0.6, "decode": 0.1, "write": 0.05, "glue": 0.25}
    assert shares({}, 0.0)["glue"] == 0.0


@pytest.fixture(scope="module")
def found():
    return hie_cli.benchmark(presets=["fast"], people=[2], frames=3)


def test_a_rendered_crowd_from_end_to_end(found):
    (chain,) = found.chains
    assert (chain.input, chain.preset, chain.frames) == ("rendered 2", "fast", 3)
    assert chain.frames_per_second == pytest.approx(3 / chain.seconds, abs=0.006)
    assert sum(chain.shares.values()) == pytest.approx(1.0, abs=0.003)
    assert {"decode", "detect", "pose", "track", "action", "write"} <= set(chain.stages)
    naive = found.loops[0]
    assert (naive.name, naive.weights, naive.frames) == ("naive, fast", "same", 3)


def test_it_goes_into_json_and_a_picture(found, tmp_path):
    assert json.loads(json.dumps(found.as_dict()))["chains"][0]["preset"] == "fast"
    path = hie_cli.plot_benchmark(found, tmp_path / "speed.png")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_other_packages_are_left_out_where_they_are_not_installed(monkeypatch):
    monkeypatch.setattr(loops, "find_spec", lambda name: None)
    assert loops.peer_loops([], "x") == []


def test_wrong_wishes_are_refused():
    with pytest.raises(ConfigError, match="frames: 1; expected 2 or more"):
        hie_cli.benchmark(frames=1)
    with pytest.raises(ModelError, match="did you mean 'nanodet'"):
        hie_cli.benchmark(models=["nanodett"], people=[1])
