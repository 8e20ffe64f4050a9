import csv
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from hie_cli.cli.app import build
from hie_cli.core import config as settings
from hie_cli.core.errors import ConfigError, InputError, ModelError
from hie_cli.models import registry
from hie_cli.models.decoders.nanodet import PackagedNanoDet
from hie_cli.models.images import Letterbox
from hie_cli.models.manifest import packaged
from hie_cli.training.data.items import find_items
from hie_cli.training.data.mix import read_mix
from hie_cli.training.detect import train_detect as command
from hie_cli.training.detect.settings import DetectTrainConfig
from hie_cli.training.detect.task import DetectTask
from hie_cli.training.detect.trainable import beginning
from hie_cli.training.distillation.taught import TaughtTask, labelled, taught
from hie_cli.training.distillation.teachers import OpenTeacher
from hie_cli.training.engine import checkpoint
from hie_cli.training.engine.loop import TrainState, learn, run_epoch
from hie_cli.training.engine.pixel_store import PixelFile
from hie_cli.training.engine.settings import optimisation
from tests.support.fakes import SquareDetector
from tests.support.learning import losses_by_heart
from tests.support.paths import ROOT
from tests.support.stills import picture, write_mix

SMALL = {
    "network": "nanodet-half", "side": 64, "epochs": 2, "batch": 2, "images": 4, "threads": 1,
    "workers": 0, "learning_rate": 0.001,
}  # fmt: skip
SETS = [word for key, value in SMALL.items() for word in ("--set", f"{key}={value}")]


def run(*arguments):
    return CliRunner().invoke(build(), [*map(str, arguments), "-q"])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    data = write_mix(folder)
    result = run("train", "detect", data, "-o", folder / "model", "--json", *SETS)
    assert result.exit_code == 0, result.output
    return folder, json.loads(result.stdout)


def test_it_writes_a_detector(trained):
    folder, told = trained
    assert told["epochs"] == 2
    assert set(told["before"]) == {"AP50", "AP", "recall"}
    rows = log_of(folder / "model")
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert (folder / "model" / "curves.png").stat().st_size > 5000
    card = json.loads((folder / "model" / "card.json").read_text())
    assert card["task"] == "detect"
    assert card["manifest"]["like"] == "nanodet-half"
    assert card["manifest"]["input_size"] == [64, 64]
    assert card["config"]["network"] == "nanodet-half"


def test_the_folder_is_a_detector_by_its_path(trained):
    folder, _ = trained
    model = registry.load_detector(str(folder / "model"), "cpu", threads=1)
    (found,) = model.detect([picture([[20, 10, 60, 100]])], 64)
    assert model.spec.architecture == "nanodet-half"
    # The module itself says the same as its graph.
    module = beginning("nanodet-half", str(folder / "model")).eval()
    box = Letterbox.fit((120, 160), 64)
    with torch.no_grad():
        outputs = module(torch.from_numpy(box.batch([picture([[20, 10, 60, 100]])])))
    want = PackagedNanoDet()([np.asarray(o[0]) for o in outputs], box)
    np.testing.assert_allclose(found.boxes, want.boxes[np.argsort(-want.scores)], atol=1e-2)


def test_a_chosen_model_goes_where_its_card_says(trained, tmp_path, sample_clip):
    folder, _ = trained
    model = folder / "model"
    result = run(
        "run", sample_clip, "--until", "detect", "--frames", ":2", "-o", tmp_path,
        "--model", model, "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    document = json.loads(next((tmp_path / "detect").glob("*.json")).read_text())
    assert [m["name"] for m in document["hie"]["models"]] == [str(model)]
    two = run(
        "run", sample_clip, "-o", tmp_path / "b", "--model", "movenet-thunder",
        "--model", "movenet-lightning",
    )  # fmt: skip
    assert isinstance(two.exception, ConfigError)
    assert "pose takes one model" in str(two.exception)


def test_a_damaged_card_is_refused(trained, tmp_path):
    folder, _ = trained
    card = json.loads((folder / "model" / "card.json").read_text())
    for change, message in (
        ({"manifest": {**card["manifest"], "like": "none"}}, "like: 'none'"),
        ({"task": "pose"}, "task: 'pose', expected 'detect'"),
        ({"manifest": {**card["manifest"], "score_calibration": [1, 2]}}, "4 coefficients"),
        ({"manifest": 7}, "manifest: no mapping"),
    ):
        (tmp_path / "card.json").write_text(json.dumps({**card, **change}))
        with pytest.raises(ModelError, match=message):
            registry.find(str(tmp_path))
    (tmp_path / "card.json").write_text("{")
    with pytest.raises(ModelError, match=r"card\.json: not a model card"):
        registry.find(str(tmp_path))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"is unknown: a folder without the card\.json"):
        registry.find(str(tmp_path / "empty"))
    (tmp_path / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match=r"weights\.safetensors: cannot be read"):
        registry.load_detector(str(tmp_path), "cpu")


def log_of(folder):
    """The rows of a training's log."""
    with (folder / "log.csv").open() as file:
        return list(csv.DictReader(file))


