"""Live sources: an address or a camera as a stream of frames that never waits for its reader.

A thread reads and decodes; whoever takes frames gets the newest one, and what came meanwhile is
dropped and counted. Nothing is queued, so neither memory nor delay can grow. What breaks off is
connected again, after ever longer pauses.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import cv2

from hie_cli.core.errors import HieError, InputError
from hie_cli.core.types import Frame, Image, VideoInfo
from hie_cli.video.addresses import LiveAddress
from hie_cli.video.feeds import Feed, Picture, check_size, open_feed
from hie_cli.video.frame_range import ALL_FRAMES
from hie_cli.video.sources import FALLBACK_FPS
from hie_cli.video.stream_clock import StreamClock, is_believable, measured_rate

_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)  # seconds before each further attempt to connect
_MEASURED = (1.5, 9)  # seconds and frames from which a rate can be told by arrivals
_ALIKE = 0.02  # difference of two pictures' proportions that scaling hides


class News(NamedTuple):
    """What happened to the connection: ``kind`` lost or back, in words, and when in seconds."""

    kind: str
    text: str
    seconds: float


@dataclass(frozen=True)
class LiveOptions:
    """How a live source is read.

    timeout: seconds of silence after which the connection counts as lost · patience: seconds
    without a frame after which no further attempt is made · fps: the source's rate, None: as it
    says, or as measured.
    """

    timeout: float = 10.0
    patience: float = 60.0
    fps: float | None = None


class LiveSource:
    """A live source, open and being read from construction on.

    info: its name, size and rate · started: the moment of frame 0 (UTC), once there is one ·
    dropped: frames that came while the one before was still waiting to be taken · absent: frames
    that the source did not give, such as while it was lost · lost: why it ended, where that was no
    end. Frame numbers are moments on a grid of constant rate; those of frames that are missing stay
    unused. Raises InputError and ConfigError as ``open_feed``.
    """

    again = False  # frames that have passed cannot be had once more
    range = ALL_FRAMES

    def __init__(
        self,
        address: LiveAddress,
        options: LiveOptions,
        name: str | None = None,
        told: Callable[[News], None] | None = None,
    ) -> None:
        self.address, self._options = address, options
        self.path = Path(name or address.name)
        self.dropped = self._gaps = 0
        self.lost: HieError | None = None
        self.started: datetime | None = None
        self._told = told
        self._stride = 1
        self._limit: float | None = None
        self._origin: float | None = None  # seconds of frame 0 by the stream's clock
        self._number = -1  # the last frame that was on offer
        self._offered: Frame | None = None
        self._begun = self._over = False
        self._news = threading.Condition()
        self._stopped = threading.Event()
        self._begin = time.monotonic()
        self._clock = StreamClock()
        self._feed: Feed = open_feed(address, options.timeout)
        self._size: tuple[int, int] | None = None
        self._newest: Picture | None = None
        self._seconds: list[float] = []  # of the first frames, for their rate
        threading.Thread(target=self._read, daemon=True, name=address.name).start()
        self.info = self._described(name or address.name)

    def __len__(self) -> int:
        """0: nobody knows how many frames will come."""
        return 0

    @property
    def absent(self) -> int:
        """See above."""
        return max(0, self._gaps - self.dropped)

    def picture(self) -> Image:
        """The newest picture, which stays to be given as a frame."""
        with self._news:
            assert self._newest is not None
            newest = self._newest
        return self._scaled(newest)

    def start(self, stride: int, seconds: float | None = None) -> None:
        """From the next picture on, which becomes frame 0, offer every ``stride``-th frame, and end
        after so many ``seconds``. Of a recording (a file on a server) that is the first one.
        """
        with self._news:
            self._stride, self._limit, self._begun = stride, seconds, True
            self._news.notify_all()

    def __iter__(self) -> Iterator[Frame]:
        """The newest frame, each time one is asked for, until the end or ``stop``."""
        before = -self._stride
        try:
            while (frame := self._taken()) is not None:
                self._gaps += (frame.index - before) // self._stride - 1
                before = frame.index
                yield frame
        finally:
            self.stop()

    def _taken(self) -> Frame | None:
        with self._news:
            while self._offered is None and not self._over and not self._is_due():
                self._news.wait(0.1)
            frame, self._offered = self._offered, None
        late = frame is not None and frame.index >= (self._limit or math.inf) * self.info.fps
        return None if late or self._stopped.is_set() else frame

    def _is_due(self) -> bool:
        """Whether it is over for whoever takes frames."""
        limit = self._limit
        timed_out = limit is not None and self.started is not None and self.seconds > limit
        return timed_out or self._stopped.is_set()

    @property
    def seconds(self) -> float:
        """Seconds since frame 0, by the clock of this machine; 0 before."""
        if self._origin is None:
            return 0.0
        return time.monotonic() - self._begin - self._origin

    def stop(self) -> None:
        """No more frames; safe in a signal handler's thread and in any other."""
        self._stopped.set()
        self._feed.close()

    def _described(self, name: str) -> VideoInfo:
        """Wait until size and rate are known. Raises InputError where no picture comes."""
        deadline = time.monotonic() + self._options.timeout
        with self._news:
            while not self._is_known() and not self._over and time.monotonic() < deadline:
                self._news.wait(0.1)
            lost, size, seconds = self.lost, self._size, list(self._seconds)
        if size is None:
            self.stop()
            raise lost or InputError(
                f"{self.address.shown}: no picture came within {self._options.timeout:g} s"
            )
        rate = self._options.fps or self._said_rate() or measured_rate(seconds) or FALLBACK_FPS
        return VideoInfo(name, *size, rate, None)

    def _said_rate(self) -> float | None:
        said = self._feed.rate
        return said if said and is_believable(said) else None

    def _is_known(self) -> bool:
        if self._size is None:
            return False
        if self._options.fps or self._said_rate():
            return True
        least, many = _MEASURED
        return len(self._seconds) >= many and self._seconds[-1] - self._seconds[0] >= least

    def _read(self) -> None:
        """Read until the end, connecting again as often as it takes; the thread's work."""
        try:
            while not self._stopped.is_set():
                why = self._read_feed()
                if self._stopped.is_set() or self._feed.ended or not self._connected_again(why):
                    break
        except HieError as error:
            self.lost = error
        except Exception as error:  # whatever it is, who waits for frames must hear of the end
            self.lost = HieError(f"{self.address.shown}: reading failed ({type(error).__name__})")
        with self._news:
            self._over = True
            self._news.notify_all()

    def _read_feed(self) -> str:
        """Offer the pictures of one connection; why it is over."""
        try:
            for picture in self._feed:
                self._offer(picture)
                if self._stopped.is_set():
                    break
        except InputError as error:
            return str(error).removeprefix(f"{self.address.shown}: ")
        return "the connection broke off"

    def _connected_again(self, why: str) -> bool:
        """Whether the source is there again; else ``lost`` says why not."""
        if self._size is None:  # it has never given a picture
            self.lost = InputError(f"{self.address.shown}: {why}")
            return False
        since, attempt = time.monotonic(), 0
        self._tell("lost", f"{self.address.shown}: lost ({why}); connecting again")
        while True:
            pause = _PAUSES[min(attempt, len(_PAUSES) - 1)]
            left = since + self._options.patience - time.monotonic()
            if left <= 0:
                break
            if self._stopped.wait(min(pause, left)):
                return False
            attempt += 1
            try:
                feed = open_feed(self.address, self._options.timeout)
            except HieError as error:
                why = str(error).removeprefix(f"{self.address.shown}: ")
                continue
            self._feed = feed
            self._clock.restart()
            away = time.monotonic() - since
            self._tell("back", f"{self.address.shown}: back after {away:.1f} s")
            return True
        self.lost = HieError(
            f"{self.address.shown}: lost for {self._options.patience:g} s ({why}); what came "
            "before is complete"
        )
        return False

    def _tell(self, kind: str, text: str) -> None:
        if self._told is not None:
            self._told(News(kind, text, self.seconds))

    def _offer(self, picture: Picture) -> None:
        """Take in one picture: it becomes the newest, and is on offer where the grid asks for it.

        Waits for the moment of a picture that came early, as the segments of a playlist do: who
        reads no faster than the source plays holds its server back.
        """
        arrived = time.monotonic() - self._begin
        seconds = self._clock.seconds(picture.stamp, arrived)
        if seconds > arrived and self._stopped.wait(seconds - arrived):
            return
        if self._size is None:
            check_size(self.address, picture.width, picture.height)
        with self._news:
            self._size = self._size or (picture.width, picture.height)
            self._newest = picture
            if not self._begun:
                self._seconds = [*self._seconds[-100:], seconds]
                self._news.notify_all()
                if not self._held():
                    return
                seconds = self._clock.seconds(picture.stamp, time.monotonic() - self._begin)
            if self._origin is None:
                self._origin = seconds
                self.started = datetime.now(UTC)
            number = int((seconds - self._origin) * self.info.fps + 0.5)
            number -= number % self._stride
            if number <= self._number:
                return
        frame = Frame(number, self._scaled(picture))
        with self._news:
            self.dropped += self._offered is not None
            self._offered, self._number = frame, number
            self._news.notify_all()

    def _held(self) -> bool:
        """Wait with a recording until frames are wanted; whether that was so."""
        if not (self._feed.waits and self._is_known()):
            return False
        while not self._begun and not self._stopped.is_set():
            self._news.wait(0.1)
        self._clock.restart()
        return self._begun

    def _scaled(self, picture: Picture) -> Image:
        """Pixels in the size of the first picture, whatever the source sends after a restart.

        Raises HieError where its proportions are others.
        """
        assert self._size is not None
        width, height = self._size
        if (picture.width, picture.height) == self._size:
            return picture.pixels()
        if abs(picture.width / picture.height * height / width - 1) > _ALIKE:
            raise HieError(
                f"{self.address.shown}: the picture changed from {width}x{height} to "
                f"{picture.width}x{picture.height}; start anew"
            )
        return cv2.resize(picture.pixels(), self._size, interpolation=cv2.INTER_AREA)
