"""Time and memory of summarisers as videos grow.

python benchmarks/summary_speed.py networks    # SUM-GDA, the recurrent selector of Cycle-SUM
python benchmarks/summary_speed.py segments    # kernel temporal segmentation
"""

import argparse
import resource
import time

import numpy as np
import torch

from hie_cli.summary.networks import RecurrentSelector, SumGda
from hie_cli.summary.segmentation import change_points


def networks() -> None:
    """Seconds of one pass over n samples, without and with learning, and the memory."""
    torch.set_num_threads(1)
    print("n, SUM-GDA forward and with backward, recurrent selector the same (seconds, one thread)")
    for count in (320, 1000, 3200, 10_000):
        features = torch.nn.functional.normalize(torch.randn(count, 1024), dim=-1)
        row = []
        for network in (SumGda(1024, dropout=0.0), RecurrentSelector(1024)):
            for learning in (False, True):
                if learning and count > 3200:
                    row.append("     -")
                    continue
                begin = time.perf_counter()
                with torch.set_grad_enabled(learning):
                    made = network(features)
                    if learning:
                        (made[0] if isinstance(made, tuple) else made).mean().backward()
                row.append(f"{time.perf_counter() - begin:6.2f}")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{count:6d}", *row, f"  peak {peak:.2f} GiB", flush=True)


def segments() -> None:
    """Kernel temporal segmentation: the optimum and prices at 2,000 samples, 10,000 samples."""
    rng = np.random.default_rng(0)
    base, rows = rng.normal(size=1280), []
    while len(rows) < 10_000:
        centre = base + rng.normal(size=1280)
        rows += list(centre + 0.5 * rng.normal(size=(int(rng.integers(5, 80)), 1280)))
    features = np.array(rows[:10_000], np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    for count, exact in ((2000, True), (2000, False), (10_000, False)):
        begin = time.perf_counter()
        found = change_points(features[:count], exact=exact)
        seconds = time.perf_counter() - begin
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        how = "optimum" if exact else "prices"
        print(f"{count} samples, {how}: {len(found.points)} change points, cost {found.cost:.6f},"
              f" {seconds:.1f} s, peak {peak:.2f} GiB", flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=("networks", "segments"))
    networks() if parser.parse_args().what == "networks" else segments()


if __name__ == "__main__":
    main()
