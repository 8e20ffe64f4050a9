"""A real browser for the tests of pages: headless Chromium, driven by Playwright.

`make browser` installs what it takes where it can; tests skip where something is missing.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

AXE = Path(sys.prefix) / "axe" / "package" / "axe.min.js"
_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
INSIDE = ("file:", "data:", "blob:")  # addresses that ask nothing of a network


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser; skips the test where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        browser.close()


class Tab:
    """One page opened in a browser, with everything it complained of or asked for."""

    def __init__(self, browser: Any, path: Path, width: int = 1280, dark: bool = False) -> None:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.outside: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append("a dialog"))
        self.page.on("request", self._asked)
        self.page.goto(path.resolve().as_uri())

    def _asked(self, request: Any) -> None:
        if not request.url.startswith(INSIDE):
            self.outside.append(request.url)

    def wait(self, condition: str) -> None:
        """Until a condition in JavaScript holds; Playwright's own waiting would need eval."""
        for _ in range(200):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"never: {condition}")

    def axe(self) -> list[str]:
        """What axe-core finds wrong; skips the test where axe-core is not installed."""
        if not AXE.is_file():
            pytest.skip("axe-core is not installed (make browser)")
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{v['id']}: {node['html'][:120]}" for v in found["violations"] for node in v["nodes"]
        ]

    def too_wide(self) -> int:
        """By how many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))

    def close(self) -> None:
        self.page.context.close()


def h264(path: Path, frames: int, fps: int, size: tuple[int, int]) -> None:
    """An H.264 video whose picture changes with every frame; skips the test without PyAV."""
    av = pytest.importorskip("av", reason="PyAV is not installed")
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for t in range(frames):
            image = np.full((size[1], size[0], 3), 5 * t % 256, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")):
                file.mux(packet)
        for packet in stream.encode():
            file.mux(packet)
