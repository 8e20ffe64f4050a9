"""The hash head: features to as many numbers as the code has bits."""

from torch import Tensor, nn


class HashHead(nn.Module):
    """Features (N, D) -> raw outputs (N, B); their signs are the code.

    arXiv 1908.00347: Linear, ReLU, dropout, Linear, ReLU, Linear; tanh is left to the losses.
    """

    def __init__(self, features: int, bits: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Linear(features, width) for width in (features, features, bits)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, features: Tensor) -> Tensor:
        """(N, D) -> (N, B)."""
        first, second, last = self.layers
        hidden = second(self.dropout(first(features).relu())).relu()
        raw: Tensor = last(hidden)
        return raw
