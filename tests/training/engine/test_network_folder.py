import pytest
import torch

from hie_cli.models import registry
from hie_cli.training.engine.network_folder import Result, write_network


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
