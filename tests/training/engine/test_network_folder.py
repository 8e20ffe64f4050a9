import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from hie_cli.models import registry
from hie_cli.training.engine.network_folder import Result, write_network
from hie_cli.training.engine.report import write_tensorboard


@pytest.mark.parametrize(
    ("like", "size"),
    [("fasterrcnn-r50", (128, 128)), ("nanodet", (128, 128)), ("movenet-thunder", (256, 256))],
)
def test_a_detector_s_size_is_its_training_s(tmp_path, like, size):
    """That of crops is the architecture's."""
    state = {"weight": torch.ones(3)}
    result = Result(like, state, 128, "data", {"AP50": 0.5}, {"AP50": 0.4}, {})
    history = [{"epoch": 0.0, "loss": 1.0, "AP50": 0.5}]
    card = write_network(tmp_path, result, history, ["AP50"])
    assert card.numbers == {"AP50": 0.5, "AP50_before": 0.4}
    spec = registry.find(str(tmp_path))
    assert (spec.architecture, spec.input.size_wh) == (like, size)


def test_tensorboard_shows_the_last_training_only(tmp_path, monkeypatch):
    """Where it is installed: its file of an earlier training goes, other files stay."""

    class Writer:
        def __init__(self, folder):
            self.path = Path(folder) / "events.out.tfevents.2"
            self.path.parent.mkdir(exist_ok=True)
            self.rows = []

        def add_scalar(self, name, value, step):
            self.rows.append(f"{step} {name} {value}")

        def close(self):
            self.path.write_text("\n".join(self.rows))

    module = SimpleNamespace(SummaryWriter=Writer)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    place = tmp_path / "tensorboard"
    place.mkdir()
    for name in ("events.out.tfevents.1", "mine.txt"):
        (place / name).touch()
    history = [{"epoch": 0.0, "loss": 2.5}, {"epoch": 1.0, "loss": 1.5, "AP50": 0.5}]
    write_tensorboard(tmp_path, history)
    assert sorted(path.name for path in place.iterdir()) == ["events.out.tfevents.2", "mine.txt"]
    told = (place / "events.out.tfevents.2").read_text().splitlines()
    assert told == ["0 loss 2.5", "1 loss 1.5", "1 AP50 0.5"]
