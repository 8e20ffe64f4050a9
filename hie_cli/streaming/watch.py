"""A page of this machine on which a live run is watched: MJPEG, the newest picture only."""

import threading
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import cv2

from hie_cli.core.local_page import LocalHandler, LocalServer
from hie_cli.core.types import Image

_BOUNDARY = "picture"
_QUALITY = 80  # of the JPEGs
_PAGE = {
    "": ("index.html", "text/html; charset=utf-8"),
    "watch.js": ("watch.js", "text/javascript; charset=utf-8"),
    "watch.css": ("watch.css", "text/css; charset=utf-8"),
}


class WatchPage:
    """Serves the pictures given to ``show`` from construction until ``close``.

    state: plain values for the line below the picture. A picture is compressed once, and only while
    somebody watches; who is slow misses pictures. Raises ConfigError for a port that is taken.
    """

    def __init__(self, port: int, state: Callable[[], dict[str, Any]]) -> None:
        self.state = state
        self._changed = threading.Condition()
        self._image: Image | None = None
        self._number = 0
        self._jpeg: tuple[int, bytes] = (0, b"")
        self.over = False
        self._server = LocalServer(_handler(self), port, "--serve")
        self.address = self._server.address

    def show(self, image: Image) -> None:
        """A new picture (H, W, 3) uint8 BGR, which nobody changes any more."""
        with self._changed:
            self._image, self._number = image, self._number + 1
            self._changed.notify_all()

    def after(self, number: int) -> tuple[int, bytes] | None:
        """The first picture later than ``number``, as JPEG, with its own; None at the end."""
        with self._changed:
            while self._number <= number and not self.over:
                self._changed.wait(0.5)
            if self.over or self._image is None:
                return None
            if self._jpeg[0] != self._number:
                quality = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
                data = cv2.imencode(".jpg", self._image, quality)[1].tobytes()
                self._jpeg = (self._number, data)
            return self._jpeg

    def close(self) -> None:
        """No more pictures."""
        with self._changed:
            self.over = True
            self._changed.notify_all()
        self._server.close()


def _handler(page: WatchPage) -> type[LocalHandler]:
    """The class that answers requests for ``page``."""

    class Handler(LocalHandler):
        def get(self, name: str) -> None:
            if name in _PAGE:
                file, kind = _PAGE[name]
                self.send_whole(200, (files(__package__) / "watch_page" / file).read_bytes(), kind)
            elif name == "stream.mjpg":
                self._stream()
            elif name == "state.json":
                self.send_json(200, page.state() | {"over": page.over})
            else:
                super().get(name)

        def _stream(self) -> None:
            self.send_start(200, f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
            # The boundary follows each picture at once: browsers show one when they see its end.
            boundary = f"\r\n--{_BOUNDARY}\r\n".encode()
            self.wfile.write(boundary[2:])
            number = 0
            while (found := page.after(number)) is not None:
                number, data = found
                head = f"Content-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                self.wfile.write(head.encode() + data + boundary)

    return Handler
