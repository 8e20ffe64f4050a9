import csv
import dataclasses
import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from hie_cli.cli.app import build
from hie_cli.core import config as settings
from hie_cli.core.errors import ConfigError, InputError, ModelError
from hie_cli.recognition.learned.loading import load, load_recogniser
from hie_cli.recognition.window import windows
from hie_cli.simulation.crowd import CrowdConfig, simulate, truth
from hie_cli.simulation.files import write_observations, write_truth, write_video
from hie_cli.simulation.observe import observe
from hie_cli.simulation.render import render
from hie_cli.training.action import train_action
from hie_cli.training.action.data import chosen_labels, materials
from hie_cli.training.action.learning import criterion
from hie_cli.training.action.settings import TrainConfig
from tests.support.paths import ROOT

QUICK = ["-q", "--device", "cpu", "--set", "epochs=2", "--set", "batch=2"]


def run(*arguments):
    return CliRunner().invoke(build(), ["train", "action", "--json", *map(str, arguments)])


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for seed in (1, 2):
        crowd = simulate(CrowdConfig(seed=seed, people=6, frames=41, width=640, height=360))
        write_truth(folder / "labels", truth(crowd), crowd.info)
        write_observations(folder / "track" / f"{crowd.info.name}.json", observe(crowd), crowd.info)
    return folder


@pytest.fixture(scope="module")
def model(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model") / "mine"
    result = run(
        data / "track", "--truth", data / "labels", "--val", "sim-train-2", "-o", folder, *QUICK
    )
    assert result.exit_code == 0, result.exception
    return folder, json.loads(result.stdout)


def test_it_leaves_log_curves_card_and_weights(model):
    folder, numbers = model
    with open(folder / "log.csv") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["0", "1"]
    assert (folder / "curves.png").read_bytes()[:4] == b"\x89PNG"
    card = json.loads((folder / "card.json").read_text())
    assert card["name"] == "mine"
    assert card["data"] == "1 videos, 1 held out"
    assert card["numbers"]["macro_accuracy"] == numbers["macro_accuracy"]


def test_the_epoch_is_chosen_by_the_figure_that_is_named(model):
    folder, numbers = model
    with open(folder / "log.csv") as file:
        rows = list(csv.DictReader(file))
    assert numbers["selected_by"] == "macro_accuracy"
    best = max(float(row["macro_accuracy"]) for row in rows)
    assert float(rows[int(numbers["best_epoch"])]["macro_accuracy"]) == best
    assert numbers["macro_accuracy"] == pytest.approx(best, abs=0.02)  # stored in half precision
    assert numbers["epochs"] == 2


def test_it_ends_with_what_to_do_next(data, tmp_path):
    words = ["--truth", data / "labels", "--val", "sim-train-2", "-o", tmp_path / "m", *QUICK]
    words = ["train", "action", data / "track", *words, "--set", "select=wf_mAP"]
    result = CliRunner().invoke(build(), list(map(str, words)))
    assert result.exit_code == 0, result.exception
    assert "the best by wf_mAP on validation" in result.stdout
    assert f"hie action out/track --model {tmp_path / 'm'} -o new" in result.stdout
    assert "--track 4" in result.stdout


def test_the_folder_is_a_recogniser(model):
    crowd = simulate(CrowdConfig(seed=2, people=4, frames=5))
    learned = load_recogniser(str(model[0]), crowd.info, device="cpu")
    for _, window in windows(observe(crowd), crowd.info, 2.0, 4):
        if window is not None:
            scores = learned.score(window)
            assert scores.shape == (len(window.people), 14)
            assert scores.sum(1) == pytest.approx(1.0, abs=1e-5)
    empty = simulate(CrowdConfig(people=0, frames=1))
    window = next(w for _, w in windows(observe(empty), empty.info, 2.0, 1) if w is not None)
    assert learned.score(window).shape == (0, 14)


def test_truth_with_joints_trains_by_itself_and_fine_tunes(data, model, tmp_path):
    result = run(
        data / "labels", "--val", "sim-train-1", "--start", model[0], "-o", tmp_path / "out",
        "--distill", f"self:{model[0]}", *QUICK,
    )  # fmt: skip
    assert result.exit_code == 0, result.exception


def test_simulation_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(train_action, "VALIDATION_SCENES", 1)
    result = run("--simulate", 1, "-o", tmp_path, "--distill", "reg", *QUICK)
    assert result.exit_code == 0, result.exception
    card = json.loads((tmp_path / "card.json").read_text())
    assert "simulation only" in card["data"]


def test_resume_of_a_finished_run_gives_the_same_model(data, model):
    before = (model[0] / "model.safetensors").read_bytes()
    result = run(
        data / "track", "--truth", data / "labels", "--val", "sim-train-2", "-o", model[0],
        "--resume", *QUICK,
    )  # fmt: skip
    assert result.exit_code == 0, result.exception
    assert (model[0] / "model.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ([], ConfigError, "nothing to train on"),
        (["LABELS"], ConfigError, "--val"),
        (["LABELS", "--val", "nobody"], InputError, "no such video"),
        (["missing"], InputError, "no such file"),
        (["LABELS", "--distill", "self"], ConfigError, "self:FOLDER"),
        (["LABELS", "--distill", "teach"], ConfigError, "expected reg"),
        (["LABELS", "--val", "sim-train-1", "--start", "nowhere"], ModelError, "cannot be read"),
        (["LABELS", "--truth", "LABELS"], InputError, "stage documents only"),
        (["LABELS", "--set", "epocs=3"], ConfigError, "epochs"),
        (["LABELS", "--set", "epochs=0"], ConfigError, "epochs: 0"),
    ],
)
def test_mistakes_are_told(data, tmp_path, arguments, kind, words):
    real = [str(data / "labels") if a == "LABELS" else a for a in arguments]
    result = run(*real, "-o", tmp_path / "out", "-q")
    assert isinstance(result.exception, kind), result.exception
    assert words in str(result.exception)


