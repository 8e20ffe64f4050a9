"""The order of an epoch: sources in proportion to their weights, from the seed alone."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from hie_cli.training.engine import distributed
from hie_cli.training.engine.settings import LoopSettings


class Movable(Protocol):
    """What can be brought to a device."""

    def to(self, device: str) -> Self:
        """The same there."""


T = TypeVar("T")
B = TypeVar("B", bound=Movable)


def epoch_order(
    sources: NDArray[np.int64], weights: Sequence[float], count: int, seed: int, epoch: int
) -> NDArray[np.int64]:
    """``count`` items of an epoch; ``sources`` (N,) says which source each of the N items is of.

    Each source gives its share of ``weights`` to within one; its items come in random order, all of
    them before one comes again.
    """
    rng = np.random.default_rng([seed, epoch, 1])
    present = np.unique(sources)
    share = np.array([weights[k] for k in present], float)
    exact = count * share / share.sum()
    given = np.floor(exact).astype(int)
    for k in np.argsort(-(exact - given), kind="stable")[: count - given.sum()]:
        given[k] += 1
    parts = []
    for source, number in zip(present, given, strict=True):
        own = np.flatnonzero(sources == source)
        rounds = [rng.permutation(own) for _ in range(-(-int(number) // len(own)))]
        parts.append(np.concatenate([np.zeros(0, np.int64), *rounds])[:number])
    return rng.permutation(np.concatenate(parts))


def in_threads(make: Callable[[int], T], count: int, workers: int) -> Iterator[T]:
    """``make(0)``, ``make(1)``, ... in order, ``workers`` at a time; 0: in this thread.

    ``make`` draws its random numbers from the number alone, so that workers change nothing.
    """
    if workers == 0:
        yield from (make(k) for k in range(count))
        return
    ahead: list[Future[T]] = []
    with ThreadPoolExecutor(workers) as pool:
        try:
            for k in range(count):
                ahead.append(pool.submit(make, k))
                if len(ahead) > 2 * workers:
                    yield ahead.pop(0).result()
            while ahead:
                yield ahead.pop(0).result()
        finally:
            for future in ahead:
                future.cancel()


def in_processes(count: int, batch: int) -> int:
    """Batches of an epoch of ``count`` samples, ``batch`` for each process."""
    return -(-count // (batch * distributed.processes()))


def shared_batches(
    sources: NDArray[np.int64], weights: Sequence[float], batches: int, how: LoopSettings,
    number: int, make: Callable[[NDArray[np.int64], int], B], device: str,
) -> Iterator[B]:  # fmt: skip
    """This process's part of each batch of epoch ``number``, made by threads, on a device.

    make(chosen, start): of the samples ``chosen``, the first of which is number ``start`` of the
    epoch.
    """
    world = distributed.processes()
    order = epoch_order(sources, weights, how.batch * world * batches, how.seed, number)
    first = distributed.rank() * how.batch

    def part(k: int) -> B:
        start = k * how.batch * world + first
        return make(order[start : start + how.batch], start)

    for batch in in_threads(part, batches, how.workers):
        yield batch.to(device)
