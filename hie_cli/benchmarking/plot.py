"""The benchmark as a picture."""

from pathlib import Path

import numpy as np

from hie_cli.benchmarking.results import Benchmark
from hie_cli.core import libraries
from hie_cli.core.errors import ConfigError
from hie_cli.formats.files import atomic_write

_PARTS = ("network", "decode", "write", "glue")


def plot_benchmark(found: Benchmark, path: Path | str) -> Path:
    """Frames a second of chains and loops, and the shares of the chains' time, as a PNG.

    Raises ConfigError where matplotlib is missing or the file cannot be written.
    """
    try:
        libraries.matplotlib()
    except ImportError as error:
        raise ConfigError(f"--plot needs matplotlib ({error}); pip install matplotlib") from None
    from matplotlib import pyplot

    chains = [(f"{c.preset} · {c.input}", c.frames_per_second) for c in found.chains]
    mark = {"same": "", "random": " (random weights)"}
    loops = [(f"{p.name}{mark[p.weights]} · {p.input}", p.frames_per_second) for p in found.loops]
    height = 0.3 * (len(chains) + len(loops)) + 1.4
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, height), layout="constrained")
    rows = chains + loops
    colours = ["C0"] * len(chains) + ["0.6"] * len(loops)
    left.barh(np.arange(len(rows)), [speed for _, speed in rows], color=colours)
    left.set_yticks(np.arange(len(rows)), [name for name, _ in rows])
    left.invert_yaxis()
    left.set_xlabel("frames a second")
    start = np.zeros(len(found.chains))
    for part in _PARTS:
        share = np.array([chain.shares[part] for chain in found.chains])
        right.barh(np.arange(len(share)), share, left=start, label=part)
        start += share
    right.set_yticks(np.arange(len(chains)), [name for name, _ in chains])
    right.invert_yaxis()
    right.set_xlabel("share of the stages' time")
    right.legend()
    figure.suptitle(f"{found.machine}, {found.cpus} CPUs")
    target = Path(path)
    with atomic_write(target, "wb") as file:
        figure.savefig(file, format="png", dpi=120)
    pyplot.close(figure)
    return target
