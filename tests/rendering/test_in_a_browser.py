"""Overlays play, and can be sought in, in a real browser where there is one."""

import numpy as np
import pytest

from hie_cli.rendering.encoder import OverlayWriter, h264_encoder
from tests.support.browser import chromium

STATE = (
    "(() => { const v = document.querySelector('video');"
    " return [v.readyState, v.videoWidth, v.videoHeight, v.duration, v.currentTime,"
    " v.error && v.error.message]; })()"
)


@pytest.mark.slow
@pytest.mark.skipif(h264_encoder() is None, reason="PyAV is not installed")
def test_an_overlay_plays(tmp_path):
    """Two seconds at a rate that varies: it runs, knows its length, and stops where it is told."""
    writer = OverlayWriter(tmp_path / "a.mp4", 10.0)
    for i, seconds in enumerate([*np.arange(10) / 10, *(1 + np.arange(6) / 5)]):
        writer.write(np.full((120, 160, 3), 15 * i, np.uint8), seconds)
    writer.close()
    (tmp_path / "page.html").write_text("<video muted autoplay src='a.mp4'></video>")
    with chromium() as browser:
        page = browser.new_page()
        page.goto((tmp_path / "page.html").as_uri())
        state = page.evaluate(STATE)
        for _ in range(100):
            if state[4] > 0.3:
                break
            page.wait_for_timeout(100)
            state = page.evaluate(STATE)
        assert state[0] >= 3, state
        assert state[1:3] == [160, 120]
        assert state[3] == pytest.approx(2.1, abs=0.05), "the last one is shown for 1 / 10 s"
        assert state[4] > 0.3
        assert state[5] is None
        page.evaluate("(() => { const v = document.querySelector('video');"
                      " v.pause(); v.currentTime = 1.5; })()")  # fmt: skip
        page.wait_for_timeout(300)
        assert page.evaluate(STATE)[4] == pytest.approx(1.5, abs=0.01)
