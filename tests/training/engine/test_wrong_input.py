"""What stops a training: one line, the right error, and nothing that was learned is lost."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.training.action.learning import ActionTask, train
from hie_cli.training.action.train_action import classes_without
from hie_cli.training.data.items import find_items
from hie_cli.training.data.mix import read_mix
from hie_cli.training.detect import train_detect as command
from hie_cli.training.detect.settings import DetectTrainConfig
from hie_cli.training.detect.task import DetectTask
from hie_cli.training.engine import checkpoint
from hie_cli.training.engine.loop import TrainState, run_epoch
from hie_cli.training.engine.pixel_store import PixelFile
from hie_cli.training.engine.settings import optimisation
from hie_cli.training.pose import train_pose as pose_command
from tests.support.stills import write_mix, write_stills
from tests.support.two_classes import CONFIG, network, samples

SMALL = {
    "network": "nanodet-half", "side": 64, "epochs": 3, "batch": 2, "images": 4, "threads": 1,
    "workers": 0,
}  # fmt: skip


def one_line(error):
    text = str(error.value)
    assert "\n" not in text
    return text


def test_a_loss_that_is_no_number_loses_nothing(tmp_path, monkeypatch):
    """In the second epoch: the first is kept, and a lower rate goes on from it."""
    data, folder = write_mix(tmp_path), tmp_path / "m"
    real, calls = DetectTask.loss, []

    def loss(self, batch):
        calls.append(0)
        value, count = real(self, batch)
        return (value * float("nan") if len(calls) == 4 else value), count

    with monkeypatch.context() as patch:
        patch.setattr(DetectTask, "loss", loss)
        with pytest.raises(InputError) as caught:
            command.train_detect(data, output=folder, set=SMALL, device="cpu")
    text = one_line(caught)
    assert "epoch 1, batch 1 (" in text
    assert "still" in text
    assert "--resume goes on from the epoch before, with a lower --set learning_rate=" in text
    assert caught.value.exit_code == 3
    kept = torch.load(folder / checkpoint.NAME, weights_only=True)
    assert len(kept["history"]) == 1
    done = command.train_detect(
        data, output=folder, set={**SMALL, "learning_rate": 1e-4}, device="cpu", resume=True
    )
    assert done.epochs == 3
    first = (folder / "log.csv").read_text().splitlines()[1]
    assert float(first.split(",")[1]) == pytest.approx(kept["history"][0]["loss"], abs=1e-6)


def test_actions_name_their_frames(tmp_path, monkeypatch):
    made = [dataclasses.replace(s, place=f"clip: frame {k}") for k, s in enumerate(samples(10))]
    monkeypatch.setattr(ActionTask, "loss", lambda self, batch: (torch.tensor(float("inf")), 1))
    with pytest.raises(InputError) as caught:
        train(network(), made, samples(4, 1), CONFIG, tmp_path)
    text = one_line(caught)
    assert "epoch 0, batch 0 (clip: frame" in text
    assert ", ...)" in text  # eight of them, six are named
    assert "try a lower --set learning_rate=" in text  # nothing to resume from


def test_actions_name_a_batch_that_fits(tmp_path, monkeypatch):
    real = ActionTask.loss

    def loss(self, batch):
        if len(batch.samples) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return real(self, batch)

    monkeypatch.setattr(ActionTask, "loss", loss)
    with pytest.raises(ConfigError) as caught:
        train(network(), samples(10), samples(4, 1), CONFIG, tmp_path)
    assert "a batch of 2 fits: --set batch=2" in one_line(caught)
    assert caught.value.exit_code == 2


def test_where_nothing_fits(tmp_path, monkeypatch):
    def loss(self, batch):
        raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried 9 bytes")

    monkeypatch.setattr(ActionTask, "loss", loss)
    with pytest.raises(ConfigError, match="even with a batch of 1"):
        train(network(), samples(10), samples(4, 1), CONFIG, tmp_path)


def test_a_class_without_samples_is_told():
    """``samples`` shows walking-alone and walking-together only."""
    training, validation = samples(6), samples(6, 1)
    told = classes_without(training, validation)
    assert told.startswith("no sample of running-alone, running-together, riding")
    ones = [dataclasses.replace(s, labels=np.zeros(3, np.int64)) for s in training]
    told = classes_without(ones, validation)
    assert told.startswith(
        "nobody to train on shows walking-together, though validation does; no sample of"
    )


def test_joint_tables_that_do_not_match(tmp_path):
    """A person with 14 joints in a table of 17 names."""
    data = write_mix(tmp_path)
    labels = tmp_path / "stills" / "labels.json"
    table = json.loads(labels.read_text())
    table["annotations"][0]["keypoints"] = table["annotations"][0]["keypoints"][: 14 * 3]
    labels.write_text(json.dumps(table))
    with pytest.raises(InputError) as caught:
        command.train_detect(data, output=tmp_path / "m", set=SMALL, device="cpu")
    assert "keypoints holds 42 numbers; expected 51" in one_line(caught)
    assert str(labels) in one_line(caught)
    assert not (tmp_path / "m" / checkpoint.NAME).exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.update(images=[], annotations=[]), "no labelled picture"),
        (lambda table: table["annotations"][0].update(bbox=[5, 5, -3, 8]), "labels.json"),
    ],
)
def test_empty_or_contradictory_data(tmp_path, change, message):
    data = write_mix(tmp_path)
    labels = tmp_path / "stills" / "labels.json"
    table = json.loads(labels.read_text())
    change(table)
    labels.write_text(json.dumps(table))
    with pytest.raises(InputError) as caught:
        command.train_detect(data, output=tmp_path / "m", set=SMALL, device="cpu")
    assert message in one_line(caught)


@pytest.mark.parametrize(("empty", "side"), [(range(6), "train on"), (range(6, 8), "validate")])
def test_nobody_on_one_side(tmp_path, empty, side):
    """Labels of which none counts are a mistake; a figure of them would be no number."""
    data = write_mix(tmp_path)
    boxes = {f"still{k}": [] if k in empty else [[10, 10, 40, 80]] for k in range(8)}
    write_stills(tmp_path / "stills", boxes)
    with pytest.raises(InputError) as caught:
        command.train_detect(data, output=tmp_path / "m", set=SMALL, device="cpu")
    assert one_line(caught) == f"nobody to {side}: no person counts in {len(empty)} pictures"
    with pytest.raises(InputError, match=f"nobody to {side}"):
        pose_command.train_pose(data, output=tmp_path / "p", set={"epochs": 1}, device="cpu")


def test_a_teacher_needs_no_labels(tmp_path):
    """It shows its features, of whomever, in pictures that nobody labelled."""
    data = write_mix(tmp_path)
    boxes = {f"still{k}": [] if k < 6 else [[10, 10, 40, 80]] for k in range(8)}
    write_stills(tmp_path / "stills", boxes)
    how = {**SMALL, "epochs": 1, "distill": {"method": "hints"}}
    done = command.train_detect(
        data, teacher="nanodet", output=tmp_path / "m", set=how, device="cpu"
    )
    assert np.isfinite(done.numbers["AP50"])


def test_a_gradient_that_is_no_number_loses_nothing(tmp_path, monkeypatch):
    """The loss is finite, its gradient is not: the square root of 0 has none. In the second epoch,
    whose two batches make one step, so that both are named.
    """
    data, folder = write_mix(tmp_path), tmp_path / "m"
    real, calls = DetectTask.loss, []

    def loss(self, batch):
        calls.append(0)
        value, count = real(self, batch)
        weight = next(iter(self.network.parameters())).sum()
        return value + (torch.sqrt(weight * 0) if len(calls) == 3 else 0), count

    monkeypatch.setattr(DetectTask, "loss", loss)
    with pytest.raises(InputError) as caught:
        command.train_detect(data, output=folder, set={**SMALL, "accumulate": 2}, device="cpu")
    text = one_line(caught)
    assert "epoch 1, batch 1 (" in text
    assert text.count(".png") == 4
    assert "the gradient is no finite number; --resume goes on" in text
    kept = torch.load(folder / checkpoint.NAME, weights_only=True)
    assert len(kept["history"]) == 1
    assert all(value.isfinite().all() for value in kept["network"].values())


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_mixed_precision_learns_the_same(tmp_path, precision):
    """One epoch from the same weights: bfloat16 beside float32 is near float32 alone."""
    config = DetectTrainConfig(
        network="nanodet-half", side=64, batch=2, images=4, workers=0, precision=precision,
        learning_rate=1e-4, epochs=1,
    )  # fmt: skip
    from hie_cli.models.manifest import packaged
    from hie_cli.training.detect.trainable import beginning

    with PixelFile(tmp_path / "store") as store:
        items = find_items(read_mix(write_mix(tmp_path)), store, 128)
        torch.manual_seed(0)
        made = beginning("nanodet-half", None)
        task = DetectTask(made, packaged("nanodet-half"), items, config, "cpu")
        how = optimisation(config, "AP50")
        state = TrainState(made, how, "cpu")
        assert state.mixed is (torch.bfloat16 if precision == "bf16" else None)
        seen = []
        hook = made.stem[0].register_forward_hook(lambda m, i, o: seen.append(o.dtype))
        loss = run_epoch(state, task, how, 0)
        hook.remove()
    assert set(seen) == {torch.bfloat16 if precision == "bf16" else torch.float32}
    assert all(p.dtype is torch.float32 for p in made.parameters())
    assert loss == pytest.approx(3.4, rel=0.2)
