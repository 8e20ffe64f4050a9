"""A narrower network from the packaged one: of every layer the channels that matter most."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hie_cli.models.networks.nanodet import CspStage, NanoDet

Kept = Tensor  # indices of the channels that stay
_STAGES = ("stage1", "stage2", "stage3", "stage4")


def half_of(wide: NanoDet) -> NanoDet:
    """NanoDet at half width, each filter one of ``wide``'s, for the inputs that are left.

    Of every layer the half of the filters with the largest weights (sum of absolute values) stays,
    in their order. What the left-out inputs gave on average is lost: train on.
    """
    narrow = NanoDet(width=0.5)
    slices = _Slices(wide, narrow)
    with torch.no_grad():
        kept = slices.take("stem.0", torch.arange(3))
        levels = []
        for name in _STAGES:
            kept = slices.stage(name, kept)
            levels.append(kept)
        # The neck adds its levels up, so that they must keep the same channels.
        laterals = [slices.wide_layer(f"lateral.{k}") for k in range(3)]
        sizes = torch.stack([_sizes(layer) for layer in laterals]).sum(0)
        shared = _largest(sizes, laterals[0].out_channels // 2)
        for k, own in enumerate(levels[1:]):
            slices.take(f"lateral.{k}", own, shared)
            middle = slices.take(f"heads.{k}.0.0", shared)
            every = torch.arange(slices.wide_layer(f"heads.{k}.1").out_channels)
            slices.take(f"heads.{k}.1", middle, every)
    return narrow


@dataclass(frozen=True)
class _Slices:
    """Layers of ``narrow``, by name, filled with filters of ``wide``."""

    wide: NanoDet
    narrow: NanoDet

    def wide_layer(self, name: str) -> nn.Conv2d:
        """The convolution of that name."""
        layer = self.wide.get_submodule(name)
        assert isinstance(layer, nn.Conv2d)
        return layer

    def take(self, name: str, inputs: Kept, outputs: Kept | None = None) -> Kept:
        """Fill one layer; the outputs that stay (None: the largest)."""
        wide, narrow = self.wide_layer(name), self.narrow.get_submodule(name)
        assert isinstance(narrow, nn.Conv2d)
        if outputs is None:
            outputs = _largest(_sizes(wide), narrow.out_channels)
        narrow.weight.copy_(wide.weight[outputs][:, inputs])
        if narrow.bias is not None and wide.bias is not None:
            narrow.bias.copy_(wide.bias[outputs])
        return outputs

    def stage(self, name: str, kept: Kept) -> Kept:
        """Fill a stage, whose parts are put beside each other; the channels that it gives."""
        entered = self.take(f"{name}.enter.0", kept)
        inner = entered
        stage = self.wide.get_submodule(name)
        assert isinstance(stage, CspStage)
        for k in range(len(stage.splits)):
            first = self.take(f"{name}.splits.{k}.first.0", inner)
            second = self.take(f"{name}.splits.{k}.second.0", first)
            offset = self.wide_layer(f"{name}.splits.{k}.second.0").out_channels
            inner = torch.cat((second, first + offset))
        left = self.take(f"{name}.leave.0", inner)
        return torch.cat((left, entered + self.wide_layer(f"{name}.leave.0").out_channels))


def _sizes(layer: nn.Conv2d) -> Tensor:
    return layer.weight.abs().sum((1, 2, 3))


def _largest(sizes: Tensor, count: int) -> Kept:
    return sizes.topk(count).indices.sort().values
