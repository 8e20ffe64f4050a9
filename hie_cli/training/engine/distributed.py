"""Several processes that train one network together, as ``torchrun`` starts them.

Every process sees its part of each batch; gradients are their mean, so that N processes learn what
one learns from batches N times as large.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from hie_cli.core.errors import ConfigError, HieError

T = TypeVar("T")
_PATIENCE = timedelta(minutes=30)  # for a process that validates while the others wait


def processes() -> int:
    """How many there are; 1 without torchrun."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """The number of this one; the first one, 0, writes and speaks."""
    return int(os.environ.get("RANK", "0")) if processes() > 1 else 0


def local_device(device: str) -> str:
    """This process's device, where ``device`` is cuda: each has its own. Raises ConfigError where
    there are fewer GPUs than processes.
    """
    if device != "cuda" or processes() == 1:
        return device
    place, gpus = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if place >= gpus:
        raise ConfigError(
            f"process {rank()} has no GPU: {gpus} here; torchrun --nproc-per-node {max(gpus, 1)}"
        )
    return f"cuda:{place}"


@contextmanager
def group(device: str) -> Iterator[None]:
    """Talk to the other processes; nothing for a single one.

    Raises HieError where another one has ended: what it said is the reason.
    """
    if processes() == 1:
        yield
        return
    backend = "nccl" if device.startswith("cuda") else "gloo"
    torch.distributed.init_process_group(backend, timeout=_PATIENCE)
    try:
        yield
    except RuntimeError as error:
        if not (isinstance(error, torch.distributed.DistError) or "gloo" in str(error)):
            raise
        raise HieError(
            f"process {rank()}: another one ended and may say why; --resume goes on"
        ) from None
    finally:
        torch.distributed.destroy_process_group()


def mean_over_processes(value: Tensor) -> Tensor:
    """The mean of a tensor over the processes, without gradient; itself for a single one."""
    if processes() == 1:
        return value
    total = value.detach().clone()
    torch.distributed.all_reduce(total)
    return total / processes()


def shared_count(own: Tensor) -> Tensor:
    """What a process divides its sum by, so that the mean over the processes is the sum of all over
    the count of all, or over 1 where that is 0.
    """
    return mean_over_processes(own).clamp(min=1 / processes())


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


def shared_sum(value: Tensor) -> Tensor:
    """The sum over the processes, with its gradient; itself for a single one."""
    if processes() == 1:
        return value
    total: Tensor = _Sum.apply(value)  # type: ignore[no-untyped-call]
    return total


def wait() -> None:
    """Until all processes are here."""
    if processes() > 1:
        torch.distributed.barrier()


def gathered(rows: Tensor) -> Tensor:
    """The rows of all processes, in their order; its own for a single one.

    A loss of them is the loss of the whole batch on every process. The gradient passes to the own
    rows only, times the number of processes: its mean over them is that of the whole batch.
    """
    world = processes()
    if world == 1:
        return rows
    counts = [torch.zeros(1, dtype=torch.long, device=rows.device) for _ in range(world)]
    own = torch.tensor([len(rows)], device=rows.device)
    torch.distributed.all_gather(counts, own)
    most = int(torch.stack(counts).max())
    padded = rows.new_zeros((most, *rows.shape[1:]))
    padded[: len(rows)] = rows.detach()
    every = [torch.zeros_like(padded) for _ in range(world)]
    torch.distributed.all_gather(every, padded)
    parts = [part[: int(count)] for part, count in zip(every, counts, strict=True)]
    if rows.requires_grad:
        parts[rank()] = rows * world - (rows * (world - 1)).detach()
    return torch.cat(parts)


@contextmanager
def shared_norms(network: nn.Module) -> Iterator[None]:
    """Batch norms in training see the rows of all processes; nothing for a single one."""
    layers = [layer for layer in network.modules() if isinstance(layer, _BatchNorm)]
    if processes() == 1:
        layers = []
    for layer in layers:
        layer.forward = partial(_shared_norm, layer)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward


def _shared_norm(layer: _BatchNorm, x: Tensor) -> Tensor:
    """``layer`` of x (N, C, ...), its statistics over the rows of all processes."""
    if not layer.training:
        return type(layer).forward(layer, x)
    dims = [0, *range(2, x.dim())]
    channels, shape = x.shape[1], (1, x.shape[1], *[1] * (x.dim() - 2))
    total = shared_sum(torch.cat((x.sum(dims), x.new_tensor([x.numel() / channels]))))
    number = total[-1].detach()
    mean = total[:channels] / number
    apart = x - mean.view(shape)
    variance = shared_sum((apart**2).sum(dims)) / number
    if layer.running_mean is not None and layer.running_var is not None:
        share = layer.momentum
        if layer.num_batches_tracked is not None:
            layer.num_batches_tracked += 1
            share = 1 / float(layer.num_batches_tracked) if share is None else share
        assert share is not None
        with torch.no_grad():
            layer.running_mean.lerp_(mean, share)
            layer.running_var.lerp_(variance * number / (number - 1).clamp(min=1), share)
    scale = layer.weight * (variance + layer.eps).rsqrt()
    return apart * scale.view(shape) + layer.bias.view(shape)


class _Sum(torch.autograd.Function):
    """A sum over the processes; so is its gradient, since each process's loss hangs on it."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        return _summed(value)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return _summed(gradient)


def _summed(value: Tensor) -> Tensor:
    total = value.detach().clone()
    torch.distributed.all_reduce(total)
    return total
