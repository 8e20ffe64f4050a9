"""How fast the nearest codes of a large pool are found, and what the approximate kinds miss.

    python benchmarks/code_search.py --codes 10000000

Codes of 64 bits, random or clustered (200,000 centres, each bit flipped with 6 %); queries are
codes with four bits flipped. Recall: share of the exact 50 nearest, by distance, that an
approximate index returns (items at the 50th distance count as any other at that distance).
"""

import argparse
import time

import numpy as np

from hie_cli.retrieval.codes import Bits, pack_bits
from hie_cli.retrieval.nearest import KINDS, NearestCodes

NEAREST = 50


def codes(count: int, clustered: bool, seed: int = 0) -> Bits:
    """``count`` codes of 64 bits."""
    generator = np.random.default_rng(seed)
    if not clustered:
        return generator.integers(0, 256, (count, 8), np.uint8)
    centers = generator.integers(0, 256, (min(200_000, max(1, count // 50)), 8), np.uint8)
    made = np.empty((count, 8), np.uint8)
    for first in range(0, count, 500_000):
        part = made[first : first + 500_000]
        noise = pack_bits(generator.random((len(part), 64), np.float32) < 0.06)
        part[:] = centers[generator.integers(0, len(centers), len(part))] ^ noise
    return made


def queries(pool: Bits, count: int, seed: int = 1) -> Bits:
    """Codes of the pool with four bits flipped."""
    generator = np.random.default_rng(seed)
    flips = np.zeros((count, 64), bool)
    for row in flips:
        row[generator.choice(64, 4, replace=False)] = True
    return pool[generator.integers(0, len(pool), count)] ^ pack_bits(flips)


def main() -> None:
    """Parse the command line, measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--codes", type=int, default=10_000_000)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    options = parser.parse_args()
    print(f"{options.codes} codes of 64 bits, k = {NEAREST}, one query at a time")
    print("codes      kind   build s   ms a query  recall")
    for clustered in (False, True):
        pool = codes(options.codes, clustered)
        asked = queries(pool, options.queries)
        limits = None
        for kind in options.kinds:
            start = time.perf_counter()
            index = NearestCodes.build(pool, kind)
            built = time.perf_counter() - start
            index.search(asked[:1], NEAREST)
            start = time.perf_counter()
            found = [index.search(query[None], NEAREST)[0][0] for query in asked]
            took = (time.perf_counter() - start) / len(asked) * 1000
            limits = [row[-1] for row in found] if limits is None else limits
            recall = np.mean(
                [(row <= limit).mean() for row, limit in zip(found, limits, strict=True)]
            )
            name = "clustered" if clustered else "random"
            print(f"{name:<10} {kind:<5} {built:8.1f} {took:12.2f} {recall:7.3f}", flush=True)


if __name__ == "__main__":
    main()