def losses_of(folder, data, **more):
    """The losses and figures of every epoch."""
    done = command.train_detect(data, output=folder, set={**SMALL, **more}, device="cpu")
    rows = log_of(folder)
    return [(row["loss"], row["AP"]) for row in rows], done


class InterruptedByTestError(Exception):
    pass


def test_an_interrupted_run_resumes_exactly(tmp_path, monkeypatch):
    data = write_mix(tmp_path)
    whole, _ = losses_of(tmp_path / "whole", data, epochs=3, workers=2, average=0.5)
    real = checkpoint.save

    def stop(folder, how, state):
        real(folder, how, state)
        raise InterruptedByTestError

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save", stop)
        with pytest.raises(InterruptedByTestError):
            losses_of(tmp_path / "cut", data, epochs=3, average=0.5)
    torch.manual_seed(77)
    command.train_detect(
        data, output=tmp_path / "cut", resume=True, device="cpu",
        set={**SMALL, "epochs": 3, "average": 0.5},
    )  # fmt: skip
    rows = log_of(tmp_path / "cut")
    assert [(row["loss"], row["AP"]) for row in rows] == whole
    with pytest.raises(InputError, match="other settings"):
        command.train_detect(
            data, output=tmp_path / "cut", resume=True, set={**SMALL, "side": 96}, device="cpu"
        )


@pytest.fixture
def task(tmp_path):
    """A task on a few stills, and its settings."""
    config = settings.load(DetectTrainConfig(), None, SMALL)
    with PixelFile(tmp_path / "store") as store:
        items = find_items(read_mix(write_mix(tmp_path)), store, 128)
        network = beginning("nanodet-half", None)
        yield DetectTask(network, packaged("nanodet-half"), items, config, "cpu"), config


def test_accumulated_batches_are_one_larger_batch(task):
    """Two batches of 2 give the gradient of one of 4, where each has as many people."""
    made, config = task
    network = made.network
    batch = next(iter(made.batches(0)))
    state = TrainState(network, optimisation(config, "AP50"), "cpu")
    state.gather(made.loss(batch)[0], 1)
    once = [p.grad.clone() for p in network.parameters() if p.grad is not None]
    state.optimizer.zero_grad()
    for _ in range(2):
        state.gather(made.loss(batch)[0], 2)
    twice = [p.grad for p in network.parameters() if p.grad is not None]
    for one, two in zip(once, twice, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-6)


def test_averaged_weights_follow_the_steps(task):
    """Keep .5 at most, (1 + n) / (10 + n) at first: after one step 2 / 11 of the old weights."""
    made, config = task
    how = optimisation(settings.load(config, None, {"average": 0.5}), "AP50")
    state = TrainState(made.network, how, "cpu")
    name = "stem.0.bias"
    before = made.network.state_dict()[name].clone()
    state.gather(made.loss(next(iter(made.batches(0))))[0], 1)
    assert state.step(0.01, 35.0)
    after = made.network.state_dict()[name]
    torch.testing.assert_close(state.average[name], before * 2 / 11 + after * 9 / 11)
    with state.averaged():
        torch.testing.assert_close(made.network.state_dict()[name], state.average[name])
    assert torch.equal(made.network.state_dict()[name], after)


def test_a_loss_that_is_no_number_names_the_batch(task, monkeypatch, tmp_path):
    made, config = task
    monkeypatch.setattr(made, "loss", lambda batch: (torch.tensor(float("nan")), 2))
    with pytest.raises(InputError, match=r"epoch 0, batch 0 \(.*still.*\): the loss is no finite"):
        learn(made.network, made, optimisation(config, "AP50"), tmp_path)


def test_short_memory_names_a_batch_that_fits(task, monkeypatch):
    made, config = task
    real = made.loss

    def loss(batch):
        if len(batch.images) > 1:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 9 bytes")
        return real(batch)

    monkeypatch.setattr(made, "loss", loss)
    how = optimisation(config, "AP50")
    state = TrainState(made.network, how, "cpu")
    with pytest.raises(ConfigError, match=r"a batch of 1 fits: --set batch=1"):
        run_epoch(state, made, how, 0)


@pytest.mark.parametrize("assignment", ["atss", "dynamic"])
def test_it_learns(task, assignment):
    """The loss of one batch falls while it is learned by heart."""
    made, config = task
    made.config = settings.load(config, None, {"assignment": assignment})
    batch = next(iter(made.batches(0)))
    values, count = losses_by_heart(made, batch, made.network, 1e-3, steps=8)
    assert count == 2
    assert min(values[4:]) < 0.8 * values[0]


def test_what_is_ignored_is_no_background(task):
    """Where nothing is known, a cell's score costs nothing."""
    made, _ = task
    batch = next(iter(made.batches(0)))
    levels = made.network.logits(batch.images)
    everything = torch.ones_like(batch.ignored)
    nobody = tuple(b[:0] for b in batch.boxes)
    joints = tuple(j[:0] for j in batch.joints)
    unknown = type(batch)(batch.images, nobody, joints, everything, batch.items)
    known = type(batch)(batch.images, nobody, joints, ~everything, batch.items)
    assert made.detection_loss(levels, unknown).item() == 0
    assert made.detection_loss(levels, known).item() > 0


