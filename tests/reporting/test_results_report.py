import json
import os
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.writer import DocumentWriter
from hie_cli.reporting.results_report import find_results, write_report
from hie_cli.reporting.video_page import clock, relative
from tests.support.people_tables import write_results

VOID = {"meta", "img", "input", "br", "link"}


def write(path, stage, frames=4, name="a<b>"):
    with DocumentWriter(path, Header(stage, VideoInfo(name, 64, 48, 10.0, frames))) as writer:
        for t in range(frames):
            people = People(np.array([[1, 2, 30, 40]]), np.ones(1))
            writer.write(FramePeople(t, people if t != 2 else People.empty()))


def test_no_results(tmp_path):
    with pytest.raises(InputError, match="holds no results"):
        find_results(tmp_path)


def test_the_richest_document_of_each_video_is_taken(tmp_path):
    for stage in ("detect", "track", "action"):
        write(tmp_path / stage / "x.json", stage)
    write(tmp_path / "detect" / "y.json", "detect")
    assert find_results(tmp_path) == [
        tmp_path / "action" / "x.json",
        tmp_path / "detect" / "y.json",
    ]


class Balance(HTMLParser):
    """Tags that are not closed in their order fail; addresses are gathered."""

    def __init__(self):
        super().__init__()
        self.open_tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.addresses += [v for k, v in attrs if k in ("src", "href", "poster") and v]
        if tag not in VOID:
            self.open_tags.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.addresses += [v for k, v in attrs if k in ("src", "href", "poster") and v]

    def handle_endtag(self, tag):
        assert self.open_tags.pop() == tag


def read(path):
    text = path.read_text(encoding="utf-8")
    balance = Balance()
    balance.feed(text)
    assert not balance.open_tags
    assert "http:" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https:" not in text
    return text, balance.addresses


def test_one_video_is_one_page_whole_and_escaped(tmp_path):
    write_results(tmp_path, "a<b>&")
    pages = write_report(tmp_path)
    assert pages.page == tmp_path / "report.html"
    assert pages.videos == (pages.page,)
    text, addresses = read(pages.page)
    assert "a&lt;b&gt;&amp;" in text
    assert "<b>&" not in text
    assert re.search(r"<strong>fall</strong> 0:02.0 to 0:03.9<br>person 1<br>confidence 90 %", text)
    assert all(address.startswith("data:") for address in addresses)
    assert "no overlay video" in text


def test_boxes_alone_nobody_and_no_frame(tmp_path):
    write(tmp_path / "detect" / "x.json", "detect")
    write(tmp_path / "detect" / "y.json", "detect", frames=0, name="y")
    pages = write_report(tmp_path)
    assert [path.name for path in pages.videos] == ["x.html", "y.html"]
    for path in pages.videos:
        text, _ = read(path)
        assert "Events need actions" in text


def test_several_videos_have_an_index(tmp_path):
    for name in ("one", "two 2"):
        write_results(tmp_path / "out", name)
    pages = write_report(tmp_path / "out", tmp_path / "crowd.html")
    _, addresses = read(pages.page)
    assert [a for a in addresses if a != "data:,"] == [
        "crowd_files/one.html",
        "crowd_files/two%202.html",
    ]
    _, addresses = read(pages.videos[0])
    assert "../crowd.html" in addresses


def test_overlay_and_sheet_are_linked_or_inside(tmp_path):
    write_results(tmp_path, "x")
    (tmp_path / "render").mkdir()
    (tmp_path / "render" / "x.mp4").write_bytes(video())
    (tmp_path / "render" / "x.png").write_bytes(png())
    _, addresses = read(write_report(tmp_path).page)
    assert {"render/x.mp4", "render/x.png"} <= set(addresses)
    text, addresses = read(write_report(tmp_path, embed=True, overwrite=True).page)
    assert all(address.startswith("data:") for address in addresses)
    assert '<script type="text/plain" id="movie">' in text


def test_one_file_holds_the_pages_of_several_videos(tmp_path):
    for name in ("one", "two <b>"):
        write_results(tmp_path / "out", name)
    pages = write_report(tmp_path / "out", tmp_path / "sent.html", embed=True)
    assert pages.videos == (pages.page,)
    assert [path.name for path in tmp_path.iterdir() if path.suffix] == ["sent.html"]
    text, addresses = read(pages.page)
    assert {"#1", "#2"} <= set(addresses)
    held = json.loads(re.search(r'id="pages">(.*?)</script>', text, re.DOTALL)[1])
    assert [re.search("<title>(.*?) · hie", page)[1] for page in held] == [
        "one",
        "two &lt;b&gt;",
    ]


def test_lines_and_areas(tmp_path):
    """Person 1 walks from x = 30 to 225: over the line at 100, from one area to the other."""
    write_results(tmp_path)
    zones = tmp_path / "zones.yaml"
    zones.write_text(
        "size: [320, 240]\nlines:\n  gate: [[100, 240], [100, 150]]\n"
        "zones:\n  here: [[0, 180], [90, 180], [90, 239], [0, 239]]\n"
        "  there: [[120, 180], [319, 180], [319, 239], [120, 239]]\n"
    )
    text, _ = read(write_report(tmp_path, zones=zones).page)
    plain = re.sub(r"\s*<[^>]*>\s*", " ", text)
    assert "line in out gate 1 0" in " ".join(plain.split())
    assert "from to times here there 1" in " ".join(plain.split())
    with pytest.raises(InputError, match=r"no-zones\.yaml"):
        write_report(tmp_path, zones=tmp_path / "no-zones.yaml", overwrite=True)


def video():
    """A tiny mp4 of the frames of ``write_results``."""
    import tempfile

    import cv2

    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/x.mp4"
        writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"mp4v"), 10.0, (64, 48))
        for _ in range(40):
            writer.write(np.zeros((48, 64, 3), np.uint8))
        writer.release()
        with open(path, "rb") as file:
            return file.read()


def png():
    import cv2

    return cv2.imencode(".png", np.zeros((4, 4, 3), np.uint8))[1].tobytes()


@pytest.mark.parametrize("name", ["../secret", "/etc/secret", "..", "a\\..\\b/c"])
def test_a_name_in_a_document_leads_to_no_picture_elsewhere(name, tmp_path):
    (tmp_path / "secret.png").write_bytes(b"secret")
    folder = tmp_path / "out"
    write(folder / "action" / "x.json", "action", name=name)
    (folder / "render").mkdir()
    with pytest.raises(InputError, match="cannot name a file"):
        write_report(folder)
    assert not (folder / "report.html").exists()


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_leads_to_no_picture_elsewhere(tmp_path):
    (tmp_path / "secret.png").write_bytes(png())
    folder = write_results(tmp_path / "out", "x")
    (folder / "render").mkdir()
    (folder / "render" / "x.png").symlink_to(tmp_path / "secret.png")
    assert "Contact sheet" not in write_report(folder).page.read_text()


def test_an_existing_page_is_kept(tmp_path):
    write_results(tmp_path)
    (tmp_path / "report.html").write_text("yesterday")
    with pytest.raises(ConfigError, match="exists already; --overwrite replaces it"):
        write_report(tmp_path)
    assert (tmp_path / "report.html").read_text() == "yesterday"
    write_report(tmp_path, overwrite=True)


def test_times_and_addresses(tmp_path):
    assert [clock(s) for s in (0, 9.96, 61.5, 3661)] == ["0:00.0", "0:10.0", "1:01.5", "1:01:01.0"]
    assert relative(tmp_path / "a b.mp4", tmp_path / "x" / "p.html") == "../a%20b.mp4"
