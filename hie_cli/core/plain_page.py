"""One page of plain text over HTTP, for programs that ask for it again and again (Prometheus)."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any, Self

from hie_cli.core.background_server import BackgroundServer
from hie_cli.core.errors import ConfigError


class PlainPage(BackgroundServer):
    """Serves ``text()`` at ``path`` from construction until ``close``, or the end of a ``with``.

    host, port: where; port 0 takes a free one. Nothing else is answered, and nothing a request
    holds is looked at. Raises ConfigError for a port that cannot be had.
    """

    def __init__(self, text: Callable[[], str], path: str, host: str, port: int) -> None:
        class Handler(BaseHTTPRequestHandler):
            server_version, sys_version = "hie", ""
            timeout = 10  # seconds for a request to come

            def do_GET(self) -> None:
                if self.path.partition("?")[0] != path:
                    self.send_error(404)
                    return
                body = text().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """The library never prints."""

        try:
            super().__init__(host, port, Handler)
        except (OSError, OverflowError) as error:
            raise ConfigError(f"{host}:{port}: cannot be used ({error}); give another") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
