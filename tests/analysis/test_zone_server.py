"""The page of ``hie zones`` over HTTP, and in a real browser where there is one."""

import http.client
import json
import threading

import numpy as np
import pytest

import hie_cli
from hie_cli.analysis.zone_server import ZoneServer
from hie_cli.analysis.zones import Ground, Zones, read_zones, write_zones
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.local_page import HOST
from tests.support.browser import chromium
from tests.support.paths import ROOT

CLIP = ROOT / "data" / "pets09-sample.mp4"
DOOR = {"lines": {"door": [[1, 2], [30, 4]]}, "zones": {}}


@pytest.fixture
def server(tmp_path):
    made = ZoneServer(np.zeros((48, 64, 3), np.uint8), tmp_path / "zones.yaml", None, 7)
    yield made
    made.close()


def ask(server: ZoneServer, path: str, body=None, **headers: str):
    """(status, headers, body) of a request; with a body a POST of JSON."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=10)
    try:
        if body is None:
            connection.request("GET", path, headers=headers)
        else:
            text = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers = {"Content-Type": "application/json", **headers}
            connection.request("POST", path, text, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_it_listens_on_this_machine_alone(server):
    assert server.address == f"http://127.0.0.1:{server.port}/{server.token}/"
    assert server._server._server.server_address[0] == "127.0.0.1"
    assert len(server.token) >= 32


def test_the_page_its_parts_and_its_rules(server):
    for name, kind in (
        ("", "text/html"),
        ("zones.js", "text/javascript"),
        ("zones.css", "text/css"),
        ("frame.png", "image/png"),
        ("zones.json", "application/json"),
    ):
        status, headers, body = ask(server, f"/{server.token}/{name}")
        assert (status, headers.get_content_type()) == (200, kind)
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert b"://" not in body.replace(b"http://www.w3.org", b"") or kind == "image/png"


def test_without_the_token_there_is_nothing(server):
    for path in ("/", "/zones.json", "/x/zones.json", f"/{server.token[:-1]}/", "/%C3%A4/"):
        assert ask(server, path)[0] == 404
    assert ask(server, "/x/save", DOOR)[0] == 404
    assert ask(server, f"/{server.token}/../zones.yaml")[0] == 404


def test_other_hosts_and_origins_are_refused(server):
    """A page elsewhere cannot have its own name lead here, nor send what is to be saved."""
    assert ask(server, f"/{server.token}/", Host="evil.example")[0] == 404
    refused = ask(server, f"/{server.token}/save", DOOR, Origin="http://evil.example")
    assert refused[0] == 403
    assert not server.path.exists()
    own = f"http://127.0.0.1:{server.port}"
    assert ask(server, f"/{server.token}/save", DOOR, Origin=own)[0] == 200


def test_what_is_saved_is_a_file_of_zones(server):
    status, _, body = ask(server, f"/{server.token}/save", DOOR)
    assert (status, json.loads(body)) == (200, {"saved": str(server.path)})
    assert read_zones(server.path) == Zones((64, 48), 7, {"door": ((1, 2), (30, 4))}, {})
    assert server.zones == read_zones(server.path)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"lines": {"door": [[1, 2]]}}, 400, "lines.door: 1 points; expected 2"),
        ({"lins": {}}, 400, "unknown key 'lins'"),
        (b"{", 400, "broken JSON"),
        (b"[]", 400, "expected an object"),
        ({"lines": {"a": [["x", 1], [2, 3]]}}, 400, "expected float"),
    ],
)
def test_what_is_wrong_is_said_and_not_saved(server, body, status, message):
    found = ask(server, f"/{server.token}/save", body)
    assert found[0] == status
    assert message in json.loads(found[2])["error"]
    assert not server.path.exists()


def test_too_much_and_other_kinds_are_refused(server):
    path = f"/{server.token}/save"
    assert ask(server, path, DOOR, **{"Content-Type": "text/plain"})[0] == 415
    assert ask(server, path, DOOR, **{"Content-Length": "2000000"})[0] == 413
    assert ask(server, f"/{server.token}/other", DOOR)[0] == 404


def test_zones_that_exist_are_read_and_fit_the_frame(tmp_path):
    ground = Ground(homography=((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    zones = Zones((32, 24), 0, {"door": ((1, 2), (3, 4))}, {}, ground)
    server = ZoneServer(np.zeros((48, 64, 3), np.uint8), tmp_path / "z.yaml", zones, 0)
    try:
        found = json.loads(ask(server, f"/{server.token}/zones.json")[2])
    finally:
        server.close()
    assert found["lines"] == {"door": [[2, 4], [6, 8]]}
    assert found["ground"]["homography"][0][0] == 0.5


def test_edit_zones_ends_with_done(tmp_path):
    write_zones(tmp_path / "zones.yaml", Zones(lines={"a": ((0, 0), (9, 9))}))
    addresses = []

    def draw(address: str) -> None:
        addresses.append(address)
        port, token = address.split(":")[2].split("/")[:2]

        def press() -> None:
            connection = http.client.HTTPConnection(HOST, int(port), timeout=10)
            connection.request("POST", f"/{token}/done", b"{}")
            assert connection.getresponse().status == 200
            connection.close()

        threading.Thread(target=press).start()

    found = hie_cli.edit_zones(CLIP, tmp_path / "zones.yaml", frame=3, opened=draw)
    assert found.size == (768, 576)
    assert found.frame == 3
    assert found.lines == {"a": ((0, 0), (9, 9))}
    assert len(addresses) == 1


def test_wrong_input(tmp_path, server):
    with pytest.raises(InputError, match="no such file"):
        hie_cli.edit_zones(tmp_path / "no.mp4")
    with pytest.raises(InputError, match="frames, none in"):
        hie_cli.edit_zones(CLIP, tmp_path / "z.yaml", frame=9999)
    with pytest.raises(ConfigError, match="--frame -1: expected 0 or more"):
        hie_cli.edit_zones(CLIP, tmp_path / "z.yaml", frame=-1)
    with pytest.raises(ConfigError, match=f"--port {server.port}: cannot be used"):
        ZoneServer(np.zeros((4, 4, 3), np.uint8), tmp_path / "z.yaml", None, 0, server.port)


@pytest.mark.slow
def test_drawing_in_a_browser(server):
    """A line by clicks, an area by keys, a name, a save: what is in the file is what was drawn."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 900, "height": 800})
        complaints, outside = [], []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: outside.append(request.url))
        page.goto(server.address)
        page.get_by_text("Click the two ends of a line").wait_for()
        box = page.locator("canvas").bounding_box()
        scale = box["width"] / 64
        for x, y in ((10, 10), (50, 30)):
            page.mouse.click(box["x"] + x * scale, box["y"] + y * scale)
        page.get_by_label("Name of line 1").fill("door")
        page.get_by_role("button", name="Area", exact=True).click()
        page.locator("canvas").focus()
        page.keyboard.press("Enter")
        for key in ("ArrowRight", "ArrowDown"):
            for _ in range(8):
                page.keyboard.press(key)
            page.keyboard.press("Enter")
        page.get_by_role("button", name="Finish area").click()
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_text("Saved to").wait_for()
        page.get_by_role("button", name="Done").click()
        page.get_by_text("This page can be closed").wait_for()
    zones = read_zones(server.path)
    assert np.array(zones.lines["door"]) == pytest.approx(np.array([[10, 10], [50, 30]]), abs=0.2)
    # The cross stayed where the line ended.
    [corners] = zones.zones.values()
    steps = np.diff(np.array(corners), axis=0)
    assert steps.tolist() == [[8, 0], [0, 8]]
    assert server.finished.is_set()
    assert complaints == []
    assert all(url.startswith((server.address, "data:")) for url in outside), outside
