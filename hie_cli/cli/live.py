"""``hie run`` on a live source: lines for other programs, a clean end by Ctrl-C, closing words."""

import json as json_module
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

from hie_cli.cli.runner import Session, table
from hie_cli.cli.terminal import set_resumable, show, show_json
from hie_cli.core.errors import EXIT_INTERRUPTED, ConfigError
from hie_cli.core.progress import note
from hie_cli.pipeline.video_batch import Batch
from hie_cli.pipeline.video_selection import WHOLE, Selection
from hie_cli.streaming.follow import Follower
from hie_cli.streaming.run import DEFAULT_SEGMENT, LiveRun, open_live
from hie_cli.video.addresses import is_live, parse_address
from hie_cli.video.frame_range import FrameRange
from hie_cli.video.live import News

_STOPS = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
_ENDINGS = {
    "ended": "the stream has ended",
    "stopped": "stopped",
    "duration": "the time is over",
    "lost": "the source is lost",
}
_AT_ONCE = b"hie: interrupted; the last segment is incomplete\n"


def live_source(videos: list[str]) -> str | None:
    """The one live source that ``videos`` name; None where they are files.

    Raises ConfigError for several sources, or one beside files.
    """
    live = [video for video in videos if is_live(video)]
    if live and len(videos) > 1:
        raise ConfigError("a live source runs alone; give one address or camera, and no files")
    return live[0] if live else None


@dataclass(frozen=True)
class LiveWish:
    """The options of live sources, None or False where they were not given."""

    segment: str | None
    duration: str | None
    follow: bool
    serve: int | None
    name: str | None

    @property
    def given(self) -> dict[str, bool]:
        """Which of them were given, by option."""
        return {
            "--segment": self.segment is not None,
            "--for": self.duration is not None,
            "--follow": self.follow,
            "--serve": self.serve is not None,
            "--name": self.name is not None,
        }


def refuse(given: dict[str, bool], words: str) -> None:
    """Raise ConfigError for the first option that was given and means nothing here."""
    for option, there in given.items():
        if there:
            raise ConfigError(f"{option} {words}")


def refuse_file_options(selection: Selection, batch: Batch, resume: bool, profile: bool) -> None:
    """Raise ConfigError for an option of ``hie run`` that means nothing for a live source."""
    frames = selection.frames
    given = {
        "--resume": resume,
        "--profile": profile,
        "--stills": selection.stills,
        "--workers": (batch.engine.workers or 1) > 1,
        "--engine": batch.engine.name != "local",
        "--shard": selection.shard != WHOLE,
        "--retry-failed": selection.retry_failed,
        "--list": selection.listed is not None,
        "--parquet": batch.table,
        "--segment-frames": batch.segment_frames is not None,
        "--frames": replace(frames, begin=None, until=None) != FrameRange(),
        "--begin": frames.begin is not None,
        "--end": frames.until is not None,
        "--cuts": selection.cuts is not None,
    }
    refuse(given, "is not for a live source, which comes once; leave it out")


def run_live(session: Session, source: str, until: str | None, wish: LiveWish) -> None:
    """Run a live source until it ends, is stopped, or its time is over.

    Raises ConfigError for options that make no sense together, and what ``open_live`` does.
    """
    set_resumable(False)
    shown = parse_address(source).shown
    if wish.follow and session.json:
        raise ConfigError("--follow prints JSON already; leave --json out")
    if not session.config.track.online:
        raise ConfigError(f"{shown}: a live source; add --online (identities are given at once)")
    lines = _Lines(wish.follow)
    run = open_live(
        source,
        session.config,
        device=session.device,
        output=session.output_dir,
        until=until or "render",
        segment=wish.segment or DEFAULT_SEGMENT,
        duration=wish.duration,
        name=wish.name,
        serve=wish.serve,
        told=lines.news,
    )
    lines.begin(run, shown)
    if run.page is not None:
        note(f"watch it at {run.page.address}")
    rate = run.video.fps / run.stride
    note(
        f"{shown}: {run.video.width}x{run.video.height}, {run.video.fps:g} frames/s, "
        f"{rate:.3g} of them are looked at; Ctrl-C ends it"
    )
    try:
        with _stopped_by_signals(run):
            for item in run:
                lines.frame(item)
    finally:
        lines.end()
    if session.json:
        show_json({"source": shown, "segments": run.records, **_totals(run)})
    elif not wish.follow:
        for line in table(run.records):
            show(line)
    note(
        f"{shown}: {_ENDINGS[run.ending]} after {run.seconds:.0f} s; {run.dropped} frames were "
        f"dropped (too fast), {run.absent} did not come"
    )
    note(f"results are in {session.output_dir.folder}")


def _totals(run: LiveRun) -> dict[str, Any]:
    return {
        "ending": run.ending,
        "seconds": round(run.seconds, 3),
        "dropped": run.dropped,
        "absent": run.absent,
    }


class _Lines:
    """Prints a JSON object a line, from the run's and the reader's thread."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._lock = threading.Lock()
        self._run: LiveRun | None = None
        self._follower: Follower | None = None
        self._segments = 0

    def begin(self, run: LiveRun, shown: str) -> None:
        """The run is there."""
        self._run, self._follower = run, Follower(shown, run.segments)
        self._print(self._follower.start())

    def news(self, news: News) -> None:
        """The source was lost, or is back."""
        note(news.text)
        if self._follower is not None:
            self._print(self._follower.news(news))

    def frame(self, item: Any) -> None:
        """A frame, what is known from it on, and segments that became complete."""
        run, follower = self._run, self._follower
        if run is None or follower is None or not self._wanted:
            return
        follower.started = run.source.started
        self._complete(run, follower)
        self._print(follower.frame(item, run.seconds, run.delay))
        for event in run.events:
            self._print(follower.event(event))

    def _complete(self, run: LiveRun, follower: Follower) -> None:
        for record in run.records[self._segments :]:
            self._print(follower.segment(record, run.seconds))
        self._segments = len(run.records)

    def end(self) -> None:
        """The run is over."""
        if self._run is not None and self._follower is not None:
            self._complete(self._run, self._follower)
            totals = _totals(self._run)
            self._print(self._follower.end(totals.pop("seconds"), **totals))

    def _print(self, record: dict[str, Any]) -> None:
        if not self._wanted:
            return
        line = json_module.dumps(record, separators=(",", ":"), allow_nan=False)
        with self._lock:
            try:
                print(line, flush=True)
            except OSError:  # who followed has gone: the last segment is made complete
                self._wanted = False
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                if self._run is not None:
                    self._run.stop()


@contextmanager
def _stopped_by_signals(run: LiveRun) -> Iterator[None]:
    """The first Ctrl-C or polite kill ends the run, the second one leaves at once."""

    def leave(number: int, frame: FrameType | None) -> None:
        os.write(2, _AT_ONCE)
        os._exit(EXIT_INTERRUPTED)

    def stop(number: int, frame: FrameType | None) -> None:
        for one in _STOPS:
            signal.signal(one, leave)
        run.stop()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _STOPS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