METHODS = ["imitation", "hints", "boxes", "cwd", "pkd"]


@pytest.mark.parametrize("method", METHODS)
def test_a_teacher_changes_what_is_learned(task, method):
    made, config = task
    how = settings.load(config, None, {"epochs": 5, "distill": {"method": method, "warm_up": 400}})
    teaching, module = taught(made.network, made.items, how, "cpu", "nanodet")
    assert isinstance(teaching, TaughtTask)
    first, second = teaching.batches(0)
    del second
    batches = teaching.batches(0)
    batch = next(batches)
    assert torch.equal(batch.images, first.images)
    plain = made.loss(batch)[0].item()
    # Of 5 epochs of 2 batches a tenth is one step of warm-up.
    assert teaching.loss(batch)[0].item() == pytest.approx(plain)
    batch = next(batches)
    loss = teaching.loss(batch)[0]
    assert loss.item() > made.loss(batch)[0].item()
    loss.backward()
    assert any(p.grad is not None and p.grad.any() for p in module.adapters.parameters())
    assert isinstance(teaching.teacher, OpenTeacher)
    assert all(p.grad is None for p in teaching.teacher.network.parameters())


def test_adapters_are_dropped(tmp_path):
    data = write_mix(tmp_path)
    done = command.train_detect(
        data, teacher="nanodet", output=tmp_path / "m", device="cpu",
        set={**SMALL, "epochs": 1, "distill.warm_up": 0},
    )  # fmt: skip
    assert registry.load_detector(str(done.folder), "cpu").spec.architecture == "nanodet-half"


def test_a_teacher_of_boxes_adds_people(task, monkeypatch):
    made, config = task
    how = settings.load(config, None, {"distill.method": "labels"})
    fake = SquareDetector()
    cut = [
        type(item)(
            item.source, item.video, item.index, item.picture,
            type(item.labels)(
                item.labels.boxes[:0], item.labels.track_ids[:0], item.labels.ignore[:0]
            ), item.held_out,
        )
        for item in made.items.training
    ]  # fmt: skip
    items = type(made.items)(made.items.mix, tuple(cut), made.items.validation)
    found = labelled(items, fake, how)
    assert sum(len(item.labels) for item in found.training) >= len(cut)
    assert all(not item.labels.ignore.any() for item in found.training)


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (["--teacher", "movenet-multipose"], ConfigError, "its feature maps are not open"),
        (["--teacher", "none"], ModelError, "is unknown"),
        (["--teacher", "movenet-thunder"], ConfigError, "a model for pose; give a detector"),
        (["--teacher", "nanodet", "--set", "distill.adapter=none"], ConfigError, "64 channels"),
        (["--start", "movenet-thunder"], ConfigError, "is a movenet-thunder"),
        (["--set", "side=100"], ConfigError, "multiple of 32"),
        (["--set", "assignment=sim"], ConfigError, "not one of atss, dynamic"),
        (["--resume", "--overwrite"], ConfigError, "exclude each other"),
    ],
)
def test_what_is_wrong(tmp_path, words, error, message):
    result = run("train", "detect", write_mix(tmp_path), "-o", tmp_path / "m", *SETS, *words)
    assert isinstance(result.exception, error)
    assert message in str(result.exception)


def test_a_model_that_is_there_stays(trained):
    folder, _ = trained
    result = run("train", "detect", folder / "data.yaml", "-o", folder / "model", *SETS)
    assert isinstance(result.exception, ConfigError)
    assert "already there" in str(result.exception)


def test_nobody_held_out(tmp_path):
    result = run("train", "detect", write_mix(tmp_path, val=[]), "-o", tmp_path / "m", *SETS)
    assert isinstance(result.exception, InputError)
    assert "no video is held out" in str(result.exception)


def test_two_processes_learn_what_one_learns_from_twice_the_batch(tmp_path):
    """torchrun with gloo: the same losses within rounding, and one set of files."""
    data = write_mix(tmp_path)
    one, _ = losses_of(tmp_path / "one", data, batch=4, epochs=1)
    words = [word for k, v in {**SMALL, "epochs": 1}.items() for word in ("--set", f"{k}={v}")]
    done = subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
            "-m", "hie_cli", "train", "detect", str(data), "-o", str(tmp_path / "two"), "--json",
            "-q", "--device", "cpu", *words,
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["epochs"] == 1  # the first process speaks, and it alone
    rows = log_of(tmp_path / "two")
    assert float(rows[0]["loss"]) == pytest.approx(float(one[0][0]), rel=1e-4)
    first, second = (registry.load_detector(str(tmp_path / name), "cpu") for name in ("one", "two"))
    image = picture([[20, 10, 60, 100]])
    a, b = first.detect([image], 64)[0], second.detect([image], 64)[0]
    np.testing.assert_allclose(a.boxes, b.boxes, atol=0.05)


def test_the_shipped_settings_are_the_defaults():
    shipped = ROOT / "configs" / "train-detect.yaml"
    assert settings.load(DetectTrainConfig(), shipped) == DetectTrainConfig()
