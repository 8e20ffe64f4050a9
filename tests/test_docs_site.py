"""The site of docs/: it builds without a warning, names no outside address, and works from disk."""

import os
import re
import subprocess
import sys

import pytest

from hie_cli.cli.commands import COMMANDS
from tests.support.browser import Tab, chromium
from tests.support.paths import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("mkdocs", reason="mkdocs is not installed")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        capture_output=True, text=True, check=False, cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def test_every_command_has_a_page(site):
    for name in COMMANDS:
        text = (site / "commands" / f"{name.replace(' ', '-')}.html").read_text(encoding="utf-8")
        assert f"hie {name}" in text
        assert "--help" in text


def test_no_page_loads_or_links_anything_outside(site):
    pages = [*site.rglob("*.html"), *site.rglob("*.css")]
    assert len(pages) > 40
    for page in pages:
        text = page.read_text(encoding="utf-8")
        found = re.findall(r"(?:src|href|action|poster)=[\"']?(?:https?:)?//[^\s\"'>]*", text)
        found += re.findall(r"url\([\"']?(?:https?:)?//[^)]*", text)
        assert not found, f"{page.relative_to(site)}: {found[:3]}"


def test_it_reads_and_searches_from_disk(site):
    with chromium() as browser:
        tab = Tab(browser, site / "index.html")
        assert tab.page.locator("h1").inner_text().startswith("Start in five minutes")
        tab.page.keyboard.press("s")
        tab.page.keyboard.type("precision")
        tab.page.locator(".md-search-result__item").first.wait_for(timeout=20_000)
        tab.close()
        phone = Tab(browser, site / "tutorials" / "footage.html", 390)
        assert phone.too_wide() == 0
        phone.close()
        assert tab.complaints + phone.complaints == []
        assert tab.outside + phone.outside == []


def test_messages_of_the_troubleshooting_page_are_messages_of_hie():
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    messages = re.findall(r"^`(.*)`\n:  ", page, re.MULTILINE)
    assert len(messages) > 20
    code = " ".join(
        re.sub(r'"\s*\n\s*f?"', "", path.read_text(encoding="utf-8"))
        for path in (ROOT / "hie_cli").rglob("*.py")
    )
    for message in messages:
        assert message in code, f"docs/troubleshooting.md: {message}"
