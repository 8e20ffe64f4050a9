"""Where a network runs."""

import numpy as np
import torch
from torch import nn

from hie_cli.errors import ModelError
from hie_cli.types import FloatArray, Image


def resolve_device(device: str) -> str:
    """``auto`` -> cuda, else mps, else cpu; ModelError for a device this machine lacks."""
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if device == "auto":
        return next(name for name, there in available.items() if there)
    if device not in available:
        raise ModelError(f"--device {device}: unknown; use auto, cpu, cuda or mps")
    if not available[device]:
        raise ModelError(f"--device {device}: this machine has none; use --device cpu or auto")
    return device


class TorchNetwork:
    """A module on a torch device, in evaluation mode."""

    def __init__(self, module: nn.Module, device: str, threads: int | None = None) -> None:
        self.device = torch.device(device)
        self.module = module.eval().to(self.device)
        if threads is not None:
            torch.set_num_threads(threads)

    def __call__(self, images: Image) -> list[FloatArray]:
        """See ``base.Network``."""
        with torch.inference_mode():
            outputs = self.module(torch.from_numpy(images).to(self.device))
        return [np.asarray(output.cpu().numpy(), np.float32) for output in outputs]