def test_a_trained_model_is_not_overwritten_unasked(data, model):
    result = run(data / "labels", "--val", "sim-train-1", "-o", model[0], *QUICK)
    assert isinstance(result.exception, ConfigError)
    assert "already there" in str(result.exception)


@pytest.mark.parametrize(
    "arguments", [[], ["missing"], ["LABELS"], ["LABELS", "--val", "sim-train-1", "--resume"]]
)
def test_a_mistake_costs_no_model_that_would_be_replaced(data, tmp_path, arguments):
    for name in ("card.json", "last.pt"):
        (tmp_path / name).write_text("kept")
    real = [str(data / "labels") if a == "LABELS" else a for a in arguments]
    result = run(*real, "-o", tmp_path, "--overwrite", *QUICK)
    assert isinstance(result.exception, ConfigError | InputError), result.exception
    assert [(tmp_path / name).read_text() for name in ("card.json", "last.pt")] == ["kept"] * 2


def test_damaged_weights_and_foreign_paths_are_refused(model, tmp_path):
    for name in ("card.json", "model.safetensors"):
        (tmp_path / name).write_bytes((model[0] / name).read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"junk")
    with pytest.raises(ModelError, match="damaged or replaced"):
        load(str(tmp_path))
    card = json.loads((tmp_path / "card.json").read_text())
    card["weights"] = "../secret"
    (tmp_path / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="lie elsewhere"):
        load(str(tmp_path))


def test_the_shipped_settings_are_the_defaults():

    shipped = ROOT / "configs" / "train-action.yaml"
    assert settings.load(TrainConfig(), [shipped]) == TrainConfig()


def test_labels_halfway_between_labelled_frames(data):
    video = next(iter(materials([data / "track"], data / "labels")))
    plain = chosen_labels(video, TrainConfig(interpolate=False))
    more = chosen_labels(video, TrainConfig())
    assert (sorted(plain), sorted(more)) == ([0, 20, 40], [0, 10, 20, 30, 40])
    assert np.array_equal(more[0], plain[0])
    later = dataclasses.replace(
        video,
        observed=video.observed[5:],
        labels={k - 5: v for k, v in video.labels.items() if k > 4},
    )
    found = chosen_labels(later, TrainConfig())  # a document from frame 5 on: 20 and 40 are kept
    assert np.array_equal(found[15], plain[20])
    assert np.array_equal(found[35], plain[40])


def test_the_same_command_gives_the_same_losses_as_ever(tmp_path, monkeypatch):
    """Recorded before training was made one for all networks; shipped weights hang on it."""
    monkeypatch.setattr(train_action, "VALIDATION_SCENES", 2)
    sets = ["--set", "epochs=2", "--set", "batch=4", "--device", "cpu", "-q"]
    result = run("--simulate", 4, "-o", tmp_path, *sets)
    assert result.exit_code == 0, result.exception
    with open(tmp_path / "log.csv") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == pytest.approx([2.492473, 1.967249], abs=2e-4)
    assert [float(row["wf_mAP"]) for row in rows] == pytest.approx([0.283588, 0.293209], abs=2e-3)


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    """Two small crowds with video, and a shorter video of the same name as the first."""
    folder = tmp_path_factory.mktemp("filmed")
    for seed, frames, part in ((1, 41, "videos"), (2, 41, "videos"), (1, 21, "cut")):
        crowd = simulate(CrowdConfig(seed=seed, people=4, frames=frames, width=320, height=180))
        path = folder / part / f"{crowd.info.name}.mp4"
        write_video(path, render(crowd), crowd.info)
        if part == "videos":
            write_truth(folder / "labels", truth(crowd), crowd.info)
            document = folder / "track" / f"{crowd.info.name}.json"
            write_observations(document, observe(crowd), crowd.info)
    return folder


SLOWFAST = ["--set", "model=slowfast-r18", "--set", "slowfast.width=8", "--set", "slowfast.side=32"]
VAL = ["--val", "sim-train-2"]


