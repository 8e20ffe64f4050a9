"""One batch learned by heart."""

from typing import Any

import torch
from torch import nn


def losses_by_heart(
    task: Any, batch: Any, network: nn.Module, rate: float, steps: int
) -> tuple[list[float], Any]:
    """The loss of ``batch`` before each of so many steps of AdamW, and what the last counted."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
    values, count = [], None
    for _ in range(steps):
        loss, count = task.loss(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    return values, count
