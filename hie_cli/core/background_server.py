"""An HTTP server that answers in threads of its own, beside whatever else the process does."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_POLL_SECONDS = 0.05  # until the server hears that it is to stop


class _QuietServer(ThreadingHTTPServer):
    """Silent about connections that break off."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The library never prints."""


class BackgroundServer:
    """Serves from construction until ``close``; ``port``: where, 0 takes a free one.

    Raises OSError or OverflowError for a port that cannot be had.
    """

    def __init__(self, host: str, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        self._server = _QuietServer((host, port), handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
