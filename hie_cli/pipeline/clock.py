"""Where a video's time goes: seconds per stage, seconds in the networks, and peak memory."""

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FloatArray, FramePeople, FrameStream, Image, People
from hie_cli.models.base import AppearanceModel, Detector, PoseEstimator
from hie_cli.models.parts import Poses, runs
from hie_cli.models.spec import ModelSpec


class Clock:
    """Adds up seconds by name; stages may run in several threads.

    Stages overlap, so that their seconds may be more than those that passed.
    """

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._networks = 0.0
        self._running: dict[str, tuple[int, float]] = {}
        self._start = time.perf_counter()
        self._lock = threading.Lock()

    def add(self, name: str, seconds: float) -> None:
        """Add to what ``name`` took."""
        with self._lock:
            self._seconds[name] = self._seconds.get(name, 0.0) + seconds

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Add what the block takes to ``name``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - start)

    @contextmanager
    def network(self, task: str) -> Iterator[None]:
        """Add what the block takes to what networks took; those of one task that run side by side
        count once, as their stage's seconds do.
        """
        with self._lock:
            count, since = self._running.get(task, (0, 0.0))
            self._running[task] = (count + 1, since if count else time.perf_counter())
        try:
            yield
        finally:
            with self._lock:
                count, since = self._running[task]
                self._running[task] = (count - 1, since)
                if count == 1:
                    self._networks += time.perf_counter() - since

    def record(self, frames: int) -> dict[str, Any]:
        """What ``summary.json`` keeps of a video of that many frames."""
        seconds = time.perf_counter() - self._start
        return {
            "seconds": round(seconds, 3),
            "frames_per_second": round(frames / seconds, 3) if seconds > 0 else 0.0,
            "stage_seconds": {name: round(each, 2) for name, each in self._seconds.items()},
            "network_seconds": round(self._networks, 4),
            "peak_memory_mb": peak_memory_mb(),
        }


def peak_memory_mb() -> int | None:
    """The most memory this process has held so far, in MB; None where that is not told."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3))


def timed_source(frames: Iterable[FramePeople], clock: Clock) -> FrameStream:
    """``frames``, their decoding timed as ``decode``."""
    waited = _Waited(iter(frames))
    try:
        yield from waited
    finally:
        waited.close()
        clock.add("decode", waited.seconds)


def timed_stage(
    name: str, run: Callable[[FrameStream], FrameStream], stream: FrameStream, *, clock: Clock
) -> FrameStream:
    """``run`` on ``stream``, timed less what it waits for ``stream``."""
    waited = _Waited(stream)
    output = _Waited(run(waited))
    try:
        yield from output
    finally:
        output.close()
        clock.add(name, output.seconds - waited.seconds)


class _Waited(Iterator[FramePeople]):
    """An iterator that adds up the seconds waited for it."""

    def __init__(self, items: FrameStream) -> None:
        self._items = items
        self.seconds = 0.0

    def __next__(self) -> FramePeople:
        start = time.perf_counter()
        try:
            return next(self._items)
        finally:
            self.seconds += time.perf_counter() - start

    def close(self) -> None:
        close = getattr(self._items, "close", None)
        if close is not None:
            close()


class _Timed:
    """A model whose work for a task is timed."""

    task: ClassVar[str]

    def __init__(self, model: Any, clock: Clock) -> None:
        self._model, self._clock = model, clock

    @property
    def spec(self) -> ModelSpec:
        spec: ModelSpec = self._model.spec
        return spec

    @property
    def name(self) -> str:
        return str(self._model.name)

    @property
    def sha256(self) -> str:
        return str(self._model.sha256)

    def _time(self, work: Callable[[], Any]) -> Any:
        with self._clock.network(self.task):
            return work()


class TimedDetector(_Timed):
    """A detector, timed; see ``models.base.Detector``."""

    task = "detect"

    def __init__(self, model: Detector, clock: Clock) -> None:
        super().__init__(model, clock)

    @property
    def runs(self) -> int:
        """See ``models.parts.runs``."""
        return runs(self._model)

    def detect(self, images: Sequence[Image], long_side: int | None = None) -> list[People]:
        """As the model does."""
        found: list[People] = self._time(lambda: self._model.detect(images, long_side))
        return found


class TimedEstimator(_Timed):
    """A pose estimator, timed; see ``models.base.PoseEstimator``."""

    task = "pose"

    def __init__(self, model: PoseEstimator, clock: Clock) -> None:
        super().__init__(model, clock)

    def estimate(
        self, images: Sequence[Image], boxes: Sequence[NDArray[np.floating]], *, flip: bool = False
    ) -> list[Poses]:
        """As the model does."""
        found: list[Poses] = self._time(lambda: self._model.estimate(images, boxes, flip=flip))
        return found


class TimedAppearance(_Timed):
    """An appearance network, timed; see ``models.base.AppearanceModel``."""

    task = "appearance"

    def __init__(self, model: AppearanceModel, clock: Clock) -> None:
        super().__init__(model, clock)

    def embed(
        self, images: Sequence[Image], boxes: Sequence[NDArray[np.floating]]
    ) -> list[FloatArray]:
        """As the model does."""
        found: list[FloatArray] = self._time(lambda: self._model.embed(images, boxes))
        return found
