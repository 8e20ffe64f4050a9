"""A local page to draw lines, areas and points of the ground on a frame of a video.

It listens on this machine alone, under an address that holds a random token; requests that name
another host (DNS rebinding), another origin or no token are refused, and the page itself asks for
nothing else (Content-Security-Policy).
"""

import hmac
import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2

from hie_cli.analysis.zones import Zones, read_zones, write_zones, zones_from
from hie_cli.core.errors import ConfigError, HieError, InputError
from hie_cli.core.types import Image, VideoInfo
from hie_cli.formats.files import parse_json, require_writable, taken
from hie_cli.video.sources import FrameRange, VideoSource

HOST = "127.0.0.1"
_MOST_BYTES = 1_000_000
_POLL_SECONDS = 0.05  # until the server hears that it is to stop
_PAGE = {
    "": ("index.html", "text/html; charset=utf-8"),
    "zones.js": ("zones.js", "text/javascript; charset=utf-8"),
    "zones.css": ("zones.css", "text/css; charset=utf-8"),
}
_RULES = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def edit_zones(
    video: Path | str,
    output: Path | str = "zones.yaml",
    *,
    frame: int = 0,
    port: int = 0,
    opened: Callable[[str], object] | None = None,
) -> Zones:
    """Serve a page on which zones are drawn on a frame of a video; returns them when it is done.

    output: the file of zones, read first if it exists, and written whenever the page saves · frame:
    its number · port: 0 takes a free one · opened: called with the page's address once it is there.
    Raises InputError for a broken video or file of zones, ConfigError for a port that is taken or
    a place that cannot be written.
    """
    path = Path(output)
    zones = read_zones(path) if taken(path) else None
    require_writable(path.parent)
    image = frame_image(Path(video), frame)
    server = ZoneServer(image, path, zones, frame, port)
    try:
        if opened is not None:
            opened(server.address)
        server.wait()
    finally:
        server.close()
    return server.zones


def frame_image(path: Path, frame: int) -> Image:
    """One frame of a video, image or folder. Raises InputError where it has no such frame."""
    if frame < 0:
        raise ConfigError(f"--frame {frame}: expected 0 or more")
    found = next(iter(VideoSource(path, FrameRange(frame, frame + 1))), None)
    if found is None:
        raise InputError(f"{path}: has no frame {frame}; give a smaller --frame")
    return found.image


class _Server(ThreadingHTTPServer):
    """Silent about connections that break off."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The library never prints."""


class ZoneServer:
    """The page of one frame, served from construction until ``close``.

    image (H, W, 3) uint8 BGR · path: where zones are saved · zones: to begin with, None: none;
    those of another size are scaled to the image's.
    """

    def __init__(
        self, image: Image, path: Path, zones: Zones | None, frame: int, port: int = 0
    ) -> None:
        self.path = path
        height, width = image.shape[:2]
        self.zones = _of_size(zones or Zones(), width, height, frame)
        self.token = secrets.token_urlsafe(24)
        self.finished = threading.Event()
        self.picture = cv2.imencode(".png", image)[1].tobytes()
        try:
            self._server = _Server((HOST, port), _handler(self))
        except (OSError, OverflowError) as error:
            raise ConfigError(f"--port {port}: cannot be used ({error}); give another") from None
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.port}/{self.token}/"

    def save(self, values: Any) -> None:
        """Check and write what the page sends. Raises HieError saying what is wrong."""
        if not isinstance(values, dict):
            raise InputError("zones: expected an object")
        fixed = {"size": list(self.zones.size or ()), "frame": self.zones.frame}
        zones = zones_from({**values, **fixed}, "zones")
        write_zones(self.path, zones)
        self.zones = zones

    def wait(self) -> None:
        """Until somebody presses Done."""
        while not self.finished.wait(0.5):  # so that Ctrl-C is heard
            pass

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _of_size(zones: Zones, width: int, height: int, frame: int) -> Zones:
    scaled = zones.scaled(VideoInfo("", width, height, 1.0, None))
    return replace(scaled, size=(width, height), frame=frame)


def _handler(server: ZoneServer) -> type[BaseHTTPRequestHandler]:
    """The class that answers requests for ``server``'s page."""

    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version = "hie", ""

        def do_GET(self) -> None:
            name = self._name()
            if name is None:
                return
            if name in _PAGE:
                file, kind = _PAGE[name]
                self._send(200, (files(__package__) / "zone_page" / file).read_bytes(), kind)
            elif name == "frame.png":
                self._send(200, server.picture, "image/png")
            elif name == "zones.json":
                self._send_json(200, _plain(server.zones))
            else:
                self._send_json(404, {"error": "no such page"})

        def do_POST(self) -> None:
            name = self._name()
            if name is None:
                return
            origin = self.headers.get("Origin")
            if origin is not None and origin not in _origins(server.port):
                self._send_json(403, {"error": "asked by another page"})
            elif name == "save":
                self._save()
            elif name == "done":
                self._send_json(200, {"saved": str(server.path)})
                server.finished.set()
            else:
                self._send_json(404, {"error": "no such page"})

        def _save(self) -> None:
            if self.headers.get_content_type() != "application/json":
                self._send_json(415, {"error": "expected JSON"})
                return
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > _MOST_BYTES:
                self._send_json(413, {"error": f"expected at most {_MOST_BYTES} bytes"})
                return
            try:
                server.save(parse_json(self.rfile.read(int(length)), "zones"))
            except HieError as error:
                self._send_json(400, {"error": str(error)})
                return
            self._send_json(200, {"saved": str(server.path)})

        def _name(self) -> str | None:
            """What is asked for behind the token; None, and answered, where that is not right."""
            hosts = [origin.removeprefix("http://") for origin in _origins(server.port)]
            path = self.path.split("?", 1)[0]
            _, token, *rest = [*path.split("/", 2), ""]
            right = hmac.compare_digest(token.encode(), server.token.encode())
            if self.headers.get("Host") not in hosts or not right:
                self._send_json(404, {"error": "no such page"})
                return None
            return rest[0]

        def _send_json(self, status: int, values: Any) -> None:
            self._send(status, json.dumps(values).encode(), "application/json")

        def _send(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            for name, value in (
                ("Content-Type", kind),
                ("Content-Length", str(len(body))),
                ("Content-Security-Policy", _RULES),
                ("X-Content-Type-Options", "nosniff"),
                ("Referrer-Policy", "no-referrer"),
                ("Cache-Control", "no-store"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """The library never prints."""

    return Handler


def _origins(port: int) -> tuple[str, ...]:
    return (f"http://{HOST}:{port}", f"http://localhost:{port}")


def _plain(zones: Zones) -> dict[str, Any]:
    """Zones as the page takes and sends them."""
    ground = zones.ground
    values: dict[str, Any] = {
        "size": list(zones.size or ()),
        "lines": {name: [list(p) for p in points] for name, points in zones.lines.items()},
        "zones": {name: [list(p) for p in points] for name, points in zones.zones.items()},
    }
    if ground is not None:
        values["ground"] = (
            {"homography": [list(row) for row in ground.homography]}
            if ground.homography
            else {
                "pixels": [list(p) for p in ground.pixels],
                "metres": [list(p) for p in ground.metres],
            }
        )
    return values
