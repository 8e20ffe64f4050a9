"""The hash head: features to as many numbers as the code has bits."""

from torch import Tensor, nn


class HashHead(nn.Module):
    """Features (N, D) of length 1 -> raw outputs (N, B); their signs are the code.

    arXiv 1908.00347: Linear, ReLU, dropout, Linear, ReLU, Linear; tanh is left to the losses.
    scale: what features are multiplied by first, sqrt(D), so that their mean square is 1 as that of
    pooled features that nobody has normalised; without it the biases drown them for many epochs.
    """

    def __init__(self, features: int, bits: int, dropout: float) -> None:
        super().__init__()
        self.scale = features**0.5
        self.layers = nn.ModuleList(
            nn.Linear(features, width) for width in (features, features, bits)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, features: Tensor) -> Tensor:
        """(N, D) -> (N, B)."""
        first, second, last = self.layers
        hidden = second(self.dropout(first(self.scale * features).relu())).relu()
        raw: Tensor = last(hidden)
        return raw
