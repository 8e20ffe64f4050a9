"""Layers that the networks share. Torch only; nothing here knows a model."""

import torch
from torch import Tensor, nn


class Pixels(nn.Module):
    """Turn a batch of images into network input on the device itself.

    (N, H, W, 3) uint8 BGR -> (N, 3, H, W) float32, ``(value - mean) / std`` per channel, channels
    in BGR order or, with ``rgb=True``, RGB. Bytes travel to the device, not floats.
    """

    def __init__(
        self, mean: tuple[float, ...], std: tuple[float, ...], *, rgb: bool = False
    ) -> None:
        super().__init__()
        self.rgb = rgb
        # Not persistent: constants of the definition, not weights.
        self.register_buffer(
            "scale", 1.0 / torch.tensor(std, dtype=torch.float32).view(1, 3, 1, 1), persistent=False
        )
        self.register_buffer(
            "shift",
            -torch.tensor(mean, dtype=torch.float32).view(1, 3, 1, 1)
            / torch.tensor(std, dtype=torch.float32).view(1, 3, 1, 1),
            persistent=False,
        )

    scale: Tensor
    shift: Tensor

    def forward(self, images: Tensor) -> Tensor:
        """(N, H, W, 3) uint8 BGR -> (N, 3, H, W) float32."""
        planes = images.permute(0, 3, 1, 2)
        if self.rgb:
            planes = planes[:, [2, 1, 0]]
        return planes.to(self.scale.dtype) * self.scale + self.shift


def upsample(features: Tensor) -> Tensor:
    """(N, C, h, w) at twice the height and width, bilinear between pixel centres."""
    return nn.functional.interpolate(
        features, scale_factor=2.0, mode="bilinear", align_corners=False
    )