@pytest.mark.parametrize("model", ["parallel", "slowfast-r18"])
@pytest.mark.parametrize("layout", ["documents", "truth"])
def test_pixels_beside_documents_or_truth(filmed, tmp_path, model, layout):
    sets = [*SLOWFAST, "--set", f"model={model}", "--video", filmed / "videos", *VAL]
    where = [filmed / "labels" / "all-track"]
    if layout == "documents":
        where = [filmed / "track", "--truth", *where]
    result = run(*where, *sets, "-o", tmp_path, *QUICK)
    assert result.exit_code == 0, result.exception
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "card.json", "curves.png", "last.pt", "log.csv", "model.safetensors",
    ]  # fmt: skip
    learned = load(str(tmp_path))
    assert learned.card.network == model
    assert learned.kind.wanted is not None


def test_public_weights_start_slowfast(filmed, tmp_path):
    import torch

    from hie_cli.recognition.learned.slowfast import slowfast

    torch.save({"model_state": slowfast("slowfast-r18", width=8).state_dict()}, tmp_path / "w.pyth")
    video = ["--video", filmed / "videos", *VAL]
    command = [filmed / "labels" / "all-track", *video, *SLOWFAST, *QUICK]
    started = run(*command, "--start", tmp_path / "w.pyth", "-o", tmp_path / "a")
    assert started.exit_code == 0, started.exception
    wider = ["--set", "slowfast.width=16"]
    result = run(*command, *wider, "--start", tmp_path / "w.pyth", "-o", tmp_path / "b")
    assert isinstance(result.exception, ModelError)
    assert "layer stages" in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (["LABELS"], ConfigError, "needs its video"),
        (["TRACK"], ConfigError, "needs its video"),
        (["LABELS", "--video", "VIDEOS/sim-train-2.mp4"], InputError, "'sim-train-1' has no video"),
        (["TRACK", "--video", "VIDEOS/sim-train-2.mp4"], InputError, "is of video 'sim-train-1'"),
        (["LABELS", "--video", "CUT", "--video", "VIDEOS/sim-train-2.mp4"], InputError, "has 21"),
        (["TRACK", "--video", "CUT", "--video", "VIDEOS/sim-train-2.mp4"], InputError, "has 21"),
        (["LABELS", "--start", "pose-stream-sim"], ConfigError, "is a pose-stream of 25 instants"),
        (["LABELS", "--start", "VIDEOS/sim-train-2.mp4"], ModelError, "cannot be read as tensors"),
        (["LABELS", "--set", "slowfast.width=9"], ConfigError, "multiple of 8"),
        (["LABELS", "--set", "multi_label=true", "--distill", "reg"], ConfigError, "multi_label"),
        (["LABELS", "--set", "model=parallel", "--set", "sampling.length=300"], ConfigError, "256"),
    ],
)
def test_mistakes_with_pixels_are_told(filmed, tmp_path, arguments, kind, words):
    names = {
        "LABELS": filmed / "labels" / "all-track",
        "TRACK": filmed / "track",
        "CUT": filmed / "cut",
    }
    real = [
        filmed / "videos" / a.removeprefix("VIDEOS/") if "VIDEOS" in a else names.get(a, a)
        for a in arguments
    ]
    result = run(*SLOWFAST, *real, *VAL, "-o", tmp_path / "out", "-q")
    assert isinstance(result.exception, kind), result.exception
    assert words in str(result.exception)


@pytest.mark.parametrize(
    ("sets", "wanted"),
    [
        ({"distill": "reg"}, (0.1, 20.0, 0.1)),
        ({"distill": "self"}, (0.95, 6.0, 17.1)),
        ({"distill": "self", "temperature": 20.0, "kl_weight": 3.8}, (0.95, 20.0, 3.8)),
        ({"distill": "reg", "alpha": 0.3}, (0.3, 20.0, None)),
    ],
)
def test_tf_kd_settings_are_published_ones(sets, wanted):
    assert TrainConfig(**sets).tf_kd == wanted


def test_distillation_keeps_the_class_weights():
    """A batch of one person of class 1, whose weight is 0: nothing but the divergence is left."""
    config = TrainConfig(distill="reg", alpha=0.3, kl_weight=0.0)
    weights = torch.ones(14)
    weights[1] = 2.0
    batch = SimpleNamespace(labels=torch.tensor([0, 1]))
    logits = torch.zeros(2, 14)
    logits[0, 0] = 5.0
    even = criterion(config, None, None)(logits, batch)
    heavy = criterion(config, weights, None)(logits, batch)
    # The second person, log 14 off, counts twice.
    first = -float(torch.log_softmax(logits[0], 0)[0])
    assert float(even) == pytest.approx(0.7 * (first + math.log(14)) / 2, rel=1e-4)
    assert float(heavy) == pytest.approx(0.7 * (first + 2 * math.log(14)) / 3, rel=1e-4)
