"""Figures of a batch that runs, for Prometheus: its text format, over HTTP, as long as it lasts."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hie_cli.core import progress
from hie_cli.core.errors import ConfigError
from hie_cli.core.plain_page import PlainPage
from hie_cli.core.progress_events import Begin, End, Event, Step
from hie_cli.core.version import __version__

WINDOW = 30.0  # seconds that frames a second are counted over
Finished = Callable[[dict[str, Any]], None]


@dataclass
class _Task:
    """Frames of one video at one stage: when how many were done, oldest first."""

    name: str
    steps: deque[tuple[float, int]] = field(default_factory=deque)

    def rate(self, now: float) -> float:
        while len(self.steps) > 2 and now - self.steps[1][0] > WINDOW:
            self.steps.popleft()
        if len(self.steps) < 2:
            return 0.0
        begun, done = self.steps[0]
        return (self.steps[-1][1] - done) / max(now - begun, 1.0)


class BatchMetrics:
    """What is known of a batch of videos: a reporter (``core.progress``) that also takes records.

    names: of its videos. Any thread may call it.
    """

    def __init__(self, names: Sequence[str], now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._begun = time.time()
        self._known = set(names)
        self._total = len(names)
        self._ended = {"done": 0, "failed": 0, "kept": 0}
        self._running: set[str] = set()
        self._tasks: dict[int, _Task] = {}
        self._frames = self._people = 0
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Take one event of what is under way."""
        with self._lock:
            if isinstance(event, Begin) and event.unit == "frame":
                name = event.label.rpartition(": ")[0]
                self._tasks[event.task] = _Task(name, deque([(self._now(), 0)]))
                if name in self._known:
                    self._running.add(name)
            elif isinstance(event, Step) and event.task in self._tasks:
                self._tasks[event.task].steps.append((self._now(), event.done))
            elif isinstance(event, End):
                self._tasks.pop(event.task, None)

    def finished(self, record: dict[str, Any]) -> None:
        """Take the record of a video that has come to its end."""
        with self._lock:
            self._running.discard(record["name"])
            state = "done" if record["status"] == "ok" else "failed"
            self._ended["kept" if record.get("kept") else state] += 1
            if not record.get("kept"):
                self._frames += record.get("frames", 0)
                self._people += record.get("people", 0)

    def text(self) -> str:
        """Prometheus' text format (version 0.0.4)."""
        with self._lock:
            rates: dict[str, float] = {}
            for task in self._tasks.values():  # stages of one video see the same frames
                rates[task.name] = max(rates.get(task.name, 0.0), task.rate(self._now()))
            running = len(self._running)
            waiting = self._total - sum(self._ended.values()) - running
            states = {"waiting": waiting, "running": running, **self._ended}
            frames, people = self._frames, self._people
        lines = [
            *_metric("build_info", "gauge", "The version of hie.", {f'version="{__version__}"': 1}),
            *_metric(
                "run_videos", "gauge", "Videos by state; kept ones were finished before.",
                {f'state="{state}"': count for state, count in states.items()},
            ),
            *_metric("run_frames_total", "counter", "Frames of videos that ended.", {"": frames}),
            *_metric("run_people_total", "counter", "People in those frames.", {"": people}),
            *_metric(
                "run_frames_per_second", "gauge", f"Of running videos, over {WINDOW:.0f} seconds.",
                {"": round(sum(rates.values()), 3)},
            ),
            *_metric(
                "run_start_time_seconds", "gauge", "When the run began, in Unix time.",
                {"": round(self._begun, 3)},
            ),
        ]  # fmt: skip
        return "\n".join(lines) + "\n"


def _metric(name: str, kind: str, text: str, values: dict[str, float]) -> list[str]:
    named = [
        f"hie_{name}{{{labels}}} {value}" if labels else f"hie_{name} {value}"
        for labels, value in values.items()
    ]
    return [f"# HELP hie_{name} {text}", f"# TYPE hie_{name} {kind}", *named]


@contextmanager
def served(place: str | None, names: Sequence[str], finished: Finished) -> Iterator[Finished]:
    """Serve a batch's figures at ``place``, PORT of this machine alone or HOST:PORT; None: do not.

    names: of its videos · finished: what is to be told of each record. Gives what is to be told
    instead. Raises ConfigError for a port that cannot be had.
    """
    if place is None:
        yield finished
        return
    host, port = parse_place(place)
    metrics = BatchMetrics(names)

    def both(record: dict[str, Any]) -> None:
        metrics.finished(record)
        finished(record)

    with PlainPage(metrics.text, "/metrics", host, port), progress.listening(metrics):
        yield both


def parse_place(place: str) -> tuple[str, int]:
    """``9464`` or ``0.0.0.0:9464``; without a host 127.0.0.1. Raises ConfigError."""
    host, _, port = place.rpartition(":")
    if port.isascii() and port.isdecimal() and int(port) < 1 << 16:
        return host or "127.0.0.1", int(port)
    raise ConfigError(f"--metrics-port {place}: expected PORT or HOST:PORT, such as 9464")
