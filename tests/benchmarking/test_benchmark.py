"""The benchmark's arithmetic, and a small one from end to end."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

import hie_cli
from hie_cli.benchmarking import loops, peer_networks
from hie_cli.benchmarking.chain_speed import shares
from hie_cli.cli.app import build
from hie_cli.core.errors import ConfigError, ModelError
from hie_cli.models import registry
from hie_cli.pipeline.settings import load_chain


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


@pytest.mark.parametrize(("most", "crops"), [(0, 3), (2, 2)])
def test_the_naive_loop_makes_as_many_crops_as_the_preset(monkeypatch, most, crops):
    boxes = np.array([[0, 0, 10, 30], [50, 0, 60, 30], [90, 0, 99, 30]], np.float32)
    found = SimpleNamespace(boxes=boxes, scores=np.array([0.9, 0.8, 0.7]))
    looked_at: list[int] = []
    detector = SimpleNamespace(detect=lambda images: [found])
    estimator = SimpleNamespace(estimate=lambda images, boxes: looked_at.append(len(boxes[0])))
    monkeypatch.setattr(registry, "load_detector", lambda *_, **__: detector)
    monkeypatch.setattr(registry, "load_estimator", lambda *_, **__: estimator)
    images = [np.zeros((40, 100, 3), np.uint8)] * 2
    loops.naive_loop(images, "fast", load_chain("fast", [], [f"pose.most_crops={most}"]))
    assert looked_at == [1] * (3 * crops)  # the first image is looked at once before


def test_other_packages_are_left_out_where_they_are_not_installed(monkeypatch):
    monkeypatch.setattr(loops, "find_spec", lambda name: None)
    assert list(loops.peer_loops([], "x", [])) == []


def test_peer_networks_are_those_published():
    """Millions of weights: YOLOX's README, MMPose's page on RTMPose."""
    torch = pytest.importorskip("torch")
    published = [
        (peer_networks.Yolox(0.375, 0.33), 5.06),
        (peer_networks.Yolox(0.75, 0.67), 25.33),
        (peer_networks.RtmPose(0.5, 0.33), 5.47),
        (peer_networks.RtmPose(0.75, 0.67), 13.59),
    ]
    for network, millions in published:
        count = sum(each.numel() for each in network.parameters())
        assert round(count / 1e6, 2) == millions
    small, pose = published[0][0].eval(), published[2][0].eval()
    with torch.no_grad():
        cells = small(torch.zeros(1, 3, 64, 96))
        x, y = pose(torch.zeros(1, 3, 256, 192))
    assert cells.shape == (1, 8 * 12 + 4 * 6 + 2 * 3, 85)
    assert (x.shape, y.shape) == ((1, 17, 384), (1, 17, 512))


def test_rtmlibs_loop_is_given_the_people(monkeypatch):
    """A stand-in for the package: it runs the files it is given as the real one does."""
    asked = []

    class Tool:
        def __init__(self, file, size):
            import onnxruntime

            self.run = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"]).run
            self.size = size
            print("loaded")

        def __call__(self, image, bboxes=(0,)):
            width, height = self.size
            for _ in bboxes:
                asked.append(len(self.run(None, {"input": np.zeros((1, 3, height, width), "f4")})))

    package = SimpleNamespace(YOLOX=Tool, RTMPose=Tool)
    monkeypatch.setitem(sys.modules, "rtmlib", package)
    monkeypatch.setattr(loops, "find_spec", lambda name: name in ("rtmlib", "onnx"))
    image = np.zeros((48, 64, 3), np.uint8)
    people = [np.zeros((2, 4), np.float32), np.zeros((0, 4), np.float32)]
    found = next(iter(loops.peer_loops([image, image], "clip", people)))
    assert (found.name, found.weights, found.frames) == ("rtmlib lightweight", "random", 2)
    # Once before: one output of the detector, two of the pose for each of two people; the same of
    # the first image; the second has nobody.
    assert asked == [1, 2, 2, 1, 2, 2, 1]


def test_a_package_that_does_not_run_is_left_out(monkeypatch):
    monkeypatch.setattr(loops, "find_spec", lambda name: name == "ultralytics")
    monkeypatch.setitem(sys.modules, "ultralytics", SimpleNamespace())  # without YOLO
    assert list(loops.peer_loops([np.zeros((48, 64, 3), np.uint8)], "clip", [])) == []


def test_presets_side_by_side():
    command = ["benchmark", "--people", "1", "--frame-count", "2", "--no-loops", "--json"]
    presets = ["--preset", "fast", "--preset", "configs/fast.yaml"]
    done = CliRunner().invoke(build(), [*command, *presets])
    assert done.exit_code == 0, done.output
    chains = json.loads(done.stdout)["chains"]
    assert [each["preset"] for each in chains] == ["fast", "configs/fast.yaml"]


def test_wrong_wishes_are_refused():
    with pytest.raises(ConfigError, match="frames: 1; expected 2 or more"):
        hie_cli.benchmark(frames=1)
    with pytest.raises(ModelError, match="did you mean 'nanodet'"):
        hie_cli.benchmark(models=["nanodett"], people=[1])
