"""Writing overlay videos: H.264 in MP4 that browsers and phones play.

H.264 needs PyAV (``pip install 'hie[video]'``). Without it OpenCV writes MPEG-4 part 2, the one
encoder that each of its builds has: media players show that, browsers do not.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import cv2

from hie_cli.core.errors import ConfigError
from hie_cli.core.partial_files import partial_path, partial_paths
from hie_cli.core.progress import note
from hie_cli.core.types import Image
from hie_cli.formats.files import write_error
from hie_cli.formats.locks import Lock

_ENCODERS = ("libx264", "libopenh264")  # of H.264, as builds of FFmpeg have them
_TICKS = 90_000  # a second, the clock of MPEG
_SECONDS_BETWEEN_KEYS = 2.0  # a player that seeks decodes at most so much
_QUALITY = 21  # constant rate factor of x264: lines and letters stay sharp
_BT709 = 1  # ITU-T H.273: colour primaries, transfer and matrix of HD television
_LIMITED_RANGE = 1


class _Encoder(Protocol):
    """One open file."""

    def write(self, image: Image, seconds: float) -> None: ...
    def close(self) -> None: ...


@cache
def h264_encoder() -> str | None:
    """FFmpeg's name of the H.264 encoder at hand; None where PyAV or the encoder is missing."""
    try:
        import av
    except ImportError:
        return None
    for name in _ENCODERS:
        try:
            av.codec.Codec(name, "w")
        except ValueError:  # unknown to this build
            continue
        return name
    return None


@cache
def _say_once(message: str) -> None:
    note(message)


class OverlayWriter:
    """Writes pictures to an mp4; publishes it only when ``close`` succeeds.

    fps: what the pictures' time stamps are about; without PyAV their only rate. Raises ConfigError
    if the place cannot be written, another process writes there, or the disk fills up.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self.path = path
        self._partial = partial_path(path, path.suffix)
        self._lock: Lock | None = None
        self._fps = fps
        self._encoder: _Encoder | None = None
        self._count = 0

    def write(self, image: Image, seconds: float | None = None) -> None:
        """Append one picture (all of one size, even sides), shown ``seconds`` after the first.

        seconds: ascending; None: as the rate has it.
        """
        try:
            if self._encoder is None:
                self._encoder = self._opened(image)
            self._encoder.write(image, self._count / self._fps if seconds is None else seconds)
        except OSError as error:
            raise write_error(self.path, error) from None
        self._count += 1

    def _opened(self, image: Image) -> _Encoder:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = Lock(self.path)
        for left in partial_paths(self.path, self.path.suffix):  # of processes that were killed
            left.unlink(missing_ok=True)
        name = h264_encoder()
        size = (image.shape[1], image.shape[0])
        if name is not None:
            return _H264(self._partial, name, size, self._fps)
        _say_once(
            "PyAV is not installed: overlays are MPEG-4 part 2 at a constant frame rate, which "
            "browsers do not play (pip install 'hie[video]')"
        )
        return _Mpeg4(self._partial, self.path, size, self._fps)

    def close(self) -> None:
        """Finish and publish the file; nothing is published if no picture came."""
        if self._encoder is None:
            return
        encoder, self._encoder = self._encoder, None
        try:
            encoder.close()
            held = _frames_in(self._partial)
            if held < self._count:  # OpenCV does not report a full disk
                raise ConfigError(
                    f"{self.path}: only {held} of {self._count} frames could be written "
                    "(disk full?)"
                )
            os.replace(self._partial, self.path)
        except OSError as error:
            raise write_error(self.path, error) from None
        finally:
            self.discard()

    def discard(self) -> None:
        """Drop what has been written and is not published."""
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            with suppress(OSError):  # it is thrown away
                encoder.close()
        self._partial.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.release()
            self._lock = None


class _H264:
    """H.264, yuv420p, the index at the file's beginning, so that it plays while it is loaded."""

    def __init__(self, path: Path, name: str, size: tuple[int, int], fps: float) -> None:
        import av

        self._av: Any = av
        self._container: Any = _translated(
            lambda: av.open(str(path), "w", "mp4", options={"movflags": "faststart"})
        )
        rate = Fraction(fps).limit_denominator(1001)
        stream: Any = self._container.add_stream(name, rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, _TICKS)
        context = stream.codec_context
        context.gop_size = max(1, round(_SECONDS_BETWEEN_KEYS * fps))
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = _LIMITED_RANGE
        if name == "libx264":
            # The rate of level 4.1, profile High, is never exceeded; without B-frames pictures are
            # stored in the order in which they are shown, and the first one is at 0.
            limits = "vbv-maxrate=50000:vbv-bufsize=62500"
            context.options = {
                "preset": "veryfast", "crf": str(_QUALITY), "profile": "high", "bf": "0",
                "x264-params": limits,
            }  # fmt: skip
        self._stream = stream
        self._last = -1

    def write(self, image: Image, seconds: float) -> None:
        frame = self._av.VideoFrame.from_ndarray(image, format="bgr24")
        frame = frame.reformat(
            format="yuv420p", src_colorspace=None, dst_colorspace="ITU709", dst_color_range="MPEG"
        )
        # Two pictures at one moment cannot be stored: a tick later is never seen.
        self._last = max(self._last + 1, round(seconds * _TICKS))
        frame.pts, frame.time_base = self._last, Fraction(1, _TICKS)
        frame.pict_type = 0
        _translated(lambda: self._container.mux(self._stream.encode(frame)))

    def close(self) -> None:
        if self._container is None:
            return
        container, self._container = self._container, None
        try:
            _translated(lambda: container.mux(self._stream.encode(None)))
        finally:
            _translated(container.close)


def _translated(do: Callable[[], Any]) -> Any:
    """The result of ``do``; PyAV's errors that are no OSError become one."""
    import av

    try:
        return do()
    except av.FFmpegError as error:
        raise OSError(error.errno, error.strerror or str(error)) from None


class _Mpeg4:
    """MPEG-4 part 2 by OpenCV: a constant frame rate, the index at the end."""

    def __init__(self, partial: Path, path: Path, size: tuple[int, int], fps: float) -> None:
        codec = cv2.VideoWriter.fourcc(*"mp4v")
        self._writer = cv2.VideoWriter(str(partial), codec, fps, size)
        if not self._writer.isOpened():
            raise ConfigError(f"{path}: the overlay video cannot be opened for writing")

    def write(self, image: Image, seconds: float) -> None:
        self._writer.write(image)

    def close(self) -> None:
        self._writer.release()


def _frames_in(path: Path) -> int:
    check = cv2.VideoCapture(str(path))
    held = int(check.get(cv2.CAP_PROP_FRAME_COUNT)) if check.isOpened() else 0
    check.release()
    return held
