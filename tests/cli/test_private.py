"""No command opens a network connection or leaves a file outside the folders it was given."""

import os
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

# Loaded by the child's interpreter at its start: whatever would reach for the network is noted and
# refused.
GUARD = """
import os, sys

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        with open(os.environ["HIE_TEST_NOTES"], "a") as notes:
            print(event, arguments, file=notes)
        raise OSError("no network in this test")

sys.addaudithook(watch)
"""


@pytest.fixture
def hie(tmp_path):
    """``hie(*arguments)``: a command in an empty home, without network; checks what it left."""
    for name in ("guard", "home", "work", "temporary"):
        (tmp_path / name).mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")}
    environment = kept | {
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "temporary"),
        "PYTHONPATH": os.pathsep.join((str(tmp_path / "guard"), str(ROOT))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HIE_TEST_NOTES": str(tmp_path / "notes"),
    }

    def run(*arguments, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "hie_cli", *map(str, arguments)],
            cwd=tmp_path / "work", env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert not (tmp_path / "notes").exists(), (tmp_path / "notes").read_text()
        for place in ("home", "temporary", "work"):
            files = [p for p in (tmp_path / place).rglob("*") if not p.is_dir()]
            left = [p for p in files if "out" not in p.parts]
            assert not left, f"{arguments[0]} left {left[0]}"
        return done

    return run


def test_the_guard_itself_works(hie, tmp_path):
    """A look-up by any code of the child would be noticed."""
    code = "import socket; socket.getaddrinfo('example.invalid', 80)"
    environment = os.environ | {
        "PYTHONPATH": str(tmp_path / "guard"), "HIE_TEST_NOTES": str(tmp_path / "notes"),
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert done.returncode != 0
    assert "example.invalid" in (tmp_path / "notes").read_text()


def test_every_command_keeps_to_its_folders(hie, sample_clip, tmp_path):
    few = ("--frames", ":3", "--set", "detect.models=[nanodet]", "--set", "detect.long_sides=[320]")
    video = ("--video", sample_clip)
    hie("run", sample_clip, "-o", "out/run", "--preset", "fast", *few)
    hie("detect", sample_clip, "-o", "out/one", *few[:2], "--preset", "fast")
    hie("pose", "out/one/detect", "-o", "out/one", *video)
    hie("track", "out/one/pose", "-o", "out/one", *video)
    hie("action", "out/one/track", "-o", "out/one")
    hie("render", "out/one/action", "-o", "out/one", *video)
    hie("report", "out/run", "-o", "out/report.html")
    hie("convert", "out/one/track", "--to", "mot", "-o", "out/mot")
    crowd = ("--set", "people=3", "--set", "frames=30", "--no-video")
    hie("simulate", "-n", "2", "-o", "out/sim", *crowd)
    one, other = (p.stem for p in (tmp_path / "work" / "out" / "sim" / "track").glob("*.json"))
    sequences = f"{one}:30,{other}:30"
    hie("submit", "out/sim/track", "-o", "out/submit.zip", "--sequences", sequences)
    hie("eval", "out/sim/track", "--truth", "out/sim/labels", "--plots", "out/plots")
    hie("train", "action", "out/sim/track", "--truth", "out/sim/labels", "--val", one,
        "-o", "out/model",        "--set", "epochs=1")  # fmt: skip
    for command in (("list",), ("verify",), ("show", "nanodet")):
        hie("models", *command)
