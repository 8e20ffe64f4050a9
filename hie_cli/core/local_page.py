"""Pages served to this machine alone, under an address that holds a random token.

Requests that name another host (DNS rebinding), another origin or no token are refused, and what is
served may ask for nothing else (Content-Security-Policy).
"""

import hmac
import json
import secrets
from http.server import BaseHTTPRequestHandler
from typing import Any

from hie_cli.core.background_server import BackgroundServer
from hie_cli.core.errors import ConfigError

HOST = "127.0.0.1"
_RULES = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class LocalHandler(BaseHTTPRequestHandler):
    """Answers requests: override ``get`` and ``post``, which are asked for names behind the token.

    local: the server that it belongs to.
    """

    local: "LocalServer"
    server_version, sys_version = "hie", ""

    def get(self, name: str) -> None:
        """Answer a GET."""
        self.send_json(404, {"error": "no such page"})

    def post(self, name: str) -> None:
        """Answer a POST."""
        self.send_json(404, {"error": "no such page"})

    def do_GET(self) -> None:
        """See http.server."""
        name = self._name()
        if name is not None:
            self.get(name)

    def do_POST(self) -> None:
        """See http.server."""
        name = self._name()
        if name is None:
            return
        origin = self.headers.get("Origin")
        if origin is not None and origin not in _origins(self.local.port):
            self.send_json(403, {"error": "asked by another page"})
        else:
            self.post(name)

    def _name(self) -> str | None:
        """What is asked for behind the token; None, and answered, where that is not right."""
        hosts = [origin.removeprefix("http://") for origin in _origins(self.local.port)]
        path = self.path.split("?", 1)[0]
        _, token, *rest = [*path.split("/", 2), ""]
        right = hmac.compare_digest(token.encode(), self.local.token.encode())
        if self.headers.get("Host") not in hosts or not right:
            self.send_json(404, {"error": "no such page"})
            return None
        return rest[0]

    def send_json(self, status: int, values: Any) -> None:
        """A whole answer of JSON."""
        self.send_whole(status, json.dumps(values).encode(), "application/json")

    def send_whole(self, status: int, body: bytes, kind: str) -> None:
        """A whole answer."""
        self.send_start(status, kind, len(body))
        self.wfile.write(body)

    def send_start(self, status: int, kind: str, length: int | None = None) -> None:
        """Status and headers; without a length the answer lasts as long as the connection."""
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            *([] if length is None else [("Content-Length", str(length))]),
            ("Content-Security-Policy", _RULES),
            ("X-Content-Type-Options", "nosniff"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """The library never prints."""


class LocalServer(BackgroundServer):
    """Serves from construction until ``close``.

    handler: what answers · port: 0 takes a free one · option: its name in the message of the
    ConfigError that a port which cannot be had raises.
    """

    def __init__(self, handler: type[LocalHandler], port: int = 0, option: str = "--port") -> None:
        self.token = secrets.token_urlsafe(24)
        bound: Any = type(handler.__name__, (handler,), {"local": self})
        try:
            super().__init__(HOST, port, bound)
        except (OSError, OverflowError) as error:
            raise ConfigError(f"{option} {port}: cannot be used ({error}); give another") from None

    @property
    def address(self) -> str:
        """Where the pages are."""
        return f"http://{HOST}:{self.port}/{self.token}/"


def _origins(port: int) -> tuple[str, ...]:
    return (f"http://{HOST}:{port}", f"http://localhost:{port}")
