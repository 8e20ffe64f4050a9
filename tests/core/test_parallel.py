import threading

import pytest

from hie_cli.core.parallel import side_by_side


def test_results_keep_the_order_of_the_items():
    assert side_by_side(lambda n: n * n, range(7), 3) == [0, 1, 4, 9, 16, 25, 36]


def test_as_many_at_once_as_there_are_threads():
    both = threading.Barrier(2)  # breaks unless two are under way together
    side_by_side(lambda _: both.wait(timeout=5), range(4), 2)


@pytest.mark.parametrize(("threads", "count"), [(1, 3), (0, 3), (4, 1)])
def test_alone_in_the_thread_of_the_caller(threads, count):
    seen = side_by_side(lambda _: threading.get_ident(), range(count), threads)
    assert set(seen) == {threading.get_ident()}


def test_an_exception_reaches_the_caller():
    def work(n):
        if n == 2:
            raise ValueError("two")

    with pytest.raises(ValueError, match="two"):
        side_by_side(work, range(5), 2)
