"""Progress on stderr: one line that is drawn again on a terminal, else a line every 30 seconds.

Where there is no terminal, 30 seconds without any news are told as well: a network is being loaded,
or identities linked over a whole video.
"""

import shutil
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TextIO

from hie_cli.core.periodic import call_every
from hie_cli.core.progress_events import Begin, Doing, End, Event, Note, Overall, Step
from hie_cli.core.text import brief, printable

REDRAW_SECONDS = 0.2
LOG_SECONDS = 30.0  # between two lines where there is no terminal
WINDOW_SECONDS = 30.0  # what the rate, and so the time left, is measured over
SHOWN = 2  # tasks in one line


@dataclass
class _Task:
    label: str
    total: int | None
    unit: str
    done: int = 0
    steps: deque[tuple[float, int]] = field(default_factory=deque)  # (time, done), oldest first

    def step(self, now: float, done: int) -> None:
        self.done = done
        self.steps.append((now, done))
        while len(self.steps) > 2 and now - self.steps[1][0] > WINDOW_SECONDS:
            self.steps.popleft()

    def rate(self) -> float | None:
        """Units a second over the window; None before there are two steps a second apart."""
        if len(self.steps) < 2:
            return None
        (t0, n0), (t1, n1) = self.steps[0], self.steps[-1]
        return (n1 - n0) / (t1 - t0) if t1 - t0 >= 1 and n1 > n0 else None

    def text(self) -> str:
        parts = [f"{self.label} {self.done}" + (f"/{self.total}" if self.total else "")]
        rate = self.rate()
        if rate is not None:
            parts.append(f"{rate:.3g} {self.unit}s/s")
            if self.total and self.total > self.done:
                parts.append(f"{clock((self.total - self.done) / rate)} left")
        return "  ".join(parts)


def clock(seconds: float) -> str:
    """``75`` -> ``1:15``, ``3700`` -> ``1:01:40``."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


class Display:
    """A reporter (``core.progress``) that writes to stderr or another text stream.

    Any thread may call it; a stream that is closed or full is no error.

    The time left of everything follows from the videos done within the window, those under way
    counted by their share; it is not told before there is something to go by.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        now: Callable[[], float] = time.monotonic,
        width: Callable[[], int] = lambda: shutil.get_terminal_size().columns,
        silence: float = LOG_SECONDS,
    ) -> None:
        """silence: seconds without a line after which there is one, if there is no terminal."""
        self._given = stream
        self._now, self._width = now, width
        self._tasks: dict[Any, _Task] = {}
        self._overall = _Task("videos", None, "video")
        self._doing = ""
        self._drawn = False
        self._last = self._told = self._moved = now()
        self._silence = silence
        self._watched = False
        self._lock = threading.RLock()

    @property
    def _stream(self) -> TextIO:
        stream = self._given or sys.stderr
        if stream is None:  # a process may be started without one
            raise ValueError("no stderr")
        return stream

    @property
    def _redraws(self) -> bool:
        return self._stream.isatty()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        with self._lock, suppress(OSError, ValueError):  # nobody is there to read it
            if not self._watched and not self._redraws:
                self._watched = True
                call_every(self._silence / 6, self.break_silence)
            if not isinstance(event, Note):
                self._moved = self._now()
            self._take(event)

    def break_silence(self) -> None:
        """A line, if something is under way and nothing has been told for long."""
        with self._lock, suppress(OSError, ValueError):
            now = self._now()
            doing = self.text()
            if doing and now - self._told >= self._silence and not self._redraws:
                self._line(f"{doing}  still at work after {clock(now - self._moved)}")

    def _take(self, event: Event) -> None:
        if isinstance(event, Note):
            self._line(event.text)
        elif isinstance(event, Doing):
            self._doing = event.text
            if self._redraws:
                self._draw()
            else:
                self._line(event.text)
        elif isinstance(event, Overall):
            self._overall.total = event.total
            self._overall.step(self._now(), event.done)
        elif isinstance(event, Begin):
            self._doing = ""
            self._tasks[event.task] = _Task(event.label, event.total, event.unit)
            self._tasks[event.task].steps.append((self._now(), 0))
        elif isinstance(event, End):
            ended = self._tasks.pop(event.task, None)
            if ended is not None and not self._tasks:  # what comes next may take long, unnamed
                self._doing = f"{ended.label} {ended.done} done"
            self._clear()
        elif isinstance(event, Step) and event.task in self._tasks:
            self._tasks[event.task].step(self._now(), event.done)
            self._tick()

    def _tick(self) -> None:
        """Draw or write a line if its time has come."""
        now = self._now()
        if now - self._last >= (REDRAW_SECONDS if self._redraws else LOG_SECONDS):
            self._last = now
            if self._redraws:
                self._draw()
            else:
                self._line(self.text())

    def text(self) -> str:
        """All that is under way, in one line."""
        parts = []
        total = self._overall.total
        if total is not None and total > 1:
            part = f"{self._overall.done} of {total} videos"
            left = self._left(total)
            parts.append(part if left is None else f"{part}  {clock(left)} left")
        tasks = list(self._tasks.values())
        parts += [task.text() for task in tasks[:SHOWN]]
        if len(tasks) > SHOWN:
            parts.append(f"{len(tasks) - SHOWN} more")
        return " · ".join(parts) or self._doing

    def _left(self, total: int) -> float | None:
        """Seconds left for all videos; None while no video has been done."""
        done = self._overall.done
        if not done or not self._overall.steps:
            return None
        begun = sum(min(t.done / t.total, 1.0) for t in self._tasks.values() if t.total)
        seconds = self._now() - self._overall.steps[0][0]
        gone = self._overall.done - self._overall.steps[0][1] + begun
        return (total - done - begun) * seconds / gone if gone > 0 else None

    def _line(self, text: str) -> None:
        self._told = self._now()
        self._clear()
        self._stream.write(brief(text) + "\n")
        self._stream.flush()

    def _draw(self) -> None:
        text = printable(self.text(), keep="")[: max(self._width() - 1, 20)]
        self._stream.write(f"\r{text}\x1b[K")
        self._stream.flush()
        self._drawn = True

    def _clear(self) -> None:
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._drawn = False
