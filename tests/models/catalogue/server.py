"""A local HTTP server with the faults that transfers meet."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Serving:
    """What the server does; tests change it.

    ``files`` by path · ``cut``: bytes after which each answer breaks off (None: never) ·
    ``ranges``: whether it knows Range · ``version``: its ETag · ``length``: whether it says how
    long the file is · ``moved``: path to address · ``status``: an error for everything ·
    ``asked``: the path and Range of every request.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    cut: int | None = None
    ranges: bool = True
    version: str = '"1"'
    length: bool = True
    moved: dict[str, str] = field(default_factory=dict)
    status: int = 0
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    address: str = ""


@contextmanager
def serving() -> Iterator[Serving]:
    """A server on this machine while the block runs."""
    state = Serving()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, state)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def _answer(request: BaseHTTPRequestHandler, state: Serving) -> None:
    wanted = request.headers.get("Range")
    state.asked.append((request.path, wanted))
    if state.status:
        request.send_error(state.status)
        return
    if request.path in state.moved:
        request.send_response(302)
        request.send_header("Location", state.moved[request.path])
        request.end_headers()
        return
    if request.path not in state.files:
        request.send_error(404)
        return
    data, start = state.files[request.path], 0
    same = request.headers.get("If-Range") in (None, state.version)
    if wanted and state.ranges and same:
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(data):
            request.send_error(416)
            return
        request.send_response(206)
        request.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
    else:
        request.send_response(200)
    if state.length:
        request.send_header("Content-Length", str(len(data) - start))
    if state.version:
        request.send_header("ETag", state.version)
    request.end_headers()
    part = data[start:]
    request.wfile.write(part if state.cut is None else part[: state.cut])
    request.close_connection = True
