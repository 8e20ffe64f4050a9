"""One connection to a live source: its pictures as they come, until it ends or breaks off.

Addresses are read with PyAV (``pip install 'hie[video]'``): it takes rules for each source, where
OpenCV has one for all, and gives time stamps. Cameras of this machine are read with OpenCV.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import cv2
import numpy as np

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.types import Image
from hie_cli.video import FORMATS, MAX_PIXELS
from hie_cli.video.addresses import LiveAddress
from hie_cli.video.images import MIN_SIDE
from hie_cli.video.web import Response, Web, connection_words

_UNTIMED = ("mpjpeg", "mjpeg", "h264", "hevc")  # FFmpeg makes their time stamps up
_PROBED = {"analyzeduration": "2000000", "probesize": "2000000"}  # microseconds, bytes


@dataclass(frozen=True)
class Picture:
    """One picture of a feed: its size, seconds by the source's clock (None: it has none), and how
    its pixels (H, W, 3) uint8 BGR are had, which takes time.
    """

    width: int
    height: int
    stamp: float | None
    pixels: Callable[[], Image]


class Feed(Protocol):
    """A connection that is open.

    rate: frames a second, as the source says, None if it does not · ended: whether it has said that
    there is no more · waits: whether it is a recording, of which nothing is missed by reading late.
    """

    rate: float | None
    ended: bool
    waits: bool

    def __iter__(self) -> Iterator[Picture]:
        """Its pictures. Raises InputError where it breaks off with a reason."""

    def close(self) -> None:
        """Break it off, from whatever thread."""


def open_feed(address: LiveAddress, timeout: float) -> Feed:
    """Connect. Raises InputError saying why that cannot be, ConfigError where PyAV is missing.

    timeout: seconds without anything after which the source counts as lost.
    """
    if address.device is not None:
        return _CameraFeed(address)
    try:
        import av
    except ImportError:
        raise ConfigError(
            f"{address.shown}: live addresses are read with PyAV; pip install 'hie[video]'"
        ) from None
    if address.parts.scheme in ("rtsp", "rtsps"):
        return _NetworkFeed(address, timeout, None, *_rtsp(av, address, timeout))
    web = Web(address, timeout)
    response = web.first()
    try:
        return _NetworkFeed(address, timeout, web, *_http(av, address, timeout, web, response))
    except BaseException:
        web.close()
        raise


def _http(
    av: Any, address: LiveAddress, timeout: float, web: Web, response: Response
) -> tuple[Any, Response | None]:
    """The container that an answer is, and that answer where its end is that of the stream."""
    playlist = response.playlist is not None
    # FFmpeg may open nothing: bytes are handed to it.
    rules = {"protocol_whitelist": "none", "format_whitelist": f"{FORMATS},hls"} | _PROBED
    if playlist:
        rules |= {"http_persistent": "0", "format_whitelist": "hls,mpegts,mov,mp4,m4a,3gp,aac"}
    try:
        container = av.open(
            response,
            format="hls" if playlist else None,
            options=rules,
            io_open=web.opened,
            # Silence is heard by the connection itself, but for waits between segments.
            timeout=(timeout + 5, timeout + 2 * web.segment_seconds) if playlist else None,
            buffer_size=32768,
        )
    except (av.FFmpegError, OSError, ValueError, InputError):
        raise web.refused or InputError(
            f"{address.shown}: not a video stream that can be decoded; check the address"
        ) from None
    return container, None if playlist else response


def _rtsp(av: Any, address: LiveAddress, timeout: float) -> tuple[Any, None]:
    """RTSP over the one connection (interleaved): nothing is lost, no other port is opened."""
    parts = address.parts
    try:
        default = 554 if parts.scheme == "rtsp" else 322
        place = (str(parts.hostname), parts.port or default)
        socket.create_connection(place, timeout).close()
    except OSError as error:
        raise InputError(f"{address.shown}: {connection_words(error, timeout)}") from None
    options = {
        "rtsp_transport": "tcp",
        "allowed_media_types": "video",
        "protocol_whitelist": "rtsp,rtsps,rtp,tcp,tls",
        "timeout": str(round(timeout * 1e6)),
    } | _PROBED
    try:
        return av.open(address.url, options=options, timeout=(timeout, timeout)), None
    except (av.FFmpegError, OSError, ValueError) as error:  # which quote the password
        raise InputError(f"{address.shown}: {_rtsp_words(error, timeout)}") from None


def _rtsp_words(error: Exception, timeout: float) -> str:
    kind = type(error).__name__
    if "Unauthorized" in kind:
        return "answer 401: the user name or password is wrong or missing; check them"
    if "NotFound" in kind:
        return "answer 404: no such stream there; check the address"
    if "Forbidden" in kind:
        return "answer 403: access is refused; check the address, user and password"
    if "Exit" in kind or "Timeout" in kind:
        return f"no answer for {timeout:g} s; check address and network"
    return "no stream that RTSP can read; check the address"


class _NetworkFeed:
    """A stream of the network."""

    def __init__(
        self,
        address: LiveAddress,
        timeout: float,
        web: Web | None,
        container: Any,
        response: Response | None,
    ) -> None:
        self._address, self._timeout = address, timeout
        self._web, self._container, self._response = web, container, response
        self.ended = self._closed = False
        if not container.streams.video:
            self.close()
            container.close()
            raise InputError(f"{address.shown}: holds no video; check the address")
        stream = container.streams.video[0]
        stream.thread_type = "SLICE"  # threads by frame would add a frame of delay each
        self.timed = container.format.name not in _UNTIMED
        said = stream.average_rate or stream.guessed_rate
        self.rate = float(said) if said and self.timed else None
        self.waits = web is not None and (web.complete if response is None else response.finite)

    def __iter__(self) -> Iterator[Picture]:
        import av

        container: Any = self._container
        try:
            for packet in container.demux(container.streams.video[0]):
                if self._closed:
                    return
                if packet.size:
                    yield from self._decoded(packet)
            self.ended = self._says_end()
        except (av.FFmpegError, OSError, InputError) as error:
            if self._closed:
                return
            if isinstance(error, av.EOFError):
                self.ended = self._says_end()
            if self._web is not None and self._web.refused is not None:
                raise self._web.refused from None
        finally:
            container.close()
        if self._web is not None and self._web.refused is not None:
            raise self._web.refused

    def _says_end(self) -> bool:
        """Whether the stream is over; FFmpeg ends a playlist as soon as it is no more renewed."""
        if self._web is None:
            return False  # RTSP cannot tell the end from a loss
        return self._response.ended if self._response is not None else self._web.complete

    def _decoded(self, packet: Any) -> Iterator[Picture]:
        import av

        try:
            frames = packet.decode()
        except av.InvalidDataError:  # the first packets, before a key frame, or damaged ones
            return
        for frame in frames:
            known = self.timed and frame.pts is not None
            stamp = float(frame.pts * frame.time_base) if known else None
            yield Picture(frame.width, frame.height, stamp, partial(_bgr, frame))

    def close(self) -> None:
        """Break the connection off."""
        self._closed = True
        if self._web is not None:
            self._web.close()


def _bgr(frame: Any) -> Image:
    return np.ascontiguousarray(frame.to_ndarray(format="bgr24"))


def check_size(address: LiveAddress, width: int, height: int) -> None:
    """Raises InputError for pictures too small to show a person or too large for memory."""
    if min(width, height) < MIN_SIDE or width * height > MAX_PIXELS:
        raise InputError(
            f"{address.shown}: {width}x{height} pixels; expected sides of {MIN_SIDE} or more and "
            f"fewer than {MAX_PIXELS // 10**6} megapixels"
        )


class _CameraFeed:
    """A camera of this machine."""

    def __init__(self, address: LiveAddress) -> None:
        assert address.device is not None
        self._address = address
        self._capture = cv2.VideoCapture(address.device)
        self._lock = threading.Lock()
        self._closed = self.ended = self.waits = False
        if not self._capture.isOpened():
            raise InputError(
                f"{address.shown}: no such camera on this machine, or in use; check the number"
            )
        said = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate = float(said) if said and said > 0 else None

    def __iter__(self) -> Iterator[Picture]:
        while not self._closed:
            with self._lock:
                ok, image = self._capture.read()
            if not ok:
                break
            height, width = image.shape[:2]
            yield Picture(width, height, None, partial(np.asarray, image, np.uint8))
        with self._lock, suppress(cv2.error):
            self._capture.release()

    def close(self) -> None:
        """The next picture is the last one."""
        self._closed = True
