"""Several processes that train one network together, as ``torchrun`` starts them.

Every process sees its part of each batch; gradients are their mean, so that N processes learn what
one learns from batches N times as large.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

T = TypeVar("T")
_PATIENCE = timedelta(minutes=30)  # for a process that validates while the others wait


def processes() -> int:
    """How many there are; 1 without torchrun."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """The number of this one; the first one, 0, writes and speaks."""
    return int(os.environ.get("RANK", "0")) if processes() > 1 else 0


def local_device(device: str) -> str:
    """This process's device, where ``device`` is cuda: each has its own."""
    if device == "cuda" and processes() > 1:
        return f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    return device


@contextmanager
def group(device: str) -> Iterator[None]:
    """Talk to the other processes; nothing for a single one."""
    if processes() == 1:
        yield
        return
    backend = "nccl" if device.startswith("cuda") else "gloo"
    torch.distributed.init_process_group(backend, timeout=_PATIENCE)
    try:
        yield
    finally:
        torch.distributed.destroy_process_group()


def mean_over_processes(value: Tensor) -> Tensor:
    """The mean of a tensor over the processes, without gradient; itself for a single one."""
    if processes() == 1:
        return value
    total = value.detach().clone()
    torch.distributed.all_reduce(total)
    return total / processes()


def mean_gradients(modules: Iterable[nn.Module]) -> None:
    """Replace every gradient by its mean over the processes."""
    if processes() == 1:
        return
    parameters = [p for module in modules for p in module.parameters() if p.requires_grad]
    for p in parameters:
        if p.grad is None:  # a part of the network that no sample here used
            p.grad = torch.zeros_like(p)
    flat = torch.cat([p.grad.reshape(-1) for p in parameters if p.grad is not None])
    torch.distributed.all_reduce(flat)
    flat /= processes()
    at = 0
    for p in parameters:
        if p.grad is not None:
            p.grad.copy_(flat[at : at + p.numel()].view_as(p))
            at += p.numel()


def from_first(value: T) -> T:
    """What the first process has."""
    if processes() == 1:
        return value
    box: list[Any] = [value]
    torch.distributed.broadcast_object_list(box, src=0)
    found: T = box[0]
    return found


def wait() -> None:
    """Until all processes are here."""
    if processes() > 1:
        torch.distributed.barrier()
