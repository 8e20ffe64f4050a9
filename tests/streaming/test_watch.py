"""The page on which a live run is watched."""

import http.client
import threading
import time

import numpy as np
import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.core.local_page import HOST
from hie_cli.streaming.watch import WatchPage
from tests.support.browser import chromium

STATE = {"name": "cam", "people": 2, "delay": 0.5, "dropped": 1}


@pytest.fixture
def page():
    made = WatchPage(0, lambda: dict(STATE))
    yield made
    made.close()


def ask(page: WatchPage, path: str, **headers: str):
    port = int(page.address.split(":")[2].split("/")[0])
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


def token(page: WatchPage) -> str:
    return page.address.split("/")[3]


def test_only_who_knows_the_address_sees_anything(page):
    assert page.address.startswith("http://127.0.0.1:")
    for path in ("/", "/stream.mjpg", "/wrong/stream.mjpg"):
        assert ask(page, path).status == 404
    rebound = ask(page, f"/{token(page)}/", Host="evil.example")
    assert rebound.status == 404
    whole = ask(page, f"/{token(page)}/")
    assert whole.status == 200
    assert "default-src 'none'" in whole.headers["Content-Security-Policy"]
    assert whole.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_who_watches_gets_the_newest_picture(page):
    page.show(np.zeros((48, 64, 3), np.uint8))
    page.show(np.full((48, 64, 3), 200, np.uint8))
    answer = ask(page, f"/{token(page)}/stream.mjpg")
    assert answer.headers["Content-Type"] == "multipart/x-mixed-replace; boundary=picture"
    assert answer.readline() == b"--picture\r\n"
    assert answer.readline() == b"Content-Type: image/jpeg\r\n"
    length = int(answer.readline().split(b":")[1])
    assert answer.readline() == b"\r\n"
    assert answer.read(length).startswith(b"\xff\xd8")
    page.close()
    assert answer.read() == b"\r\n--picture\r\n"  # and the end, with the run


def test_a_port_that_is_taken(page):
    port = int(page.address.split(":")[2].split("/")[0])
    with pytest.raises(ConfigError, match=f"--serve {port}: cannot be used"):
        WatchPage(port, dict)


def test_in_a_browser(page):
    def pictures():
        while not page.over:
            page.show(np.full((48, 64, 3), 90, np.uint8))
            time.sleep(0.1)

    threading.Thread(target=pictures, daemon=True).start()
    with chromium() as browser:
        tab = browser.new_page()
        complaints: list[str] = []
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto(page.address, wait_until="commit")
        # Playwright's own waiting would need eval, which the page's policy forbids.
        for condition in (
            "document.querySelector('img').naturalWidth === 64",
            "document.getElementById('state').textContent.includes('2 people')",
        ):
            for _ in range(100):
                if tab.evaluate(condition):
                    break
                tab.wait_for_timeout(50)
            assert tab.evaluate(condition), condition
        assert complaints == []
