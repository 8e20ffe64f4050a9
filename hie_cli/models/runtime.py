"""Where a network runs: ONNX Runtime on the CPU, torch on CUDA and MPS.

``benchmarks/runtimes.py`` measures the two against each other. On the CPU, ONNX Runtime's outputs
are the same bytes whatever else is in the batch and however many threads run; on CUDA and MPS
the libraries promise neither.
"""

import os
import sys
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hie_cli.core import libraries
from hie_cli.core.errors import ConfigError, ModelError
from hie_cli.core.types import FloatArray, Image

if TYPE_CHECKING:
    import torch
    from torch import nn

DEVICES = ("auto", "cpu", "cuda", "mps")
Precision = Literal["auto", "fp32", "int8", "fp16"]
# onnxruntime's converter leaves some constants of older exports in fp32 and calls them fp16.
_CONTRADICTION = (
    "the file contradicts itself about number types: convert it again, to fp16 with "
    "keep_io_types=True"
)
PRECISIONS: tuple[Precision, ...] = ("auto", "fp32", "int8", "fp16")
# One of these is there where Linux has an NVIDIA (also under WSL, also Jetson) or AMD accelerator.
_LINUX_ACCELERATORS = ("/dev/nvidiactl", "/dev/dxg", "/dev/nvmap", "/dev/kfd")


def resolve_device(device: str) -> str:
    """``auto`` -> cuda, else mps, else cpu.

    Raises ConfigError for an unknown device, ModelError for one that this machine lacks.
    """
    if device not in DEVICES:
        raise ConfigError(f"--device {device}: unknown; use one of {', '.join(DEVICES)}")
    # Importing torch takes a second or more: not where there is plainly nothing to find.
    nothing = sys.platform == "linux" and not any(map(os.path.exists, _LINUX_ACCELERATORS))
    if device == "cpu" or (device == "auto" and nothing):
        return "cpu"
    import torch

    available = [
        name
        for name, there in (
            ("cuda", torch.cuda.is_available()),
            ("mps", torch.backends.mps.is_available()),
        )
        if there
    ]
    if device == "auto":
        return available[0] if available else "cpu"
    if device not in available:
        raise ModelError(f"--device {device}: this machine has none; use --device cpu or auto")
    return device


def wants_int8(precision: Precision, device: str) -> bool:
    """Whether a network's 8-bit form is to be taken on ``device`` (auto, cpu, cuda or mps).

    ``auto``: where the CPU multiplies bytes in one instruction; elsewhere 8-bit sums may saturate,
    and gain little. ModelError for ``int8`` on anything but a CPU, ``fp16`` on anything but CUDA.
    """
    if precision not in PRECISIONS:
        raise ModelError(f"--precision {precision}: unknown; use one of {', '.join(PRECISIONS)}")
    if precision == "fp32":
        return False
    place = resolve_device(device)
    if precision == "fp16" and place != "cuda":
        raise ModelError("--precision fp16 is for CUDA; use --device cuda, or fp32 or auto")
    on_cpu = place == "cpu"
    if precision == "int8" and not on_cpu:
        raise ModelError("--precision int8 is for the CPU; use --device cpu, or fp32 or auto")
    return on_cpu and (precision == "int8" or multiplies_bytes())


def in_half(network: Any) -> Any:
    """``network`` in half precision, if torch runs it; ONNX files stay as they are.

    Only what torch holds safe is rounded (autocast); outputs are float32.
    """
    return network.halved() if isinstance(network, TorchNetwork) else network


@cache
def multiplies_bytes() -> bool:
    """Whether this CPU is known to have instructions for sums of products of bytes (VNNI).

    Linux tells; elsewhere nothing is assumed.
    """
    cpu = Path("/proc/cpuinfo")
    if not cpu.is_file():
        return False
    text = cpu.read_text(encoding="utf-8", errors="replace")
    return "avx512_vnni" in text or "avx_vnni" in text


_CROPS, _CROPS_ON_GPU = 8, 64
# At most so many runs of one network at once; what CPUs there are beyond that, each run shares.
_RUNS = 4


