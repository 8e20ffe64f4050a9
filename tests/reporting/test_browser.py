"""Pages of results in a real browser: they play, seek, filter, and ask nothing of any network."""

import shutil

import cv2
import numpy as np
import pytest

import hie_cli
from hie_cli.reporting.results_report import write_report
from tests.support.browser import Tab, chromium, h264
from tests.support.people_tables import SIZE, write_results

HOSTILE = '"><img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The results of one video, with an overlay in H.264."""
    place = write_results(tmp_path_factory.mktemp("report"))
    (place / "render").mkdir()
    h264(place / "render" / "clip.mp4", 40, 10, SIZE)
    write_report(place)
    return place


@pytest.fixture
def tab(browser, folder):
    opened = Tab(browser, folder / "report.html")
    opened.wait("document.querySelector('video').readyState >= 2")
    yield opened
    opened.close()
    assert opened.complaints == []
    assert opened.outside == []


def clock(tab):
    return tab.page.locator("#clock").inner_text()


def test_the_video_plays_and_a_click_seeks(tab):
    video = "document.querySelector('video')"
    tab.page.evaluate(f"{video}.play()")
    tab.wait(f"{video}.currentTime > 0.3")
    tab.page.evaluate(f"{video}.pause()")
    lane = tab.page.locator(".lane .bar").first
    wide = lane.bounding_box()["width"]
    lane.click(position={"x": wide * 0.755, "y": 5})
    tab.wait(f"Math.abs({video}.currentTime - 3.05) < 0.01")
    assert clock(tab) == "0:03.0 · frame 30"
    assert tab.page.locator("#now button").all_inner_texts() == [
        "1\nfall-over 90 %",
        "2\nstanding-alone 90 %",
    ]
    tab.page.get_by_role("button", name="Frame back").click()
    assert clock(tab) == "0:02.9 · frame 29"
    tab.page.locator("#events button").first.click()
    tab.wait(f"Math.abs({video}.currentTime - 2.05) < 0.01")


def test_hovering_shows_scores(tab):
    lane = tab.page.locator(".lane .bar").first
    lane.hover(position={"x": lane.bounding_box()["width"] * 0.215, "y": 5})
    assert tab.page.locator("#tip p").all_inner_texts() == [
        "Person 1 · 0:00.8 · frame 8",
        "walking-alone 90 %",
        "riding 10 %",
    ]


def test_filters(tab):
    who = tab.page.locator(".who")
    assert who.all_inner_texts() == ["1", "2"]
    tab.page.locator("#chips button", has_text="standing-alone").click()
    assert who.all_inner_texts() == ["2"]
    tab.page.locator("#chips button", has_text="standing-alone").click()
    tab.page.locator("#ids").fill("2, 9")
    assert who.all_inner_texts() == ["2"]
    assert not tab.page.locator("#events li").first.is_visible(), "its person is 1"
    tab.page.locator("#ids").fill("")
    tab.page.locator("#to").fill("0:01")
    tab.page.keyboard.press("Enter")
    assert who.all_inner_texts() == ["1"]
    assert tab.page.locator("#found").inner_text() == "1 of 2 people"
    tab.page.get_by_role("button", name="Whole video").click()
    tab.page.locator("#sort").select_option("long")
    assert who.all_inner_texts() == ["1", "2"]


def test_by_keyboard(tab):
    tab.page.locator(".who").first.focus()
    tab.page.keyboard.press("ArrowDown")
    assert tab.page.evaluate("document.activeElement.textContent") == "2"
    tab.page.keyboard.press("Enter")
    assert clock(tab) == "0:02.0 · frame 20"
    tab.page.keyboard.press("ArrowUp")
    tab.page.keyboard.press("ArrowLeft")
    assert clock(tab) == "0:00.0 · frame 0", "where person 1 begins to walk"
    tab.page.keyboard.press("ArrowRight")
    assert clock(tab) == "0:02.0 · frame 20", "where person 1 falls"
    tab.page.locator("#theme").focus()
    tab.page.keyboard.press("Enter")
    assert tab.page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.parametrize(("width", "dark"), [(390, False), (1920, True)])
