"""HTTP for live sources: the user's address, and of what its playlist names the same site only.

FFmpeg is given bytes and opens no connection itself: redirects and the segments of a playlist (HLS)
are addresses that come from data, and each is checked here. Proxies of the environment are not
used, and nothing is sent but GET, the address' own user and password, and hie's name.
"""

import http.client
import re
import socket
import ssl
import threading
import urllib.error
import urllib.request
from contextlib import suppress
from typing import Any, NoReturn

from hie_cli.core.errors import InputError
from hie_cli.core.text import brief
from hie_cli.core.version import __version__
from hie_cli.video.addresses import LiveAddress

_HEAD = 16  # bytes by which a playlist is known
_PLAYLIST = b"#EXTM3U"
_MOST_BYTES = 4 << 20  # of a playlist; a day of segments has some 500 kB


class Response:
    """What one address gives, as a file that cannot be rewound.

    name: its address, without which FFmpeg could not resolve what a playlist names · playlist: its
    whole text, None where it is none · ended: whether the server said that this was all (else the
    connection broke off).
    """

    def __init__(self, answer: Any, url: str) -> None:
        self.name = url
        self.ended = self._broken = False
        self._answer = answer
        self._rest = b""
        self.playlist: bytes | None = None
        begun = self._gathered(_HEAD)
        if begun.lstrip(b"\xef\xbb\xbf \r\n").startswith(_PLAYLIST):
            begun += self._gathered(_MOST_BYTES)
            self.playlist = begun
        self._rest = begun

    def _gathered(self, size: int) -> bytes:
        """The next ``size`` bytes; fewer only at the end."""
        data = b""
        while len(data) < size and (more := self._next(size - len(data))):
            data += more
        return data

    @property
    def finite(self) -> bool:
        """Whether the server has said how long it is, as of a file."""
        return self._answer.length is not None

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes, as soon as there are any; none at the end."""
        if self._rest:
            given, self._rest = self._rest[:size], self._rest[size:]
            return given
        return self._next(size)

    def _next(self, size: int) -> bytes:
        if self._broken or self.ended:
            return b""
        try:
            data: bytes = self._answer.read1(size)
        except (http.client.HTTPException, OSError, ValueError, AttributeError):
            data, self._broken = b"", True  # cut, silent for too long, or closed by us
        if not data:
            self.ended = not self._broken and (self._answer.chunked or self._answer.length == 0)
            self._broken = not self.ended
            with suppress(OSError, ValueError):
                self._answer.close()
        return data

    def close(self) -> None:
        """Give the connection up, also while another thread reads from it."""
        with suppress(OSError, AttributeError, ValueError):
            connection = self._answer.fp.raw._sock
            connection.shutdown(socket.SHUT_RDWR)
        with suppress(OSError, ValueError):
            self._answer.close()


class _SameSite(urllib.request.HTTPRedirectHandler):
    """Redirects within the site that the user named; others are an error."""

    def __init__(self, address: LiveAddress) -> None:
        self._address = address

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if not self._address.same_site(newurl):
            fp.close()
            raise _elsewhere(self._address, newurl, "redirects")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _CloseRefused(urllib.request.BaseHandler):
    """Closes an answer 401, of which the head alone counts, before a login is tried."""

    handler_order = 0  # before those that try it

    def http_error_401(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> None:
        fp.close()


class Web:
    """Opens what belongs to one live source.

    timeout: seconds of silence after which a connection counts as broken off · refused: why
    something was not opened · complete: whether the last playlist says that nothing will follow ·
    segment_seconds: the longest segment by that playlist.
    """

    def __init__(self, address: LiveAddress, timeout: float) -> None:
        self.address, self._timeout = address, timeout
        self.refused: InputError | None = None
        self.complete = False
        self.segment_seconds = 0.0
        self._open: set[Response] = set()
        self._closed = False
        self._lock = threading.Lock()
        director = urllib.request.OpenerDirector()
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        if address.login is not None:
            parts = address.parts
            passwords.add_password(None, f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/",
                                   *address.login)  # fmt: skip
        for handler in (
            urllib.request.UnknownHandler(),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(context=ssl.create_default_context()),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
            _SameSite(address),
            _CloseRefused(),
            urllib.request.HTTPBasicAuthHandler(passwords),
            urllib.request.HTTPDigestAuthHandler(passwords),
        ):
            director.add_handler(handler)
        self._director = director

    def first(self) -> Response:
        """The user's address. Raises InputError saying in one line why it cannot be had."""
        return self._get(self.address.bare)

    def opened(self, url: str, flags: int, options: dict[str, str]) -> Response:
        """What a playlist names, for FFmpeg. Raises InputError for another site."""
        if not self.address.same_site(url):
            self.refused = _elsewhere(self.address, url, "is a playlist that points")
            raise self.refused
        return self._get(url)

    def _get(self, url: str) -> Response:
        request = urllib.request.Request(url, headers={"User-Agent": f"hie/{__version__}"})
        try:
            answer = self._director.open(request, timeout=self._timeout)
            response = Response(answer, url)
        except (OSError, http.client.HTTPException, ValueError) as error:
            _explain(self.address, error, self._timeout)
        if response.playlist is not None:
            try:
                self._note(response.playlist)
            except InputError:
                response.close()
                raise
        with self._lock:
            if self._closed:
                response.close()
            # What has been read to its end is forgotten by ``Response.ended``.
            self._open = {one for one in self._open if not one.ended} | {response}
        return response

    def _note(self, playlist: bytes) -> None:
        """Keep what a playlist says. Raises InputError where its segments are encrypted."""
        self.complete = b"#EXT-X-ENDLIST" in playlist
        longest = re.search(rb"#EXT-X-TARGETDURATION:(\d{1,5})", playlist)
        self.segment_seconds = float(longest[1]) if longest else 0.0
        if re.search(rb"#EXT-X-(SESSION-)?KEY:(?!METHOD=NONE)", playlist):
            self.refused = InputError(
                f"{self.address.shown}: an encrypted playlist, which is not read; give a plain one"
            )
            raise self.refused

    def close(self) -> None:
        """Break every connection off, also while another thread reads."""
        with self._lock:
            self._closed = True
            for response in self._open:
                response.close()
            self._open = set()


