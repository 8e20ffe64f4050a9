"""Networks on a GPU: what can be told without one, and, marked ``cuda``, what needs one."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import hie_cli
from hie_cli.core.errors import ModelError
from hie_cli.models import registry, runtime
from hie_cli.models.assembly import assemble
from hie_cli.models.importing.picture import read
from hie_cli.models.network_files import UntrainedNetwork

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


class Mean(nn.Module):
    """A network of one product: in half precision its output is off in the fourth digit."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 4)
        self.seen: list[torch.dtype] = []

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor]:
        out = self.layer(images.float().mean((1, 2)))
        self.seen.append(out.dtype)
        return (out,)


IMAGES = np.random.default_rng(0).integers(0, 255, (5, 8, 8, 3), np.uint8)


def test_half_precision_gives_float32_outputs_close_to_the_whole_ones():
    module = Mean()
    whole = runtime.TorchNetwork(module, "cpu")(IMAGES)[0]
    network = runtime.TorchNetwork(module, "cpu", half=True)
    (half,) = network(IMAGES)
    assert module.seen == [torch.float32, torch.float16]
    assert half.dtype == np.float32
    assert not np.array_equal(half, whole)
    np.testing.assert_allclose(half, whole, rtol=0.02, atol=0.5)


@pytest.mark.parametrize("half", [False, True])
def test_a_fixed_network_leaves_python_after_its_first_call(half):
    module = Mean()
    fixed = runtime.TorchNetwork(module, "cpu", half=half, fixed=True)
    first = fixed(IMAGES)[0]
    assert len(module.seen) == 1
    other = np.random.default_rng(1).integers(0, 255, (2, 16, 8, 3), np.uint8)
    second = fixed(other)[0]
    assert len(module.seen) == 1
    plain = runtime.TorchNetwork(module, "cpu", half=half)
    np.testing.assert_array_equal(first, plain(IMAGES)[0])
    np.testing.assert_array_equal(second, plain(other)[0])


@pytest.mark.parametrize(("name", "size"), [("nanodet", 128), ("movenet-lightning", 192)])
def test_a_recorded_network_is_the_module_for_any_number_of_pictures(name, size):
    source: Any = registry.find(name).network
    plain = runtime.TorchNetwork(source.trained(), "cpu", 1)
    fixed = runtime.TorchNetwork(source.trained(), "cpu", 1, fixed=True)
    rng = np.random.default_rng(0)
    for count in (1, 3):
        images = rng.integers(0, 255, (count, size, size, 3), np.uint8)
        for a, b in zip(plain(images), fixed(images), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-4)


def test_what_changes_from_picture_to_picture_is_not_recorded(monkeypatch):
    made: list[bool] = []
    monkeypatch.setattr(runtime, "resolve_device", lambda device: "cuda")
    monkeypatch.setattr(runtime, "TorchNetwork", lambda *_, fixed, **__: made.append(fixed))
    source: Any = registry.find("nanodet").network
    source.open(registry.find("nanodet").input, "cuda", 1)
    two_stage = UntrainedNetwork("keypointrcnn-r50", "", source.build)
    two_stage.run(source.state(), "mine", "cuda", 1)
    assert made == [True, False]


def test_images_go_to_a_gpu_through_pinned_memory(monkeypatch):
    moved: list[Any] = []
    real = torch.Tensor.to

    def pin(tensor):
        moved.append("pinned")
        return tensor

    def to(tensor, device, **options):
        moved.append(options)
        return real(tensor, "cpu")

    network = runtime.TorchNetwork(Mean(), "cpu")
    monkeypatch.setattr(network, "_device", torch.device("cuda"))
    monkeypatch.setattr(torch.Tensor, "pin_memory", pin)
    monkeypatch.setattr(torch.Tensor, "to", to)
    network(IMAGES)
    assert moved == ["pinned", {"non_blocking": True}]


def test_half_precision_is_for_cuda(monkeypatch):
    with pytest.raises(ModelError, match="fp16 is for CUDA; use --device cuda"):
        registry.load("nanodet", "cpu", 1, "fp16")
    monkeypatch.setattr(runtime, "resolve_device", lambda device: "cuda")
    assert runtime.wants_int8("fp16", "auto") is False


def test_crops_are_batched_by_where_they_run(monkeypatch):
    """Many people of many frames in one run on a GPU, two at a time on a CPU."""
    estimator: Any = registry.load_estimator("movenet-thunder", "cpu", 1)
    assert estimator.batch == 2
    network = runtime.TorchNetwork(Mean(), "cpu")
    monkeypatch.setattr(network, "_device", torch.device("cuda"))
    there: Any = assemble(estimator.spec, network)
    assert there.batch == 64


@pytest.mark.cuda
@needs_gpu
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_people_on_a_gpu_are_those_of_the_cpu(precision):
    image = read()
    boxes = registry.load_detector("nanodet", "cpu", 1).detect([image], 640)[0]
    there = registry.load_detector("nanodet", "cuda", precision=precision).detect([image], 640)[0]
    sure = boxes[boxes.scores > 0.5]
    other = there[there.scores > 0.5]
    assert len(other) == len(sure)
    order = [np.abs(other.boxes - box).sum(1).argmin() for box in sure.boxes]
    np.testing.assert_allclose(other.boxes[order], sure.boxes, atol=3.0)


@pytest.mark.cuda
@needs_gpu
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_the_chain_runs_on_a_gpu(tmp_path, sample_clip, precision):
    records = hie_cli.run_batch(
        sample_clip, output=tmp_path, preset="fast", until="action", frames=":20", device="cuda",
        precision=precision, set={"detect.batch": 8},
    )  # fmt: skip
    assert records[0]["status"] == "ok"
    assert records[0]["people"] > 20


@pytest.mark.cuda
@needs_gpu
def test_an_imported_graph_runs_on_onnxruntime_cuda():
    import onnxruntime

    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        pytest.skip("needs onnxruntime-gpu")
    from hie_cli.models import weights

    graph = (weights.PACKAGED / "nanodet-int8.onnx").read_bytes()
    made = runtime.session(graph, "nanodet", 1, device="cuda")
    assert made.get_providers()[0] == "CUDAExecutionProvider"
