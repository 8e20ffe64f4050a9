"""Which processors a worker uses: networks take as many threads as its process may use."""

import os


def available() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def pin(place: int, count: int) -> None:
    """Let this process use ``count`` processors only, the ``place``-th so many of those it may.

    Places past the last begin again with the first; no effect where the system cannot do it.
    """
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        first = place * count
        chosen = {allowed[(first + i) % len(allowed)] for i in range(min(count, len(allowed)))}
        os.sched_setaffinity(0, chosen)
