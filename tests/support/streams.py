"""Live streams for tests: made with PyAV, sent by a server of this machine in real time.

The pictures are two bright squares that walk past each other on black, for the networks of
``fakes``.
"""

import base64
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

SIZE = (160, 120)
RATE = 20


def picture(t: int) -> Any:
    """Frame ``t`` (120, 160, 3)."""
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    x = 4 + 2 * (t % 60)
    image[20:50, x : x + 15] = 255
    image[70:110, 140 - x : 156 - x] = 255
    return image


class _Pieces(io.RawIOBase):
    """A file that keeps what is written to it, in pieces."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += data
        return len(data)


@cache
def transport_stream(frames: int = 60, audio_only: bool = False) -> tuple[bytes, ...]:
    """An MPEG-TS, the bytes of each frame by themselves; a key frame every fifth."""
    av = pytest.importorskip("av", reason="PyAV is not installed")
    file = _Pieces()
    container = av.open(file, "w", format="mpegts", options={"flush_packets": "1"})
    pieces = []
    if audio_only:
        stream = container.add_stream("mp2", rate=44100)
        for _ in range(frames):
            frame = av.AudioFrame(format="s16", layout="mono", samples=1152)
            frame.planes[0].update(bytes(frame.planes[0].buffer_size))
            frame.sample_rate = 44100
            container.mux(stream.encode(frame))
    else:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.gop_size = 5
        stream.options = {"preset": "ultrafast", "tune": "zerolatency"}
        for t in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(t), format="bgr24")))
            pieces.append(bytes(file.data))
            file.data.clear()
    container.mux(stream.encode(None))
    container.close()
    return (*pieces, bytes(file.data))


def playlist(folder: Path, frames: int = 60, seconds: int = 1) -> str:
    """HLS in a folder, complete: ``all.m3u8`` and its segments; the playlist's text."""
    av = pytest.importorskip("av", reason="PyAV is not installed")
    path = folder / "all.m3u8"
    options = {"hls_time": str(seconds), "hls_list_size": "0"}
    with av.open(str(path), "w", format="hls", options=options) as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.gop_size = RATE
        stream.options = {"preset": "ultrafast", "tune": "zerolatency"}
        for t in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(t), format="bgr24")))
        container.mux(stream.encode(None))
    return path.read_text()


class Answer(BaseHTTPRequestHandler):
    """A request to be answered by one of the functions below."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server: Any = self.server
        path = self.path.partition("?")[0]
        server.asked.append(path)
        page = server.pages.get(path)
        if page is None:
            page = next((p for n, p in server.pages.items() if n.endswith("/*")
                         and path.startswith(n[:-1])), missing)  # fmt: skip
        try:
            page(self)
        except OSError:  # whoever listened has gone
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def begin(self, kind: str, length: int | None = None, code: int = 200, **more: str) -> None:
        """Status and headers; without a length the answer comes in chunks."""
        self.send_response(code)
        self.send_header("Content-Type", kind)
        if length is None:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(length))
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def chunk(self, data: bytes) -> None:
        """A part of an answer; an empty one ends it."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def cut(self) -> None:
        """Break the connection off."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


Page = Callable[[Answer], None]


def missing(answer: Answer) -> None:
    """404."""
    answer.begin("text/plain", 0, 404)


def live(frames: int = 60, cut_after: int | None = None, speed: float = 1.0) -> Page:
    """A transport stream in real time; the first connection is cut after so many frames."""
    pieces = transport_stream(frames)
    seen: list[int] = []

    def page(answer: Answer) -> None:
        seen.append(1)
        answer.begin("video/mp2t")
        start = time.monotonic()
        for t, piece in enumerate(pieces):
            if cut_after is not None and len(seen) == 1 and t == cut_after:
                answer.cut()
                return
            answer.chunk(piece) if piece else None
            time.sleep(max(0.0, start + (t + 1) / RATE / speed - time.monotonic()))
        answer.chunk(b"")

    return page


def motion_jpeg(frames: int = 60) -> Page:
    """Pictures one after the other, as simple cameras send them."""
    pictures = [cv2.imencode(".jpg", picture(t))[1].tobytes() for t in range(frames)]

    def page(answer: Answer) -> None:
        answer.begin("multipart/x-mixed-replace; boundary=frame")
        start = time.monotonic()
        for t, data in enumerate(pictures):
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
            answer.chunk(head.encode() + data + b"\r\n")
            time.sleep(max(0.0, start + (t + 1) / RATE - time.monotonic()))
        answer.chunk(b"")

    return page


def whole(data: bytes, kind: str = "application/octet-stream") -> Page:
    """An answer at once."""

    def page(answer: Answer) -> None:
        answer.begin(kind, len(data))
        answer.wfile.write(data)

    return page


def moved(url: str) -> Page:
    """A redirect."""
    return lambda answer: answer.begin("text/plain", 0, 302, Location=url)


def guarded(page: Page, user: str, password: str) -> Page:
    """A page that asks for user and password (RFC 7617)."""
    right = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def checked(answer: Answer) -> None:
        if answer.headers.get("Authorization") != right:
            answer.begin("text/plain", 0, 401, WWW_Authenticate='Basic realm="camera"')
        else:
            page(answer)

    return checked


def growing(folder: Path, seconds: int = 1, window: int = 3) -> dict[str, Page]:
    """A playlist that shows the last segments and is renewed in real time, and ends at last."""
    lines = playlist(folder, seconds=seconds).splitlines()
    names = [line for line in lines if line.endswith(".ts")]
    start: list[float] = []

    def page(answer: Answer) -> None:
        start.append(time.monotonic())
        known = min(len(names), 1 + int((time.monotonic() - start[0]) / seconds))
        first = max(0, known - window)
        text = f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:{seconds}\n"
        text += f"#EXT-X-MEDIA-SEQUENCE:{first}\n"
        text += "".join(f"#EXTINF:{seconds}.0,\n{name}\n" for name in names[first:known])
        text += "#EXT-X-ENDLIST\n" if known == len(names) else ""
        whole(text.encode(), "application/vnd.apple.mpegurl")(answer)

    return {"/live.m3u8": page} | {f"/{n}": whole((folder / n).read_bytes()) for n in names}


@contextmanager
def serving(pages: dict[str, Page]) -> Iterator[Any]:
    """A server of ``pages``; ``.url`` is its address, ``.asked`` the paths asked for so far."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    server.handle_error = lambda *_: None
    server.pages, server.asked = pages, []
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
