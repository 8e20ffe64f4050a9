"""Streams that are closed or full, and paths that the system refuses: one line and an exit code."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from tests.support.commands import hie, one_line, unfinished, write_tracks

HIE = [sys.executable, "-m", "hie_cli"]


def shell(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A shell script whose ``hie`` is ours; its arguments are $1, $2, ..."""
    text = f'hie() {{ "{sys.executable}" -m hie_cli "$@"; }}\n{script}'
    command = ["sh", "-c", text, "sh", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return write_tracks(tmp_path / "in" / "walk.json")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_full_streams(document, tmp_path):
    done = shell('hie action "$1" -o "$2" >/dev/full', document, tmp_path)
    line = one_line(done, 1)
    assert "stdout cannot be written (No space left on device); the results are" in line
    assert (tmp_path / "action" / "walk.json").exists()
    done = shell('hie action missing.json -o "$1" 2>/dev/full', tmp_path)
    assert (done.returncode, done.stdout) == (3, "")


def test_closed_streams(document, tmp_path):
    done = shell('hie action "$1" -o "$2" >&-', document, tmp_path / "a")
    assert "stdout cannot be written (Bad file descriptor)" in one_line(done, 1)
    whole = (tmp_path / "a" / "action" / "walk.json").read_text()
    assert whole.startswith('{"hie":')
    assert whole.endswith("]}\n")
    done = shell('hie action "$1" -o "$2" 2>&-', document, tmp_path / "b")
    assert done.returncode == 0
    assert (tmp_path / "b" / "action" / "walk.json").read_text() == whole
    done = shell("hie action missing.json 2>&- >&- <&-")
    assert done.returncode == 3


def test_no_home_and_a_closed_pipe():
    done = shell("unset HOME; hie models list | head -1")
    assert done.returncode == 0
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("detect", "x" * 300 + ".mp4"), 3),
        (("track", "x" * 300 + ".json"), 3),
        (("detect", "loop.mp4"), 3),
        (("track", "loop.json"), 3),
        (("track", "walk.json", "-o", "loop.json"), 2),
        (("track", "walk.json", "-o", "y" * 300), 2),
        (("track", "walk.json", "-o", "walk.json/under"), 2),
        (("render", "walk.json", "-o", "walk.json/under"), 2),
        (("models", "import", "/dev/zero"), 4),
        (("models", "import", "walk.json", "--name", "q" * 300), 4),
        (("track", "walk.json/under"), 3),
        (("report", "z" * 300), 3),
        (("eval", "walk.json", "--truth", "t" * 300), 3),
        (("track", "walk.json", "-c", "c" * 300), 2),
        (("config", "init", "-o", "y" * 300), 2),
        (("config", "init", "-o", "loop.json"), 2),
        (("zones", "clip.avi", "--no-open", "-o", "y" * 300), 2),
        (("zones", "clip.avi", "--no-open", "-o", "walk.json/under"), 2),
        (("train", "action", "walk.json", "-o", "walk.json/under"), 2),
        (("train", "action", "walk.json", "--device", "cdua"), 2),
    ],
)
def test_paths_that_the_system_refuses(document, tmp_path, monkeypatch, arguments, code):
    monkeypatch.chdir(document.parent)
    for name in ("loop.mp4", "loop.json"):
        os.symlink(name, name)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    one_line(hie(*arguments), code)


@pytest.mark.parametrize("name", ["../../evil", "/tmp/evil", "a/b", "a\\u0000b", "a\\nb"])
@pytest.mark.parametrize("command", ["track", "action", "pose", "render", "report"])
def test_a_documents_name_is_no_path(document, tmp_path, command, name):
    text = document.read_text()
    assert '"name":"walk"' in text
    folder = tmp_path / "deep" / "track"
    folder.mkdir(parents=True)
    bad = folder / "walk.json"
    bad.write_text(text.replace('"name":"walk"', f'"name":"{name.replace("/tmp", str(tmp_path))}"'))
    before = sorted(tmp_path.rglob("*"))
    if command == "report":
        done = hie("report", tmp_path / "deep")
    else:
        done = hie(command, bad, "-o", tmp_path / "deep" / "out", "--overwrite")
    assert "cannot name a file" in one_line(done, 3)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_video_with_an_unusable_name_fails_alone(make_video, tmp_path, workers):
    """The good one is finished; each other's record says why, in JSON that any reader takes."""
    good = make_video("good.avi", frames=2)
    folder = os.fsencode(good.parent / "videos")
    os.mkdir(folder)
    unusable = [b"a\nb", b"esc\x1b[31m", b"back\\slash", b"bad\xff", b"x" * 240]
    for name in [b"good", *unusable, b"._good"]:
        Path(os.fsdecode(os.path.join(folder, name + b".avi"))).write_bytes(good.read_bytes())
    done = hie("run", folder.decode(), "-o", tmp_path / "out", "--until", "detect", "--preset",
               "fast", "--workers", workers, "--json")  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("hie: ")]) == 5
    records = {r["name"]: r for r in orjson.loads(done.stdout)["videos"]}
    assert records.pop("good")["status"] == "ok"
    assert {r["exit_code"] for r in records.values()} == {3}
    assert set(records) == {"a\nb", "esc\x1b[31m", "back\\slash", r"bad\udcff", "x" * 240}
    assert [p.name for p in (tmp_path / "out" / "detect").iterdir()] == ["good.json"]


def test_two_runs_of_one_video_into_one_folder(sample_clip, tmp_path):
    command = [*HIE, "run", str(sample_clip), "-o", str(tmp_path), "--frames", ":40"]
    first = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not unfinished(tmp_path):
        time.sleep(0.01)
    second = hie("run", sample_clip, "-o", tmp_path, "--frames", ":40", "--overwrite")
    assert f"is being written by process {first.pid}" in one_line(second, 2)
    first.kill()
    first.communicate()
    assert unfinished(tmp_path)
    done = hie("detect", sample_clip, "-o", tmp_path, "--frames", ":4", "--preset", "fast")
    assert done.returncode == 0, done.stderr
    assert not unfinished(tmp_path)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no terminals to be closed")
def test_a_closed_terminal_ends_like_a_polite_kill(sample_clip, tmp_path):
    command = [*HIE, "detect", str(sample_clip), "-o", str(tmp_path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not unfinished(tmp_path):
        time.sleep(0.01)
    process.send_signal(signal.SIGHUP)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; --resume continues" in errors
    assert not list(tmp_path.glob("detect/.*.lock"))
