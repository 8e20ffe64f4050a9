"""The Dockerfile's install steps work: those are run, in a fresh environment; no image is built."""

import os
import re
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

TORCH = "torch==2.13.0"  # the build argument; the default's index is not everywhere reachable


def install_steps() -> list[str]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    return re.findall(r"^RUN python -m (pip .*)$", text, re.MULTILINE)


def test_they_install_the_lock_torch_and_hie():
    lock, torch, hie = install_steps()
    assert "--require-hashes --no-deps -r requirements.lock" in lock
    assert "${TORCH}" in torch
    assert hie.endswith("--no-deps --no-build-isolation .")


@pytest.mark.skipif(
    os.environ.get("HIE_INSTALL_TEST") != "1", reason="takes minutes: set HIE_INSTALL_TEST=1"
)
def test_they_run(tmp_path, sample_clip):
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    for step in install_steps():
        words = step.replace("${TORCH}", TORCH).split()
        subprocess.run([python, "-m", *words], check=True, cwd=ROOT, env=environment)
    done = subprocess.run(
        [str(tmp_path / "venv" / "bin" / "hie"), "run", str(sample_clip), "-o", "out", "--preset",
         "fast", "--frames", ":2", "--until", "pose"],
        check=False, cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