def test_nothing_is_hard_to_reach(browser, folder, width, dark):
    tab = Tab(browser, folder / "report.html", width, dark)
    assert tab.too_wide() == 0
    assert tab.axe() == []
    assert tab.complaints == []
    tab.close()


def test_the_page_itself_can_hold_the_video(browser, folder, tmp_path):
    """Moved away from everything else, it still plays."""
    write_report(folder, tmp_path / "made" / "x.html", embed=True)
    shutil.move(tmp_path / "made" / "x.html", tmp_path / "x.html")
    tab = Tab(browser, tmp_path / "x.html")
    tab.wait("document.querySelector('video').readyState >= 2")
    assert tab.complaints == []
    tab.close()


def test_one_file_shows_each_of_several_videos(browser, folder, tmp_path):
    """There and back again, by link and by the browser's own way; the video plays inside."""
    for stage in ("action", "render"):
        shutil.copytree(folder / stage, tmp_path / "out" / stage)
        for path in sorted((tmp_path / "out" / stage).iterdir()):
            text = path.read_bytes().replace(b'"name":"clip"', b'"name":"other"')
            path.with_name(path.name.replace("clip", "other")).write_bytes(text)
    page = write_report(tmp_path / "out", tmp_path / "sent" / "all.html", embed=True).page
    tab = Tab(browser, page, 390)
    assert tab.too_wide() == 0
    tab.page.locator("a", has_text="other").click()
    inside = tab.page.frame_locator("iframe")
    inside.locator("h1").wait_for()
    assert inside.locator("h1").inner_text() == "other"
    tab.wait("document.querySelector('iframe').contentDocument.querySelector('video').readyState")
    inside.locator(".who").first.click()
    assert inside.locator("#clock").inner_text() == "0:00.0 · frame 0"
    tab.page.locator("#back").click()
    tab.page.locator("#list").wait_for(state="visible")
    tab.page.go_back()
    inside.locator("h1").wait_for()
    assert tab.complaints == []
    assert tab.outside == []
    assert tab.axe() == []  # at last: it talks to the frame in ways that a file's page complains of
    tab.close()


def test_a_codec_that_the_browser_lacks_is_said_and_the_timeline_works(browser, tmp_path):
    write_results(tmp_path)
    (tmp_path / "render").mkdir()
    codec = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(tmp_path / "render" / "clip.mp4"), codec, 10.0, SIZE)
    for _ in range(40):
        writer.write(np.zeros((SIZE[1], SIZE[0], 3), np.uint8))
    writer.release()
    tab = Tab(browser, write_report(tmp_path).page)
    tab.page.locator("#unplayable").wait_for(state="visible")
    tab.page.locator(".who").first.click()
    assert clock(tab) == "0:00.0 · frame 0"
    tab.close()


def test_an_index_of_hostile_names(browser, tmp_path):
    for name in (HOSTILE, "b"):
        write_results(tmp_path, name)
    tab = Tab(browser, write_report(tmp_path).page, 390)
    assert tab.too_wide() == 0
    assert tab.axe() == []
    tab.page.locator(".card a").first.click()
    assert tab.page.locator("h1").inner_text() == HOSTILE
    tab.page.get_by_role("link", name="All videos").click()
    assert tab.page.locator(".card").count() == 2
    assert tab.complaints == []
    assert tab.outside == []
    tab.close()


def test_the_page_of_an_evaluation(browser, folder, tmp_path):
    """One of the results against itself: curves and tables, read by axe in both widths."""
    report = hie_cli.evaluate(folder / "action", folder / "action", worst=2)
    path = hie_cli.write_evaluation(report, tmp_path / "x.html")
    for width, dark in ((390, True), (1920, False)):
        tab = Tab(browser, path, width, dark)
        assert tab.page.locator("svg.chart").count() >= 2
        assert tab.too_wide() == 0
        assert tab.axe() == []
        assert tab.complaints == []
        assert tab.outside == []
        tab.close()
