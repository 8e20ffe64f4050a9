"""The order of an epoch: sources in proportion to their weights, from the seed alone."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from hie_cli.training.data.items import Item
from hie_cli.training.data.mix import Mix
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


@dataclass(frozen=True)
class EpochPlan:
    """How the samples of a training become the batches of its epochs.

    ``sources`` (N,): which source each of N samples is of · ``weights``: of each source ·
    ``samples``: of an epoch; 0: N.
    """

    sources: NDArray[np.int64]
    weights: Sequence[float]
    samples: int
    how: LoopSettings

    @property
    def count(self) -> int:
        """Batches of an epoch; each process has its part of every one."""
        samples = self.samples or len(self.sources)
        return -(-samples // (self.how.batch * distributed.processes()))

    def batches(
        self, epoch: int, make: Callable[[NDArray[np.int64], int], B], device: str
    ) -> Iterator[B]:
        """This process's part of each batch of an epoch, made by threads, on a device.

        make(chosen, start): of the samples ``chosen``, the first of which is number ``start`` of
        the epoch.
        """
        how, world = self.how, distributed.processes()
        order = epoch_order(
            self.sources, self.weights, how.batch * world * self.count, how.seed, epoch
        )
        first = distributed.rank() * how.batch

        def part(k: int) -> B:
            start = k * how.batch * world + first
            return make(order[start : start + how.batch], start)

        for batch in in_threads(part, self.count, how.workers):
            yield batch.to(device)


def plan_of(items: Sequence[Item], mix: Mix, samples: int, how: LoopSettings) -> EpochPlan:
    """The plan of samples made of ``items``, one of each; the weights are those of the ``mix``."""
    sources = np.array([item.source for item in items], np.int64)
    return EpochPlan(sources, [source.weight for source in mix.sources], samples, how)
