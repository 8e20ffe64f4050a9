"""Names, shapes and counts as the authors' files have them."""

import hashlib

import numpy as np
import pytest
import torch

from hie_cli.core.errors import ModelError
from hie_cli.models import registry, user_models
from hie_cli.models.manifest import packaged
from hie_cli.models.networks.hrnet import HRNet
from hie_cli.models.networks.simple_baseline import SimpleBaseline
from tests.support.stills import picture


def built(make):
    """A network without memory for its weights."""
    with torch.device("meta"):
        return make()


# Parameters as the papers round them (arXiv 1804.06208, table 4; 1902.09212, table 1), and shapes
# by name from the authors' code.
PUBLISHED = [
    (SimpleBaseline, 34.0, {
        "conv1.weight": (64, 3, 7, 7),
        "layer1.0.downsample.0.weight": (256, 64, 1, 1),
        "layer3.5.conv2.weight": (256, 256, 3, 3),
        "layer4.0.bn3.running_var": (2048,),
        "deconv_layers.0.weight": (2048, 256, 4, 4),
        "deconv_layers.7.running_mean": (256,),
        "final_layer.weight": (17, 256, 1, 1),
    }),
    (lambda: HRNet(32), 28.5, {
        "conv2.weight": (64, 64, 3, 3),
        "layer1.3.conv3.weight": (256, 64, 1, 1),
        "transition1.0.0.weight": (32, 256, 3, 3),
        "transition1.1.0.0.weight": (64, 256, 3, 3),
        "transition3.3.0.0.weight": (256, 128, 3, 3),
        "stage2.0.branches.1.3.conv2.weight": (64, 64, 3, 3),
        "stage3.3.fuse_layers.2.0.0.0.weight": (32, 32, 3, 3),
        "stage3.3.fuse_layers.2.0.1.0.weight": (128, 32, 3, 3),
        "stage4.2.fuse_layers.0.3.0.weight": (32, 256, 1, 1),
        "final_layer.weight": (17, 32, 1, 1),
    }),
    (lambda: HRNet(48), 63.6, {
        "stage4.2.fuse_layers.0.3.0.weight": (48, 384, 1, 1),
        "final_layer.bias": (17,),
    }),
]  # fmt: skip


@pytest.mark.parametrize(("make", "millions", "shapes"), PUBLISHED)
def test_names_shapes_and_counts(make, millions, shapes):
    network = built(make)
    state = network.state_dict()
    assert {name: tuple(state[name].shape) for name in shapes} == shapes
    assert not any("num_batches" in name or "pixels" in name for name in state)
    count = sum(p.numel() for p in network.parameters())
    assert round(count / 1e6, 1) == millions


def test_the_last_module_gives_the_finest_branch_only():
    state = built(lambda: HRNet(32)).state_dict()
    assert not any(name.startswith("stage4.2.fuse_layers.1") for name in state)
    assert any(name.startswith("stage4.1.fuse_layers.3") for name in state)


def test_a_file_of_the_authors_is_imported(tmp_path, monkeypatch):
    """As torch.save writes it, counters of batches and all."""
    monkeypatch.setenv("HIE_MODELS", str(tmp_path / "models"))
    torch.manual_seed(0)
    state = dict(SimpleBaseline().state_dict())
    state["bn1.num_batches_tracked"] = torch.tensor(7)
    path = tmp_path / "pose_resnet_50_256x192.pth.tar"
    torch.save(state, path)
    manifest = tmp_path / "m.yaml"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest.write_text(f"name: mine\nlike: simplebaseline-r50\nlicence: MIT\nsha256: {digest}\n")
    spec = user_models.install(path, manifest)
    assert spec.input.size_wh == (192, 256)
    model = registry.load_estimator("mine", "cpu", threads=1)
    ((points, scores),) = model.estimate(
        [picture([[20, 10, 60, 100]])], [np.array([[20.0, 10, 60, 100]])]
    )
    assert points.shape == (1, 14, 2)
    assert np.isfinite(scores).all()


def test_a_file_of_another_network_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("HIE_MODELS", str(tmp_path / "models"))
    path = tmp_path / "w.pth"
    torch.save({"conv1.weight": torch.zeros(64, 3, 7, 7)}, path)
    manifest = tmp_path / "m.yaml"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest.write_text(f"name: mine\nlike: hrnet-w32\nlicence: MIT\nsha256: {digest}\n")
    with pytest.raises(ModelError, match=r"layer bn1\.bias is missing"):
        user_models.install(path, manifest)
    spec = packaged("hrnet-w32")
    assert spec.network is not None
    with pytest.raises(ModelError, match="comes without weights"):
        spec.network.open(spec.input, "cpu", None)
