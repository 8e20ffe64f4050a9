from html.parser import HTMLParser

import numpy as np
import pytest

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.writer import DocumentWriter
from hie_cli.rendering.html_report import count_curve, find_results, lifelines, runs, write_report


def write(path, stage, frames=4, name="a<b>"):
    header = Header(stage, VideoInfo(name, 64, 48, 10.0, frames))
    scores = np.zeros((1, 14))
    scores[0, 10] = 0.9
    with DocumentWriter(path, header) as writer:
        for t in range(frames):
            people = People(np.array([[1, 2, 30, 40]]), np.ones(1), [0], action_scores=scores)
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


def test_runs_by_hand():
    assert runs([], 1) == []
    assert runs([0, 1, 2, 5, 6, 9], 1) == [(0, 2), (5, 6), (9, 9)]
    assert runs([0, 5, 10, 20], 5) == [(0, 10), (20, 20)]


def test_curve_and_lifelines_of_nothing_and_one_frame():
    assert count_curve([], [], 10) is None
    curve = count_curve([3], [0], 10)
    assert curve is not None
    assert curve.points == "0.0,95.0", "nobody, at the bottom: 90 * (1 - 0) + 5"
    assert lifelines({}, []) is None
    lives = lifelines({0: [3]}, [3])
    assert lives is not None
    assert [bar.title for bar in lives.bars] == ["0: frames 3–3"]


def test_the_page_is_whole_escaped_and_self_contained(tmp_path):
    write(tmp_path / "action" / "x.json", "action")
    (tmp_path / "render").mkdir()
    (tmp_path / "render" / "a<b>.png").write_bytes(b"png")
    write_report(tmp_path, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "a&lt;b&gt;" in page
    assert "<b>" not in page
    assert "fighting" in page
    assert "<td>3</td>" in page  # three scored frames
    assert page.count("<rect") == 2  # identity 0 before and after frame 2
    assert "data:image/png;base64,cG5n" in page
    assert "http" not in page

    class Balance(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open_tags = []

        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "img", "polyline"):
                self.open_tags.append(tag)

        def handle_endtag(self, tag):
            if tag != "polyline":
                assert self.open_tags.pop() == tag

    balance = Balance()
    balance.feed(page)
    assert not balance.open_tags


@pytest.mark.parametrize("name", ["../secret", "/etc/secret", "..", "a\\..\\b/c"])
def test_a_name_in_a_document_leads_to_no_picture_elsewhere(name, tmp_path):
    (tmp_path / "secret.png").write_bytes(b"secret")
    folder = tmp_path / "out"
    write(folder / "action" / "x.json", "action", name=name)
    (folder / "render").mkdir()
    with pytest.raises(InputError, match="cannot name a file"):
        write_report(folder)
    assert not (folder / "report.html").exists()


def test_a_link_leads_to_no_picture_elsewhere(tmp_path):
    (tmp_path / "secret.png").write_bytes(b"secret")
    folder = tmp_path / "out"
    write(folder / "action" / "x.json", "action", name="x")
    (folder / "render").mkdir()
    (folder / "render" / "x.png").symlink_to(tmp_path / "secret.png")
    assert "No contact sheet" in write_report(folder).read_text()


def test_an_existing_page_is_kept(tmp_path):
    write(tmp_path / "action" / "x.json", "action")
    (tmp_path / "report.html").write_text("yesterday")
    with pytest.raises(ConfigError, match="exists already; --overwrite replaces it"):
        write_report(tmp_path)
    assert (tmp_path / "report.html").read_text() == "yesterday"
    write_report(tmp_path, overwrite=True)
