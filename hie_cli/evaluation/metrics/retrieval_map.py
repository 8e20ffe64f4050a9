"""Mean average precision of a ranking by codes, in both readings that are in print.

Yuan et al. 2020 (arXiv 1908.00347) and most papers on hashing divide the sum of precisions by the
number of relevant items among the R returned; the usual definition divides by all that could have
been returned, min(R, number of relevant items). The first flatters: a query whose one relevant item
among hundreds comes first scores 1. Both are given.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RetrievalMap:
    """published: divided by the relevant among the returned · usual: by min(R, relevant)."""

    published: float
    usual: float
    queries: int
    without_relevant: int


def average_precision(relevance: NDArray[np.bool_], relevant: int) -> tuple[float, float]:
    """(published, usual) of one ranking: ``relevance`` (R,) of the returned, best first.

    relevant: how many relevant items the database holds. (0, 0) where none is returned.
    """
    hits = np.flatnonzero(relevance)
    if not len(hits):
        return 0.0, 0.0
    total = float((np.arange(1, len(hits) + 1) / (hits + 1)).sum())
    return total / len(hits), total / min(len(relevance), relevant)


def retrieval_map(
    distances: NDArray[np.integer | np.floating],
    relevance: NDArray[np.bool_],
    returned: int | None = None,
) -> RetrievalMap:
    """mAP@R of queries (Q, N) by ascending distance; equal distances keep the database's order.

    relevance: (Q, N), whether the two share a label · returned: R, all by default. A query with no
    relevant item in the database counts 0 and is counted in ``without_relevant``.
    """
    limit = relevance.shape[1] if returned is None else min(returned, relevance.shape[1])
    order = np.argsort(distances, axis=1, kind="stable")[:, :limit]
    ranked = np.take_along_axis(relevance, order, axis=1)
    totals = relevance.sum(axis=1)
    values = [average_precision(row, int(n)) for row, n in zip(ranked, totals, strict=True)]
    published, usual = np.mean(values, axis=0) if values else (0.0, 0.0)
    return RetrievalMap(float(published), float(usual), len(values), int((totals == 0).sum()))
