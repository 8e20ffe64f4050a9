"""Maps of many points at once, on their device."""

import torch
from torch import Tensor


def gaussians(points: Tensor, spread: Tensor, height: int, width: int) -> Tensor:
    """Maps (M, height, width) whose cells that hold the points (M, 2) are 1."""
    x, y = points.floor().unbind(1)
    scale = 2 * spread.expand(len(points)) ** 2
    across = (torch.arange(width, device=points.device) - x[:, None]) ** 2 / scale[:, None]
    down = (torch.arange(height, device=points.device) - y[:, None]) ** 2 / scale[:, None]
    return (-across).exp()[:, None, :] * (-down).exp()[:, :, None]
