import threading
import time

import pytest

from hie_cli.core.prefetch import prefetch


def test_nothing():
    assert list(prefetch([])) == []


def test_order_is_kept():
    assert list(prefetch(iter(range(1000)), depth=3)) == list(range(1000))


def test_none_is_an_item_like_any_other():
    assert list(prefetch([None, 0, None])) == [None, 0, None]


def test_an_error_comes_after_the_items_before_it():
    def produce():
        yield 1
        yield 2
        raise ValueError("third")

    stream = prefetch(produce())
    assert [next(stream), next(stream)] == [1, 2]
    with pytest.raises(ValueError, match="third"):
        next(stream)


def test_at_most_depth_ahead():
    made = []

    def produce():
        for i in range(100):
            made.append(i)
            yield i

    stream = prefetch(produce(), depth=4)
    assert next(stream) == 0
    time.sleep(0.2)
    # 1 taken, 4 waiting, 1 in the producer's hand.
    assert len(made) <= 1 + 4 + 1
    stream.close()


def test_stopping_early_ends_the_thread_and_closes_the_source():
    closed = threading.Event()

    def produce():
        try:
            yield from range(1_000_000)
        finally:
            closed.set()

    stream = prefetch(produce())
    next(stream)
    stream.close()
    assert closed.wait(2)
