"""How fast the nearest codes of a large pool are found, and what the approximate kinds miss.

    python benchmarks/code_search.py --cache codes --kinds flat ivf hnsw

10 million codes of 64 bits, random or clustered (200,000 centres, each bit flipped with 6 %);
queries are codes with four bits flipped, k = 50, one query at a time. Recall: share of the exact 50
nearest, by distance, that an approximate index returns (items at the 50th distance count as any
other at that distance). Indexes are built a million codes at a time and kept in the cache, where an
interrupted call goes on (--minutes stops early); --efforts are cells probed or candidates in hand.
"""

import argparse
import hashlib
import json
import time
from pathlib import Path

import numpy as np

from hie_cli.retrieval.codes import Bits, pack_bits
from hie_cli.retrieval.nearest import KINDS, NAME, Kind, NearestCodes

NEAREST, BLOCK = 50, 1_000_000


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


def built(pool: Bits, kind: Kind, folder: Path, until: float) -> tuple[NearestCodes, float]:
    """The index of all codes, and the seconds of building it; SystemExit past the time."""
    folder.mkdir(parents=True, exist_ok=True)
    state = folder / "state.json"
    seconds, index = 0.0, None
    if state.exists():
        seconds = json.loads(state.read_text())["seconds"]
        sha256 = hashlib.sha256((folder / NAME).read_bytes()).hexdigest()
        index = NearestCodes.load(folder, kind, sha256)
    while index is None or len(index) < len(pool):
        if time.monotonic() > until:
            raise SystemExit(f"{folder}: {0 if index is None else len(index)} codes so far")
        start = time.process_time()
        if index is None and kind != "hnsw":
            index = NearestCodes.build(pool, kind)
        elif index is None:
            index = NearestCodes.build(pool[:BLOCK], kind)
        else:
            index.add(pool[len(index) : len(index) + BLOCK])
        seconds += time.process_time() - start
        (folder / NAME).write_bytes(index.to_bytes())
        state.write_text(json.dumps({"seconds": seconds}))
    return index, seconds


def main() -> None:
    """Parse the command line, measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--codes", type=int, default=10_000_000)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--cache", type=Path, default=Path("codes"))
    parser.add_argument("--data", nargs="+", default=["random", "clustered"])
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--efforts", type=int, nargs="+", default=[16, 64, 256, 512])
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--build-only", action="store_true")
    options = parser.parse_args()
    until = time.monotonic() + 60 * options.minutes
    print(f"{options.codes} codes of 64 bits, k = {NEAREST}, one query at a time")
    print("codes      kind  effort  build s  ms a query  recall")
    for data in options.data:
        pool = codes(options.codes, data == "clustered")
        asked = queries(pool, options.queries)
        flat = NearestCodes.build(pool)
        exact = [flat.search(query[None], NEAREST)[0][0] for query in asked]
        for kind in options.kinds:
            folder = options.cache / f"{data}-{kind}-{options.codes}"
            index, seconds = (flat, 0.0) if kind == "flat" else built(pool, kind, folder, until)
            for effort in (
                [] if options.build_only else options.efforts if index is not flat else [1]
            ):
                index.effort = effort
                index.search(asked[:1], NEAREST)
                start = time.perf_counter()
                found = [index.search(query[None], NEAREST)[0][0] for query in asked]
                took = (time.perf_counter() - start) / len(asked) * 1000
                recall = np.mean([(a <= b[-1]).mean() for a, b in zip(found, exact, strict=True)])
                print(f"{data:<10} {kind:<5} {effort:6d} {seconds:8.1f} {took:11.2f} {recall:7.3f}",
                      flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
