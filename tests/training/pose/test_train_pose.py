import csv
import json

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from hie_cli.cli.app import build
from hie_cli.core import config as settings
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.models import registry
from hie_cli.models.manifest import packaged
from hie_cli.training.data.items import find_items
from hie_cli.training.data.mix import read_mix
from hie_cli.training.engine import checkpoint
from hie_cli.training.engine.pixel_store import PixelFile
from hie_cli.training.pose import train_pose as command
from hie_cli.training.pose.settings import PoseTrainConfig
from hie_cli.training.pose.task import PoseTask, estimated
from hie_cli.training.pose.trainable import TRAINABLE, beginning
from tests.support.learning import losses_by_heart
from tests.support.paths import ROOT
from tests.support.stills import joints_of, picture, write_mix, write_stills

SMALL = {"epochs": 1, "batch": 2, "people": 2, "threads": 1, "workers": 0, "frozen": True}
SETS = [word for key, value in SMALL.items() for word in ("--set", f"{key}={value}")]


def run(*arguments):
    return CliRunner().invoke(build(), [*map(str, arguments), "-q"])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    result = run(
        "train", "pose", write_mix(folder, count=4), "-o", folder / "model", "--json", *SETS
    )
    assert result.exit_code == 0, result.output
    return folder, json.loads(result.stdout)


def test_it_writes_a_pose_network(trained):
    folder, told = trained
    assert set(told["before"]) == {"near", "OKS_AP"}
    card = json.loads((folder / "model" / "card.json").read_text())
    assert card["task"] == "pose"
    assert card["manifest"]["like"] == "movenet-lightning"
    assert card["config"]["learning_rate"] == TRAINABLE["movenet-lightning"].learning_rate
    model = registry.load_estimator(str(folder / "model"), "cpu", threads=1)
    ((points, scores),) = model.estimate(
        [picture([[20, 10, 60, 100]])], [np.array([[20.0, 10, 60, 100]])]
    )
    assert points.shape == (1, 14, 2)
    assert scores.shape == (1, 14)


def test_an_interrupted_run_resumes_exactly(tmp_path, monkeypatch):
    data = write_mix(tmp_path, count=4)
    how = {**SMALL, "epochs": 2, "average": 0.5}

    def losses(name, **more):
        command.train_pose(data, output=tmp_path / name, set=how, device="cpu", **more)
        with (tmp_path / name / "log.csv").open() as file:
            return [(row["loss"], row["near"]) for row in csv.DictReader(file)]

    whole = losses("whole")
    real = checkpoint.save

    def stop(folder, settings_, state):
        real(folder, settings_, state)
        raise KeyError("stopped")

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save", stop)
        with pytest.raises(KeyError):
            losses("cut")
    torch.manual_seed(3)
    assert losses("cut", resume=True) == whole


@pytest.fixture
def task(tmp_path):
    config = settings.load(PoseTrainConfig(), None, {**SMALL, "frozen": False})
    data = write_mix(tmp_path, count=4)
    with PixelFile(tmp_path / "store") as store:
        items = find_items(read_mix(data), store, 320)
        network = beginning(config.network, None)
        yield PoseTask(network, packaged(config.network), items, config, "cpu"), config


@pytest.mark.parametrize(("loss", "oks"), [("focal", 0), ("mse", 0), ("focal", 1)])
def test_it_learns(task, loss, oks):
    """The loss of one batch falls while it is learned by heart."""
    made, config = task
    made.config = settings.load(config, None, {"heat_loss": loss, "oks_weight": oks})
    made.network.trunk.requires_grad_(False)
    batch = next(iter(made.batches(0)))
    values, count = losses_by_heart(made, batch, made.network, 3e-3, steps=6)
    assert count == 2
    assert values[-1] < 0.8 * values[0]


def test_maps_that_say_it_all_are_decoded_as_labelled(task):
    """Targets put through the network's own decoder give the labelled joints back."""
    made, _ = task
    batch = next(iter(made.batches(0)))
    count, joints, size, _ = batch.heat.shape
    offset, regress = (np.zeros((count, joints, 2, size, size), np.float32) for _ in range(2))
    y, x = np.mgrid[:size, :size].astype(np.float32)
    for n in range(count):
        for k in range(joints):
            px, py = batch.points[n, k].tolist()
            offset[n, k, :, int(py), int(px)] = (py - int(py), px - int(px))
            regress[n, k] = np.stack((py - y, px - x))
    from hie_cli.models.decoders.single_pose import decode

    maps = [
        batch.centre[:, None].numpy(), batch.heat.numpy(),
        regress.reshape(count, -1, size, size), offset.reshape(count, -1, size, size),
    ]  # fmt: skip
    found, _ = decode(maps)
    there = batch.labelled.numpy() > 0
    np.testing.assert_allclose(found[there], batch.points.numpy()[there] * 4, atol=1e-3)


def test_parts_of_a_batch(task):
    made, _ = task
    batch = next(iter(made.batches(0)))
    half = made.part(batch, 1)
    assert len(made.names(batch)) == 2
    assert len(half.images) == 1
    assert (half.near[:, 0] == 0).all()
    assert "still" in made.names(batch)[0]


def test_validation_is_on_true_boxes(task):
    made, _ = task
    found = estimated(made.network, made.spec, made.validation, "cpu")
    assert len(found) == len(made.validation)
    figures = made.validate()
    assert 0 <= figures["near"] <= 1


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (["--start", "nanodet"], ConfigError, "is a nanodet"),
        (["--start", "movenet-thunder"], ConfigError, "is a movenet-thunder"),
        (["--set", "heat_loss=l2"], ConfigError, "not one of focal, mse"),
    ],
)
def test_what_is_wrong(tmp_path, words, error, message):
    result = run("train", "pose", write_mix(tmp_path), "-o", tmp_path / "m", *SETS, *words)
    assert isinstance(result.exception, error)
    assert message in str(result.exception)


def test_boxes_alone_are_not_enough(tmp_path):
    data = write_mix(tmp_path)
    boxes = {f"still{k}": [[10, 10, 40, 80]] for k in range(8)}
    write_stills(tmp_path / "stills", boxes, joints=False)
    result = run("train", "pose", data, "-o", tmp_path / "m", *SETS)
    assert isinstance(result.exception, InputError)
    assert "nobody to train on has labelled joints" in str(result.exception)
    assert len(joints_of([0, 0, 1, 1])) == 17


def test_the_shipped_settings_are_the_defaults():
    shipped = ROOT / "configs" / "train-pose.yaml"
    assert settings.load(PoseTrainConfig(), shipped) == PoseTrainConfig()
