"""RAFT-small: the layout of its weights against a literal list, its lookup against a slow one."""

import numpy as np
import pytest
import torch

from hie_cli.core.errors import ModelError
from hie_cli.flow import raft
from hie_cli.flow.estimators import FlowConfig, FlowMeter
from hie_cli.flow.raft import RaftSmall, look_up, pyramid
from hie_cli.flow.raft_weights import load
from hie_cli.posing import refine
from hie_cli.posing.settings import RefineConfig

ENCODER = """
convnormrelu.0 32 3 7
layer1.0.convnormrelu1.0 8 32 1
layer1.0.convnormrelu2.0 8 8 3
layer1.0.convnormrelu3.0 32 8 1
layer1.1.convnormrelu1.0 8 32 1
layer1.1.convnormrelu2.0 8 8 3
layer1.1.convnormrelu3.0 32 8 1
layer2.0.convnormrelu1.0 16 32 1
layer2.0.convnormrelu2.0 16 16 3
layer2.0.convnormrelu3.0 64 16 1
layer2.0.downsample.0 64 32 1
layer2.1.convnormrelu1.0 16 64 1
layer2.1.convnormrelu2.0 16 16 3
layer2.1.convnormrelu3.0 64 16 1
layer3.0.convnormrelu1.0 24 64 1
layer3.0.convnormrelu2.0 24 24 3
layer3.0.convnormrelu3.0 96 24 1
layer3.0.downsample.0 96 64 1
layer3.1.convnormrelu1.0 24 96 1
layer3.1.convnormrelu2.0 24 24 3
layer3.1.convnormrelu3.0 96 24 1
"""
UPDATE = """
motion_encoder.convcorr1.0 96 196 1
motion_encoder.convflow1.0 64 2 7
motion_encoder.convflow2.0 32 64 3
motion_encoder.conv.0 80 128 3
recurrent_block.convgru1.convz 96 242 3
recurrent_block.convgru1.convr 96 242 3
recurrent_block.convgru1.convq 96 242 3
flow_head.conv1 128 96 3
flow_head.conv2 2 128 3
"""


def published_layout() -> dict[str, tuple[int, ...]]:
    """Names and shapes of torchvision's raft_small: ``name out in kernel`` for each convolution."""
    parts = {
        "feature_encoder": ENCODER + "conv 128 96 1",
        "context_encoder": ENCODER + "conv 160 96 1",
        "update_block": UPDATE,
    }
    layout: dict[str, tuple[int, ...]] = {}
    for part, lines in parts.items():
        for line in lines.split("\n"):
            if line:
                name, after, before, kernel = line.split()
                shape = (int(after), int(before), int(kernel), int(kernel))
                layout[f"{part}.{name}.weight"] = shape
                layout[f"{part}.{name}.bias"] = shape[:1]
    return layout


@pytest.fixture(scope="module")
def network() -> RaftSmall:
    torch.manual_seed(0)
    return RaftSmall().eval()


def test_names_and_shapes_are_torchvisions(network):
    held = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert held == published_layout()


def test_parameters_are_as_many_as_published(network):
    # "num_params": 990162 in torchvision's Raft_Small_Weights.
    assert sum(p.numel() for p in network.parameters()) == 990_162


