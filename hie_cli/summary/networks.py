"""Networks that score the samples of a video: SUM-GDA, and the recurrent selector of Cycle-SUM.

P. Li et al., Exploring Global Diverse Attention via Pairwise Temporal Relation for Video
Summarization (arXiv 2009.10942); L. Yuan et al., Cycle-SUM (arXiv 1904.08265). Neither paper's code
is public; what the text leaves open is an option, and stated.
"""

import torch
from torch import Tensor, nn

_ROWS = 1000  # of the attention that are held at once where nothing is learned


def diversity(attention: Tensor, itself: bool = True, first: int = 0) -> Tensor:
    """Global diverse attention: rows (m, n) of attention -> unnormalised weights (m,).

    d_i = prod_j (1 - a_ij) of samples first <= i < first + m. Over all j (``itself``) it is
    largest, (1 - 1/n)^n, where a sample attends to all alike, and 0 where it attends to itself
    alone; over the others, j other than i, it is largest, 1, where it attends to itself alone. A
    product, not a sum of logarithms, which has no value at a_ij = 1.
    """
    away = 1 - attention
    if not itself:
        places = torch.arange(len(attention))
        away = away.index_put((places, places + first), torch.ones(()).to(away))
    return torch.prod(away, dim=-1)


def normalised(weights: Tensor) -> Tensor:
    """Weights (n,) that sum to 1; 1/n each where all are 0, as that of a single sample."""
    total = weights.sum()
    even = torch.full_like(weights, 1 / len(weights))
    return torch.where(total > 0, weights / total.clamp(min=1e-30), even)


class SumGda(nn.Module):
    """Features (n, D) of one video, each of length 1 -> scores (n,) and projections (n, width).

    Q, K, V = X W without bias; a = softmax(scale q k); d from ``diversity``; each sample's own v_i
    is weighted by d_i (samples are not mixed), mapped back to D; then dropout, Linear, ReLU,
    dropout, LayerNorm, Linear to one number, sigmoid. The projections, a further Linear of the
    hidden numbers, are what a repelling loss may see.

    The readings of the text, of which the defaults found most events (docs/results.md):
    scale: 0 is 1 / sqrt(width), as published; of features of length 1 that leaves the attention all
    but uniform, and d constant · itself: d over all samples, as published, or over the others
    alone: then it says how unlike them a sample is · tied: queries and keys begin as one projection
    that keeps lengths, so that attention begins as likeness; as two of their own, as published, it
    begins as chance · count_weights: n d_i instead of d_i, which shrinks as 1/n · residual: X is
    added to what is weighted · norm: LayerNorm before the first layer, as published; it makes all
    rows of one length, which cancels d_i and how far from the video's mean a sample is.
    """

    def __init__(
        self, features: int, width: int = 1024, *, scale: float = 0.0, itself: bool = False,
        tied: bool = True, count_weights: bool = True, residual: bool = False, norm: bool = False,
        dropout: float = 0.6,
    ) -> None:  # fmt: skip
        super().__init__()
        self.scale, self.itself = scale or width**-0.5, itself
        self.count_weights, self.residual = count_weights, residual
        self.query = nn.Linear(features, width, bias=False)
        self.key = nn.Linear(features, width, bias=False)
        self.value = nn.Linear(features, width, bias=False)
        self.back = nn.Linear(width, features, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(features, eps=1e-6) if norm else nn.Identity()
        self.hidden = nn.Linear(features, width)
        self.hidden_norm = nn.LayerNorm(width, eps=1e-6)
        self.score = nn.Linear(width, 1)
        self.project = nn.Linear(width, width)
        if tied:
            nn.init.orthogonal_(self.query.weight, gain=max(1.0, features / width) ** 0.5)
            self.key.load_state_dict(self.query.state_dict())

    def weights(self, features: Tensor) -> Tensor:
        """d (n,), which sums to 1."""
        query, key = self.query(features), self.key(features)
        if torch.is_grad_enabled():
            parts = [self.scale * query @ key.T]
        else:  # rows by the thousand: memory stays n x 1000
            parts = [self.scale * rows @ key.T for rows in query.split(_ROWS)]
        counts = range(0, len(features), len(parts[0]))
        rows = zip(parts, counts, strict=True)
        made = [diversity(part.softmax(-1), self.itself, first) for part, first in rows]
        return normalised(torch.cat(made))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(scores (n,) 0..1, projections (n, width))."""
        weights = self.weights(features)
        if self.count_weights:
            weights = weights * len(weights)
        mapped = self.back(weights[:, None] * self.value(features))
        if self.residual:
            mapped = mapped + features
        hidden = self.hidden(self.norm(self.dropout(mapped))).relu()
        raw = self.score(self.hidden_norm(self.dropout(hidden)))
        return torch.sigmoid(raw[:, 0]), self.project(hidden)


class RecurrentSelector(nn.Module):
    """Features (n, D) of one video -> scores (n,): bidirectional LSTMs, a Linear, a sigmoid."""

    def __init__(self, features: int, hidden: int = 300, layers: int = 3) -> None:
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, layers, bidirectional=True)
        self.score = nn.Linear(2 * hidden, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Scores (n,) 0..1."""
        states, _ = self.lstm(features)
        return torch.sigmoid(self.score(states)[:, 0])
