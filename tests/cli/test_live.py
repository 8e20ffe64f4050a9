"""``hie run`` on live sources: refusals, lines for other programs, and a clean end by a signal."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from hie_cli.cli.app import run
from hie_cli.core.errors import ConfigError
from hie_cli.formats.documents.document import Document
from tests.support import streams
from tests.support.paths import ROOT

pytest.importorskip("av", reason="PyAV is not installed")
URL = "http://me:secret@127.0.0.1:9/x.ts"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([URL], "http://127.0.0.1:9/x.ts: a live source; add --online"),
        ([URL, "--online", "--resume"], "--resume is not for a live source"),
        ([URL, "--online", "--stills"], "--stills is not for a live source"),
        ([URL, "--online", "--workers", "2"], "--workers is not for a live source"),
        ([URL, "--online", "--begin", "1"], "--begin is not for a live source"),
        ([URL, "--online", "--frames", ":9"], "--frames is not for a live source"),
        ([URL, "--online", "--follow", "--json"], "--follow prints JSON already"),
        ([URL, "crowd.mp4", "--online"], "a live source runs alone"),
        ([URL, URL, "--online"], "a live source runs alone"),
        ([URL, "--online", "--segment", "x"], "--segment x: expected a length of time"),
        (["http://", "--online"], "http: the address names no host"),
        (["crowd.mp4", "--follow"], "--follow is for a live source"),
        (["crowd.mp4", "--segment", "1min"], "--segment is for a live source"),
    ],
)
def test_wrong_usage(arguments, words, tmp_path):
    with pytest.raises(ConfigError) as found:
        run(["run", *arguments, "-o", str(tmp_path)])
    assert str(found.value).startswith(words)
    assert "secret" not in str(found.value)


def hie(*arguments: object) -> "subprocess.Popen[str]":
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "hie_cli", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip


def test_nobody_there_is_one_line(tmp_path):
    done = hie("run", URL, "--online", "-o", tmp_path / "out")
    _, complaint = done.communicate(timeout=60)
    assert done.returncode == 3
    assert complaint == (
        "hie: http://127.0.0.1:9/x.ts: connection refused: nothing listens there; check address "
        "and port\n"
    )


def test_a_polite_kill_ends_it_with_the_last_segment_complete(tmp_path):
    """The real networks, another program that follows, and no password anywhere."""
    pages = {"/cam.ts": streams.guarded(streams.live(900), "me", "secret")}
    with streams.serving(pages) as server:
        url = server.url.replace("//", "//me:secret@") + "/cam.ts?token=secret"
        with hie(
            "run", url, "--online", "-o", tmp_path, "--preset", "fast", "--name", "cam",
            "--segment", "2s", "--follow", "--until", "track",
        ) as process:  # fmt: skip
            lines = []
            for line in process.stdout:
                lines.append(json.loads(line))
                if len(lines) == 4:
                    process.send_signal(signal.SIGTERM)
                    sent = time.monotonic()
            complaint = process.stderr.read()
            assert process.wait(timeout=60) == 0, complaint
    assert time.monotonic() - sent < 10
    assert [lines[0]["type"], lines[-1]["type"]] == ["start", "end"]
    assert lines[0]["source"] == f"{server.url}/cam.ts"
    assert lines[-1]["ending"] == "stopped"
    frames = [line for line in lines if line["type"] == "frame"]
    assert {"document", "frame", "seconds", "time", "delay", "people"} <= set(frames[0])
    last = Document(tmp_path / "track" / f"{frames[-1]['document']}.json")
    assert [item.index for item in last][-1] == frames[-1]["frame"]
    told = [line["document"] for line in lines if line.get("kind") == "segment"]
    assert frames[-1]["document"] in told
    written = "".join(path.read_text() for path in tmp_path.rglob("*.json"))
    assert "secret" not in written + json.dumps(lines) + complaint


def test_who_follows_may_go(tmp_path):
    with streams.serving({"/cam.ts": streams.live(900)}) as server, hie(
        "run", server.url + "/cam.ts", "--online", "-o", tmp_path, "--preset", "fast",
        "--name", "cam", "--follow", "--until", "detect",
    ) as process:  # fmt: skip
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=60) == 0
    assert list(Document(tmp_path / "detect" / "cam-0001.json"))
