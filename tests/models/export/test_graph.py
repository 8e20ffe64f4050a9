import numpy as np
import onnxruntime
import pytest
import torch

from hie_cli.core.errors import ConfigError
from hie_cli.models.decoders.single_pose import decode
from hie_cli.models.export import graph as graphs
from hie_cli.models.export.modules import ExportedDetector, ExportedPose
from hie_cli.models.networks.nanodet import NanoDet
from hie_cli.models.packaged import movenet

LABELS = {"licence": "MIT", "layout": "nanodet"}


@pytest.fixture(scope="module")
def detector():
    torch.manual_seed(0)
    network = NanoDet(0.5).eval()
    made = ExportedDetector(network)
    return network, graphs.to_onnx(made, [made.OUTPUT], (64, 64), True, LABELS)


def run(graph, images):
    session = onnxruntime.InferenceSession(graph)
    return session.run(None, {"images": images})[0], session.get_modelmeta().custom_metadata_map


def images(count, height, width):
    return np.random.default_rng(1).integers(0, 256, (count, 3, height, width)).astype(np.float32)


@pytest.mark.parametrize("shape", [(1, 64, 64), (3, 96, 160)])
def test_any_batch_and_size_as_in_torch(detector, shape):
    network, graph = detector
    given = images(*shape)
    found, labels = run(graph, given)
    with torch.no_grad():
        scores, bins = network(torch.from_numpy(given.transpose(0, 2, 3, 1).astype(np.uint8)))
    np.testing.assert_allclose(found[..., 0], scores, atol=1e-5)
    np.testing.assert_allclose(found[..., 1:], bins.transpose(1, 2), atol=1e-4)
    assert labels == LABELS


def test_fewer_bits(detector):
    _, graph = detector
    given = images(1, 64, 64)
    whole, _ = run(graph, given)
    half, labels = run(graphs.half(graph, LABELS), given)
    np.testing.assert_allclose(half, whole, atol=0.02)
    assert labels == LABELS
    small = graphs.int8(graph, [given], LABELS)
    eight, labels = run(small, given)
    np.testing.assert_allclose(eight, whole, atol=0.3)
    assert labels == LABELS
    assert len(graphs.half(graph, LABELS)) < 0.6 * len(graph)
    assert len(small) < 0.4 * len(graph)


def test_the_decoding_inside_is_the_decoders():
    network = movenet.LIGHTNING_NETWORK.trained().eval()
    made = ExportedPose(network, 192)
    given = images(2, 192, 192)
    with torch.no_grad():
        maps = network(torch.from_numpy(given.transpose(0, 2, 3, 1).astype(np.uint8)))
        found = made(torch.from_numpy(given)).numpy()
    points, scores = decode([np.asarray(m) for m in maps])
    assert found.shape == (2, 1, 17, 3)
    np.testing.assert_allclose(found[:, 0, :, 1::-1] * 192, points, atol=1e-2)
    np.testing.assert_allclose(found[:, 0, :, 2], scores, atol=1e-5)


def test_without_onnx_the_extra_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ConfigError, match=r"pip install 'hie\[export\]'"):
        graphs.require_onnx()
