"""ONNX Runtime in both precisions against torch on this machine's CPU, for each packaged network.

    python benchmarks/runtimes.py [--threads 1] [--batch 1 4] [--rounds 5] [--beside]

Prints CPU milliseconds per image, the lowest of some rounds, and the ratios of torch and of int8 to
ONNX Runtime in float32: above 1, ONNX Runtime, or int8, is faster. CPU time, because on a busy
machine the clock on the wall measures the neighbours; with one thread on an idle machine they are
the same.

``--beside``: instead, torch's milliseconds on the wall, alone and beside a thread that computes in
Python, as trackers do beside networks; of the module as it is and as it is recorded
(``TorchNetwork.fixed``). Needs an idle machine of two cores.
"""

import argparse
import threading
import time

import numpy as np

from hie_cli.models import runtime
from hie_cli.models.packaged import NETWORKS
from hie_cli.models.spec import InputSpec

SIZES = {
    "nanodet": (416, 416),
    "movenet-multipose": (384, 512),
    "movenet-thunder": (256, 256),
    "movenet-lightning": (192, 192),
}
MEASURED = [packaged for packaged in NETWORKS if packaged.name in SIZES]


def milliseconds(network, images):
    start = time.process_time()
    network(images)
    return (time.process_time() - start) * 1000 / len(images)


def count_until(ended):
    count = 0
    while not ended.is_set():
        count += sum(range(1000))


def on_the_wall(network, images, rounds):
    """Milliseconds of a call after the first two: alone, and beside a busy thread."""
    found = []
    for busy in (False, True):
        for _ in range(2):
            network(images)
        ended = threading.Event()
        neighbour = threading.Thread(target=count_until, args=(ended,))
        if busy:
            neighbour.start()
        start = time.perf_counter()
        for _ in range(rounds):
            network(images)
        found.append((time.perf_counter() - start) * 1000 / rounds)
        ended.set()
        if busy:
            neighbour.join()
    return found


def print_beside(threads, rounds):
    print("network            input     module ms  beside   recorded ms  beside")
    for packaged in MEASURED:
        height, width = SIZES[packaged.name]
        images = np.zeros((1, height, width, 3), np.uint8)
        cells = []
        for fixed in (False, True):
            network = runtime.TorchNetwork(packaged.trained(), "cpu", threads, fixed=fixed)
            cells += on_the_wall(network, images, rounds)
        row = f"{cells[0]:>9.1f} {cells[1]:>8.1f} {cells[2]:>12.1f} {cells[3]:>8.1f}"
        print(f"{packaged.name:<18} {width}x{height:<5} {row}")


def main():
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--beside", action="store_true")
    options = parser.parse_args()
    if options.beside:
        print_beside(options.threads, options.rounds)
        return
    print("network            input     batch   fp32 ms    int8 ms   torch ms  int8 x  torch/fp32")
    for packaged in MEASURED:
        onnx = packaged.open(InputSpec(), "cpu", options.threads)
        int8 = packaged.int8.open(InputSpec(), "cpu", options.threads)
        torch = runtime.TorchNetwork(packaged.trained(), "cpu", options.threads)
        height, width = SIZES[packaged.name]
        for batch in options.batch:
            images = np.random.default_rng(0).integers(
                0, 255, (batch, height, width, 3), dtype=np.uint8
            )
            times = [
                [milliseconds(network, images) for network in (onnx, int8, torch)]
                for _ in range(options.rounds + 1)
            ][1:]
            exact, rounded, other = (min(row[i] for row in times) for i in range(3))
            row = f"{exact:>10.1f} {rounded:>10.1f} {other:>10.1f}"
            row += f"{exact / rounded:>8.2f} {other / exact:>11.2f}"
            print(f"{packaged.name:<18} {width}x{height:<5} {batch:>4} {row}")


if __name__ == "__main__":
    main()
