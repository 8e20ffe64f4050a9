"""Run a generator ahead in its own thread, so that stages of the chain overlap."""

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

T = TypeVar("T")


def prefetch(items: Iterable[T], depth: int = 4) -> Generator[T, None, None]:
    """Yield ``items`` in order while a thread computes at most ``depth`` of them ahead.

    An exception of the producer is raised in the consumer, after the items before it. When the
    consumer stops early it waits for the thread, which ends at its next item. Decoding and networks
    release the interpreter lock, which is what makes the overlap worth a thread.
    """
    waiting: queue.Queue[tuple[T | None, BaseException | None, bool]] = queue.Queue(depth)
    stop = threading.Event()

    def put(entry: tuple[T | None, BaseException | None, bool]) -> bool:
        while not stop.is_set():
            try:
                waiting.put(entry, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def produce() -> None:
        source = iter(items)
        try:
            for item in source:
                if not put((item, None, False)):
                    break
            else:
                put((None, None, True))
        except BaseException as error:
            put((None, error, True))
        finally:
            close = getattr(source, "close", None)
            if close is not None:
                close()

    worker = threading.Thread(target=produce, daemon=True)
    worker.start()
    try:
        while True:
            item, error, last = waiting.get()
            if error is not None:
                raise error
            if last:
                return
            yield item  # type: ignore[misc] # only the last entry carries no item
    finally:
        stop.set()
        worker.join()
