"""Figures of a batch, in Prometheus' text format."""

import re
import urllib.error
import urllib.request

import pytest

from hie_cli.core import progress
from hie_cli.core.errors import ConfigError
from hie_cli.core.plain_page import PlainPage
from hie_cli.core.progress_events import Begin, End, Note, Step
from hie_cli.pipeline.metrics import BatchMetrics, parse_place, served

SAMPLE = re.compile(r'hie_[a-z_]+(\{[a-z]+="[^"\n]*"\})? [0-9.]+(e[+-]?[0-9]+)?')


def values(text: str) -> dict[str, float]:
    """Each sample's value, by name and labels; the format is checked line by line."""
    found = {}
    declared: set[str] = set()
    for line in text.splitlines():
        if match := re.fullmatch(r"# (HELP|TYPE) (hie_[a-z_]+) .+", line):
            declared.add(match[2])
            continue
        assert SAMPLE.fullmatch(line), line
        name, value = line.rsplit(" ", 1)
        assert name.partition("{")[0] in declared
        found[name] = float(value)
    assert text.endswith("\n")
    return found


def counted(metrics: BatchMetrics) -> dict[str, float]:
    return {
        name.split('"')[1]: value
        for name, value in values(metrics.text()).items()
        if name.startswith("hie_run_videos")
    }


def test_videos_by_state_and_what_they_held():
    metrics = BatchMetrics(["a", "b", "c", "d", "e: f"])
    assert counted(metrics) == {"waiting": 5, "running": 0, "done": 0, "failed": 0, "kept": 0}
    metrics(Begin(1, "a: people", 10, "frame"))
    metrics(Begin(2, "a: action", 10, "frame"))
    metrics(Begin(3, "e: f: action", 10, "frame"))
    metrics(Begin(4, "weights", 10, "MB"))
    metrics(Note("a: said"))
    assert counted(metrics) == {"waiting": 3, "running": 2, "done": 0, "failed": 0, "kept": 0}
    metrics.finished({"name": "a", "status": "ok", "frames": 10, "people": 30})
    metrics.finished({"name": "b", "status": "failed", "frames": 4, "people": 8})
    metrics.finished({"name": "c", "status": "ok", "frames": 99, "people": 9, "kept": True})
    assert counted(metrics) == {"waiting": 1, "running": 1, "done": 1, "failed": 1, "kept": 1}
    found = values(metrics.text())
    assert found["hie_run_frames_total"] == 14
    assert found["hie_run_people_total"] == 38


def test_frames_a_second_are_of_videos_and_not_of_their_stages():
    now = [100.0]
    metrics = BatchMetrics(["a", "b"], lambda: now[0])
    for task, label in ((1, "a: people"), (2, "a: action"), (3, "b: people")):
        metrics(Begin(task, label, None, "frame"))
    now[0] = 110.0
    metrics(Step(1, 50))
    metrics(Step(2, 20))
    metrics(Step(3, 10))
    assert values(metrics.text())["hie_run_frames_per_second"] == 50 / 10 + 10 / 10
    now[0] = 150.0  # nothing came since: 50 frames in 50 seconds, 10 in 50
    assert values(metrics.text())["hie_run_frames_per_second"] == 1.2
    for t in range(40):
        now[0] = 150.0 + t
        metrics(Step(1, 50 + 2 * t))
    metrics(End(3))
    assert values(metrics.text())["hie_run_frames_per_second"] == pytest.approx(2.0, abs=0.1)


def test_figures_are_served_as_long_as_the_batch_runs():
    told = []
    page = PlainPage(lambda: "x 1\n", "/metrics", "127.0.0.1", 0)
    port = page.port
    page.close()
    with served(str(port), ["a"], told.append) as finished:
        progress.tell(Begin(1, "a: people", None, "frame"))
        finished({"name": "a", "status": "ok", "frames": 3, "people": 5})
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            assert values(answer.read().decode())["hie_run_frames_total"] == 3
        with pytest.raises(urllib.error.HTTPError, match="404") as refused:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
        refused.value.close()
        with (
            pytest.raises(ConfigError, match=f"127.0.0.1:{port}: cannot be used"),
            served(str(port), [], told.append),
        ):
            pass
    assert told == [{"name": "a", "status": "ok", "frames": 3, "people": 5}]
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5)


def test_a_listener_hears_what_others_are_told_and_only_meanwhile():
    heard, shown = [], []
    progress.set_reporter(shown.append)
    with progress.listening(heard.append):
        progress.note("one")
    progress.note("two")
    assert (heard, shown) == ([Note("one")], [Note("one"), Note("two")])


def test_places():
    assert parse_place("9464") == ("127.0.0.1", 9464)
    assert parse_place("0.0.0.0:9464") == ("0.0.0.0", 9464)
    for wrong in ("x", "", "70000", "a:b", "-1"):
        with pytest.raises(ConfigError, match="--metrics-port"):
            parse_place(wrong)


def test_without_a_port_nothing_is_served():
    told = []
    with served(None, ["a"], told.append) as finished:
        assert finished == told.append