def slow_look_up(first: np.ndarray, second: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Correlation features (4·49, h, w) straight from the definition, for maps (C, h, w)."""
    channels, height, width = first.shape
    out = np.zeros((4, 7, 7, height, width))
    for level in range(4):
        step = 2**level
        rows, columns = height // step, width // step
        pooled = second[:, : rows * step, : columns * step]
        pooled = pooled.reshape(channels, rows, step, columns, step).mean((2, 4))
        for y in range(height):
            for x in range(width):
                products = np.einsum("c,chw->hw", first[:, y, x], pooled) / np.sqrt(channels)
                for i in range(7):
                    for j in range(7):
                        px = at[0, y, x] / step + i - 3
                        py = at[1, y, x] / step + j - 3
                        value = 0.0
                        for qx in (int(np.floor(px)), int(np.floor(px)) + 1):
                            for qy in (int(np.floor(py)), int(np.floor(py)) + 1):
                                if 0 <= qx < columns and 0 <= qy < rows:
                                    near = (1 - abs(px - qx)) * (1 - abs(py - qy))
                                    value += near * products[qy, qx]
                        out[level, i, j, y, x] = value
    return out.reshape(-1, height, width)


def test_lookup_equals_its_definition():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 5, 16, 17))
    y, x = np.mgrid[:16, :17]
    at = np.stack([x, y]) + rng.normal(scale=3, size=(2, 16, 17))
    tensors = [torch.from_numpy(a)[None] for a in (first, second, at)]
    found = look_up(pyramid(*tensors[:2]), tensors[2])[0].numpy()
    np.testing.assert_allclose(found, slow_look_up(first, second, at), atol=1e-9)


def test_nothing_to_correct_is_no_flow(network):
    # With a flow head of zeros every correction is zero, whatever is seen.
    still = RaftSmall().eval()
    for value in still.update_block.flow_head.parameters():
        torch.nn.init.zeros_(value)
    image = torch.rand(1, 3, 128, 136)
    with torch.inference_mode():
        assert not still(image, image.flip(3), updates=2).any()


def test_corrections_add_up_and_are_scaled_to_pixels():
    # A flow head that always says (0.25, -0.5) moves by 8 x that in full pixels each update.
    steady = RaftSmall().eval()
    for value in steady.update_block.flow_head.parameters():
        torch.nn.init.zeros_(value)
    steady.update_block.flow_head.conv2.bias.data = torch.tensor([0.25, -0.5])
    image = torch.rand(1, 3, 128, 128)
    with torch.inference_mode():
        flow = steady(image, image, updates=3)
    assert flow.shape == (1, 2, 128, 128)
    torch.testing.assert_close(flow[0, 0], torch.full((128, 128), 6.0))
    torch.testing.assert_close(flow[0, 1], torch.full((128, 128), -12.0))


@pytest.mark.parametrize("ending", ["safetensors", "pth"])
def test_meter_with_imported_weights(tmp_path, network, ending):
    from safetensors.torch import save_file

    path = tmp_path / f"raft.{ending}"
    (save_file if ending == "safetensors" else torch.save)(network.state_dict(), path)
    meter = FlowMeter(FlowConfig("raft-small", long_side=150, weights=str(path)))
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (2, 90, 300, 3), np.uint8)
    assert meter.step(images[0]) is None
    pair = meter.step(images[1])
    assert pair is not None
    assert pair.forward.shape == pair.backward.shape == (45, 150, 2)
    assert np.isfinite(pair.forward).all()
    assert pair.scale == 0.5


def test_the_network_runs_where_the_stage_is_told_to(tmp_path, network, monkeypatch):
    path = tmp_path / "raft.pth"
    torch.save(network.state_dict(), path)
    config = RefineConfig(flow=FlowConfig("raft-small", weights=str(path)))
    places = []

    def note_place(network, first, second, device):
        places.append((device, next(network.parameters()).device.type))
        return np.zeros((2, *first.shape[:2], 2), np.float32)

    monkeypatch.setattr(raft, "flow_both_ways", note_place)
    monkeypatch.setattr(refine, "resolve_device", {"cuda": "meta", "auto": "cpu"}.get)
    image = np.zeros((64, 64, 3), np.uint8)
    for device in ("cuda", "auto"):
        meter = refine.flow_meter(config, device)
        meter.step(image)
        meter.step(image)
    assert places == [("meta", "meta"), ("cpu", "cpu")]


def test_weights_that_do_not_fit_are_refused_in_one_line(tmp_path, network):
    with pytest.raises(ModelError, match=r"raft-small needs weights.*--set refine.flow.weights"):
        load("")
    with pytest.raises(ModelError, match="no such file"):
        load(str(tmp_path / "none.pth"))
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"\x05broken")
    with pytest.raises(ModelError, match=r"broken\.safetensors: cannot be read"):
        load(str(broken))
    unpickled = tmp_path / "code.pth"
    torch.save({"a": np.array}, unpickled)  # anything but tensors stays unread
    with pytest.raises(ModelError, match=r"cannot be read|not a state dict"):
        load(str(unpickled))
    state = dict(network.state_dict())
    state["update_block.flow_head.conv2.bias"] = torch.zeros(3)
    del state["feature_encoder.conv.bias"]
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(ModelError, match=r"at feature_encoder\.conv\.bias .*2 differ in all"):
        load(str(tmp_path / "other.pth"))


# The authors' raft-small.pth (github.com/princeton-vl/RAFT), saved from DataParallel.
AUTHORS_ENCODER = """
conv1 32 3 7
layer1.0.conv1 8 32 1
layer1.0.conv2 8 8 3
layer1.0.conv3 32 8 1
layer1.1.conv1 8 32 1
layer1.1.conv2 8 8 3
layer1.1.conv3 32 8 1
layer2.0.conv1 16 32 1
layer2.0.conv2 16 16 3
layer2.0.conv3 64 16 1
layer2.0.downsample.0 64 32 1
layer2.1.conv1 16 64 1
layer2.1.conv2 16 16 3
layer2.1.conv3 64 16 1
layer3.0.conv1 24 64 1
layer3.0.conv2 24 24 3
layer3.0.conv3 96 24 1
layer3.0.downsample.0 96 64 1
layer3.1.conv1 24 96 1
layer3.1.conv2 24 24 3
layer3.1.conv3 96 24 1
"""
AUTHORS_UPDATE = """
encoder.convc1 96 196 1
encoder.convf1 64 2 7
encoder.convf2 32 64 3
encoder.conv 80 128 3
gru.convz 96 242 3
gru.convr 96 242 3
gru.convq 96 242 3
flow_head.conv1 128 96 3
flow_head.conv2 2 128 3
"""


def test_the_authors_names_are_torchvision_s(tmp_path):
    def lines(text):
        return [line for line in text.split("\n") if line]

    pairs = {}
    for theirs, ours, authors, torchvision in (
        ("fnet", "feature_encoder", AUTHORS_ENCODER + "conv2 128 96 1", ENCODER + "conv 128 96 1"),
        ("cnet", "context_encoder", AUTHORS_ENCODER + "conv2 160 96 1", ENCODER + "conv 160 96 1"),
        ("update_block", "update_block", AUTHORS_UPDATE, UPDATE),
    ):
        for one, other in zip(lines(authors), lines(torchvision), strict=True):
            assert one.split()[1:] == other.split()[1:]
            for kind in ("weight", "bias"):
                before = f"module.{theirs}.{one.split()[0]}.{kind}"
                pairs[before] = f"{ours}.{other.split()[0]}.{kind}"
    torch.manual_seed(0)
    state = RaftSmall().state_dict()
    assert set(pairs.values()) == set(state)
    path = tmp_path / "raft-small.pth"
    torch.save({before: state[after] for before, after in pairs.items()}, path)
    loaded = load(str(path)).state_dict()
    for name, value in state.items():
        assert torch.equal(loaded[name], value)