def _elsewhere(address: LiveAddress, url: str, what: str) -> InputError:
    place = url.partition("?")[0].rpartition("@")[2]
    return InputError(
        f"{address.shown}: {what} to another place ({brief(place, 80)}): only the same host and "
        "port are opened; give that address itself"
    )


def _explain(address: LiveAddress, error: Exception, timeout: float) -> NoReturn:
    """Raise InputError: in one line why an address could not be opened."""
    if isinstance(error, urllib.error.HTTPError):
        code = error.code if error.code >= 400 else 300
        error.close()
        known = address.login is not None
        words = {
            300: "redirects to another place, which is not opened; give that address itself",
            401: "the user name or password is wrong; check them" if known
            else "asks for a user name and password; write them as http://USER:PASSWORD@HOST/",
            403: "access is refused; check the address, user and password",
            404: "no such stream there; check the address",
        }.get(code, "no stream there; check the address")  # fmt: skip
        raise InputError(f"{address.shown}: answer {error.code}: {words}") from None
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    raise InputError(f"{address.shown}: {connection_words(reason, timeout)}") from None


def connection_words(error: object, timeout: float) -> str:
    """In a few words why no connection came about; nothing of the address is quoted."""
    if isinstance(error, socket.gaierror):
        return "unknown host; check the address"
    if isinstance(error, TimeoutError):
        return f"no answer for {timeout:g} s; check address and network"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused: nothing listens there; check address and port"
    if isinstance(error, ssl.SSLError):
        return (
            f"no safe connection ({brief(str(error.reason or 'TLS'), 60)}); check the certificate"
        )
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be reached ({error.strerror}); check address and network"
    return "no answer that HTTP knows; check the address"
