import threading
import time

import numpy as np
import pytest

from hie_cli.training.data.mixing import EpochPlan, epoch_order, in_threads
from hie_cli.training.engine.settings import LoopSettings


def test_sources_give_their_share():
    sources = np.repeat([0, 1, 2], [10, 90, 5])
    order = epoch_order(sources, [1.0, 2.0, 1.0], 100, seed=3, epoch=0)
    # 1 : 2 : 1 of 100
    assert np.bincount(sources[order]).tolist() == [25, 50, 25]
    # 25 draws of 10 items: each twice at least, three times at most; 50 of 90: none twice.
    assert set(np.bincount(order[sources[order] == 0], minlength=10)[:10]) == {2, 3}
    assert len(set(order[sources[order] == 1])) == 50


def test_the_order_is_the_seeds_and_the_epochs():
    sources = np.repeat([0, 1], 20)
    same = [epoch_order(sources, [1, 1], 40, 5, 2) for _ in range(2)]
    assert (same[0] == same[1]).all()
    assert (same[0] != epoch_order(sources, [1, 1], 40, 5, 3)).any()
    assert (same[0] != epoch_order(sources, [1, 1], 40, 6, 2)).any()


def test_workers_change_nothing_but_the_time():
    seen = set()

    def make(k):
        seen.add(threading.get_ident())
        time.sleep(0.002 * (k % 3))
        return np.random.default_rng([1, k]).random()

    alone = list(in_threads(make, 12, 0))
    seen.clear()
    assert list(in_threads(make, 12, 3)) == alone
    assert len(seen) > 1


def test_an_error_of_a_worker_comes_out():
    def make(k):
        if k == 3:
            raise ValueError("third")
        return k

    found = in_threads(make, 9, 2)
    assert [next(found) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="third"):
        next(found)


class Numbers(list):
    """A batch of numbers that goes to any device."""

    def to(self, device):
        return self


@pytest.mark.parametrize("workers", [0, 2])
def test_an_epoch_is_its_order_in_batches(workers):
    how = LoopSettings(batch=4, workers=workers, seed=3)
    plan = EpochPlan(np.zeros(10, np.int64), [1.0], 0, how)
    assert plan.count == 3  # 10 samples, 4 a batch
    made = list(plan.batches(2, lambda chosen, start: Numbers([start, *chosen.tolist()]), "cpu"))
    assert [batch[0] for batch in made] == [0, 4, 8]
    order = epoch_order(plan.sources, [1.0], 12, seed=3, epoch=2)
    assert [number for batch in made for number in batch[1:]] == order.tolist()
    assert EpochPlan(np.zeros(10, np.int64), [1.0], 16, how).count == 4
