"""What a head like RTMDet's would cost NanoDet: processor time of a picture, and weights.

    python benchmarks/head_cost.py

RTMDet's (C. Lyu et al., arXiv 2212.07784): two 3 x 3 convolutions for the class and two for the
box, as wide as the neck, shared by the three strides. NanoDet's own: one convolution for both, for
each stride.
"""

import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from hie_cli.models.networks.nanodet import NanoDet
from hie_cli.models.packaged import nanodet

SIDE = 416
TIMES = 15


class SharedHead(nn.Module):
    """Maps (N, C, h, w) -> for each a logit (N, 1, h, w) and four distances (N, 4, h, w)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.classes = nn.Sequential(*(self._step(width) for _ in range(2)))
        self.boxes = nn.Sequential(*(self._step(width) for _ in range(2)))
        self.logit, self.sides = nn.Conv2d(width, 1, 1), nn.Conv2d(width, 4, 1)

    @staticmethod
    def _step(width: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.SiLU())

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """See the class."""
        return [
            found
            for level in maps
            for found in (self.logit(self.classes(level)), self.sides(self.boxes(level)).exp())
        ]


def weights(module: nn.Module) -> int:
    """How many parameters a module has."""
    return sum(p.numel() for p in module.parameters())


def milliseconds(run: Callable[[], object]) -> float:
    """The median processor time of a call."""
    run()
    taken = []
    for _ in range(TIMES):
        start = time.process_time()
        run()
        taken.append(time.process_time() - start)
    return 1000 * float(np.median(taken))


def main() -> None:
    torch.set_num_threads(1)
    network = nanodet.NETWORK.trained().eval()
    assert isinstance(network, NanoDet)
    head = SharedHead(network.width).eval()
    image = torch.zeros((1, SIDE, SIDE, 3), dtype=torch.uint8)
    with torch.inference_mode():
        maps = network.features(image)
        own = weights(network.heads)
        rows: dict[str, tuple[int, Callable[[], object]]] = {
            "trunk and neck": (weights(network) - own, lambda: network.features(image)),
            "its own heads": (own, lambda: network.heads_of(maps)),
            "a head like RTMDet's": (weights(head), lambda: head(maps)),
        }
        for name, (count, run) in rows.items():
            print(f"{name:22s} {milliseconds(run):6.1f} ms  {count / 1e6:.2f} million weights")


if __name__ == "__main__":
    main()
