"""A local page (``core.local_page``) to draw lines, areas and points of the ground on a frame."""

import threading
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2

from hie_cli.analysis.zones import Zones, read_zones, write_zones, zones_from
from hie_cli.core.errors import ConfigError, HieError, InputError
from hie_cli.core.local_page import LocalHandler, LocalServer
from hie_cli.core.types import Image, VideoInfo
from hie_cli.formats.files import parse_json, require_writable, taken
from hie_cli.video.frame_range import FrameRange
from hie_cli.video.sources import VideoSource

_MOST_BYTES = 1_000_000
_PAGE = {
    "": ("index.html", "text/html; charset=utf-8"),
    "zones.js": ("zones.js", "text/javascript; charset=utf-8"),
    "zones.css": ("zones.css", "text/css; charset=utf-8"),
}


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
        self.finished = threading.Event()
        self.picture = cv2.imencode(".png", image)[1].tobytes()
        self._server = LocalServer(_handler(self), port)
        self.port, self.token = self._server.port, self._server.token

    @property
    def address(self) -> str:
        """Where the page is."""
        return self._server.address

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
        self._server.close()


def _of_size(zones: Zones, width: int, height: int, frame: int) -> Zones:
    scaled = zones.scaled(VideoInfo("", width, height, 1.0, None))
    return replace(scaled, size=(width, height), frame=frame)


def _handler(server: ZoneServer) -> type[LocalHandler]:
    """The class that answers requests for ``server``'s page."""

    class Handler(LocalHandler):
        def get(self, name: str) -> None:
            if name in _PAGE:
                file, kind = _PAGE[name]
                self.send_whole(200, (files(__package__) / "zone_page" / file).read_bytes(), kind)
            elif name == "frame.png":
                self.send_whole(200, server.picture, "image/png")
            elif name == "zones.json":
                self.send_json(200, _plain(server.zones))
            else:
                super().get(name)

        def post(self, name: str) -> None:
            if name == "save":
                self._save()
            elif name == "done":
                self.send_json(200, {"saved": str(server.path)})
                server.finished.set()
            else:
                super().post(name)

        def _save(self) -> None:
            if self.headers.get_content_type() != "application/json":
                self.send_json(415, {"error": "expected JSON"})
                return
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > _MOST_BYTES:
                self.send_json(413, {"error": f"expected at most {_MOST_BYTES} bytes"})
                return
            try:
                server.save(parse_json(self.rfile.read(int(length)), "zones"))
            except HieError as error:
                self.send_json(400, {"error": str(error)})
                return
            self.send_json(200, {"saved": str(server.path)})

    return Handler


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