def available_cpus() -> int:
    """CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def session(
    graph: bytes, origin: str, threads: int | None, options: Any = None, device: str = "cpu"
) -> Any:
    """An ONNX Runtime session; ModelError where the graph cannot be loaded or run on ``device``."""
    onnxruntime = libraries.onnxruntime()
    providers = ["CPUExecutionProvider"]
    if device == "cuda":
        providers.insert(0, "CUDAExecutionProvider")
        if providers[0] not in onnxruntime.get_available_providers():
            raise ModelError(
                f"{origin}: ONNX files on CUDA need the package onnxruntime-gpu; use --device cpu"
            )
    elif device != "cpu":
        raise ModelError(f"{origin}: an ONNX file runs on cpu or cuda, not on {device}")

    options = options or onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or available_cpus()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Waiting threads sleep: the next frame is being decoded on the same cores meanwhile.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(graph, options, providers=providers)
    except Exception as error:  # the runtime raises many types, all of them about this graph
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        fix = f"; {_CONTRADICTION}" if "Type Error" in reason else ""
        raise ModelError(f"{origin}: ONNX Runtime cannot load the graph ({reason}){fix}") from None


class OnnxNetwork:
    """One of our own networks on ONNX Runtime: its graph, and those weights that are elsewhere.

    ``runs``: see ``parts.runs``. Small operations are split badly among threads:
    two crops in a run of one thread each take a quarter less time than four in one run of two.
    """

    def __init__(
        self,
        graph: bytes,
        weights: Mapping[str, np.ndarray[Any, Any]],
        origin: str,
        threads: int | None = None,
    ) -> None:
        onnxruntime = libraries.onnxruntime()
        # The runtime keeps pointers into these arrays, so they live as long as the session.
        self._arrays = {
            name: np.ascontiguousarray(array, np.float32) for name, array in weights.items()
        }
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(a) for a in self._arrays.values()]
        options = onnxruntime.SessionOptions()
        options.add_external_initializers(list(self._arrays), values)
        cpus = threads or available_cpus()
        self.runs = min(cpus, _RUNS)
        self._session = session(graph, origin, cpus // self.runs, options)
        self._fourth = self._session.get_inputs()[0].shape[-1] == 4

    def __call__(self, images: Image) -> list[FloatArray]:
        """See ``parts.Network``."""
        fed = _with_fourth_channel(images) if self._fourth else images
        outputs: list[FloatArray] = self._session.run(None, {"images": fed})
        return outputs


def _with_fourth_channel(images: Image) -> Image:
    """(N, H, W, 4): ``images`` (N, H, W, 3) with a channel that counts for nothing."""
    import cv2

    count, height, width, _ = images.shape
    rows = np.ascontiguousarray(images).reshape(count * height, width, 3)
    return np.asarray(cv2.cvtColor(rows, cv2.COLOR_BGR2BGRA)).reshape(count, height, width, 4)


class TorchNetwork:
    """A module on a torch device, in evaluation mode; ``half``: in half precision.

    ``fixed``: it does the same operations for every picture, and its weights stay. They are
    recorded at the first call, and Python has no part in later ones: else every operation waits
    for the interpreter lock, which what runs beside the network holds most of the time.
    ``most_crops``: how many crops are worth one run; on a GPU those of many frames.
    """

    def __init__(
        self,
        module: "nn.Module",
        device: str,
        threads: int | None = None,
        half: bool = False,
        fixed: bool = False,
    ) -> None:
        import torch

        self._device = torch.device(device)
        self._module = module.eval().to(self._device)
        self._half, self._fixed = half, fixed
        self._recorded: Callable[[torch.Tensor], Any] | None = None
        self._lock = Lock()  # of recording
        if threads is not None:
            torch.set_num_threads(threads)

    def __call__(self, images: Image) -> list[FloatArray]:
        """See ``parts.Network``."""
        import torch

        values = torch.from_numpy(images)
        if self._device.type == "cuda":  # from pinned memory the copy runs beside what the GPU does
            values = values.pin_memory().to(self._device, non_blocking=True)
        else:
            values = values.to(self._device)
        with torch.inference_mode():
            if self._fixed:
                # What the optimiser compiles for the sizes seen first would be compiled again for
                # every other number of crops.
                with torch.jit.optimized_execution(False):  # type: ignore[attr-defined] # untyped
                    outputs = self._as_recorded(values)(values)
            else:
                with self._rounding():
                    outputs = self._module(values)
        return [np.asarray(output.float().cpu().numpy(), np.float32) for output in outputs]

    def _rounding(self) -> Any:
        """A context in which operations that bear it run in half precision, if asked for."""
        import torch

        return torch.autocast(
            self._device.type, torch.float16, enabled=self._half, cache_enabled=not self._fixed
        )

    def _as_recorded(self, values: "torch.Tensor") -> Callable[["torch.Tensor"], Any]:
        """The module's operations, as ``values`` (N, H, W, 3) went through them first."""
        import torch

        with self._lock:
            if self._recorded is None:
                with self._rounding(), warnings.catch_warnings():
                    # torch would have its compiler used, which needs a C++ compiler installed.
                    warnings.simplefilter("ignore")
                    trace: Callable[..., Any] = torch.jit.trace
                    self._recorded = trace(self._module, values, check_trace=False)
        return self._recorded

    @property
    def most_crops(self) -> int:
        """See the class."""
        return _CROPS_ON_GPU if self._device.type == "cuda" else _CROPS

    def halved(self) -> "TorchNetwork":
        """The same network in half precision."""
        return TorchNetwork(self._module, str(self._device), half=True, fixed=self._fixed)
