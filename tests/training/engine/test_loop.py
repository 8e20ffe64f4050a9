import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from hie_cli.core.errors import InputError
from hie_cli.recognition.learned.pose_stream import PoseStream
from hie_cli.training.action.augment import Augmentation
from hie_cli.training.action.learning import optimisation, predict, train
from hie_cli.training.action.samples import Sample
from hie_cli.training.action.scores import quality
from hie_cli.training.engine import checkpoint
from hie_cli.training.engine.loop import TrainState, rate_at, run_epoch
from tests.support.two_classes import CONFIG, network, samples


class InterruptedByTestError(Exception):
    pass


def test_it_learns(tmp_path):
    # Mirroring would turn the sign that tells the classes apart.
    config = dataclasses.replace(CONFIG, augment=Augmentation(flip=0, turn=0))
    trained = train(network(), samples(40), samples(20, 1), config, tmp_path)
    assert trained.quality.macro > 0.9
    assert trained.history[-1]["loss"] < trained.history[0]["loss"]


@pytest.mark.parametrize("distill", ["none", "reg", "self"])
def test_an_interrupted_run_resumes_exactly(tmp_path, monkeypatch, distill):
    config = dataclasses.replace(CONFIG, distill=distill)
    teacher = network().eval() if distill == "self" else None
    whole = train(
        network(), samples(20), samples(8, 1), config, tmp_path / "whole", teacher=teacher
    )
    real, calls = checkpoint.save, []

    def stop_after_two(folder, settings, state):
        real(folder, settings, state)
        calls.append(0)
        if len(calls) == 2:
            raise InterruptedByTestError

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save", stop_after_two)
        with pytest.raises(InterruptedByTestError):
            train(network(), samples(20), samples(8, 1), config, tmp_path / "cut", teacher=teacher)
    torch.manual_seed(99)  # whatever state the new process is in
    other = PoseStream(width=16, channels=(4, 4))
    resumed = train(
        other, samples(20), samples(8, 1), config, tmp_path / "cut", resume=True, teacher=teacher
    )
    assert resumed.history == whole.history
    for name, value in whole.state.items():
        assert torch.equal(value, resumed.state[name]), name


def test_resume_refuses_other_data(tmp_path):
    train(network(), samples(4), samples(4, 1), dataclasses.replace(CONFIG, epochs=1), tmp_path)
    with pytest.raises(InputError, match="other data"):
        train(network(), samples(5), samples(4, 1), CONFIG, tmp_path, resume=True)


def test_resume_refuses_other_settings_and_damaged_files(tmp_path):
    train(network(), samples(4), samples(4, 1), dataclasses.replace(CONFIG, epochs=1), tmp_path)
    changed = dataclasses.replace(CONFIG, weight_decay=0.5)
    with pytest.raises(InputError, match=r"other settings \(weight_decay\)"):
        train(network(), samples(4), samples(4, 1), changed, tmp_path, resume=True)
    (tmp_path / checkpoint.NAME).write_bytes(b"junk")
    with pytest.raises(InputError, match="no checkpoint"):
        train(network(), samples(4), samples(4, 1), CONFIG, tmp_path, resume=True)


def test_a_checkpoint_with_code_in_it_is_refused(tmp_path):
    torch.save({"settings": print}, tmp_path / checkpoint.NAME)
    with pytest.raises(InputError, match="no checkpoint"):
        checkpoint.load(tmp_path, optimisation(CONFIG).settings)


@pytest.mark.parametrize("change", ["without data", "other network", "other history"])
def test_a_checkpoint_with_other_content_is_refused(tmp_path, change):
    config = dataclasses.replace(CONFIG, epochs=1)
    train(network(), samples(4), samples(4, 1), config, tmp_path)
    path = tmp_path / checkpoint.NAME
    state = torch.load(path, weights_only=True)
    if change == "without data":
        del state["data"]
    elif change == "other network":
        state["network"] = {"weight": torch.zeros(1)}
    else:
        state["best"] = [1, 2, 3]
    torch.save(state, path)
    with pytest.raises(InputError, match="no checkpoint"):
        train(network(), samples(4), samples(4, 1), config, tmp_path, resume=True)


def test_early_stop(tmp_path):
    class Fixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(14))

        def forward(self, joints, boxes, pairs, real):
            return self.bias * 0 + torch.zeros(int(real.sum()), 14)

    config = dataclasses.replace(CONFIG, epochs=50, patience=3)
    trained = train(Fixed(), samples(4), samples(4, 1), config, tmp_path)
    assert trained.best_epoch == 0
    assert len(trained.history) == 4  # epochs 1-3 were no better


def test_a_figure_that_is_no_number_is_taken_until_there_is_one():
    state = TrainState(nn.Linear(1, 1), optimisation(CONFIG), "cpu")
    for value in (float("nan"), 0.25, float("nan"), 0.125):
        state.note_figures({"macro_accuracy": value}, "macro_accuracy")
        assert state.best.weights
    assert (state.best.epoch, state.best.value) == (1, 0.25)


def test_schedule_by_hand():
    # 100 steps: 10 of warm-up, then half a cosine over 90
    assert rate_at(0, 100, 1.0, 0.1) == pytest.approx(0.1)
    assert rate_at(9, 100, 1.0, 0.1) == pytest.approx(1.0)
    assert rate_at(55, 100, 1.0, 0.1) == pytest.approx(0.5)
    assert rate_at(100, 100, 1.0, 0.1) == pytest.approx(0.0, abs=1e-9)


def test_the_last_step_divides_by_the_batches_it_has(tmp_path):
    """Three batches, two a step, no decay: gradients 1 and 3 make 2, the last one, 5, stays 5."""
    how = dataclasses.replace(optimisation(CONFIG), accumulate=2, clip_gradient=100.0)
    network = nn.Linear(1, 1, bias=False)
    state, seen = TrainState(network, how, "cpu"), []

    class Fixed:
        batches_per_epoch = 3

        def batches(self, epoch):
            return iter((1.0, 3.0, 5.0))

        def loss(self, batch):
            return network.weight.sum() * batch, 1

        def finish_epoch(self):
            pass

    state.optimizer.register_step_pre_hook(lambda *_: seen.append(network.weight.grad.item()))
    run_epoch(state, Fixed(), how, 0)
    assert seen == [2.0, 5.0]


def test_quality_by_hand():
    made = samples(1)
    labels = np.array([0, 0, 1])
    sample = Sample(made[0].view, labels, made[0].people)
    scores = np.full((3, 14), 0.01)
    scores[[0, 1, 2], [0, 1, 1]] = 0.9
    found = quality([sample], [scores])
    assert found.macro == pytest.approx((1 / 2 + 1 / 1) / 2)
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.confusion[0, 1] == 1
    unlabelled = Sample(made[0].view, np.full(3, -1), made[0].people)
    assert np.isnan(quality([unlabelled], [scores]).macro)


def test_predictions_do_not_depend_on_the_batch():
    net, made = network(), samples(5)
    together = predict(net, made, CONFIG.kind())
    alone = [predict(net, [one], CONFIG.kind())[0] for one in made]
    assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(together, alone, strict=True))
