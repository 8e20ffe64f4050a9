"""The package as users get it: built into a wheel, installed, and run outside the checkout."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

pytest.importorskip("hatchling")


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder into which the wheel of this checkout is installed, without what it depends on."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT)]
    subprocess.run([*pip, *build], check=True)
    (wheel,) = folder.glob("hie-*.whl")
    install = ["install", "--no-deps", "--no-index", "--target", str(folder / "site"), str(wheel)]
    subprocess.run([*pip, *install], check=True)
    return folder / "site"


@pytest.fixture
def run(installed, tmp_path):
    """Call a command with the installed package alone, from a folder with nothing in it."""

    def call(*command: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(installed)}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call


def test_the_installed_package_is_the_one_that_runs(run, installed):
    where = run(sys.executable, "-c", "import hie_cli; print(hie_cli.__file__)")
    assert Path(where.strip()).is_relative_to(installed)


def test_settings_weights_and_licences_come_along(installed):
    for name in ("configs", "weights"):
        inside = {path.name for path in (ROOT / name).glob("*")} if name == "configs" else {
            path.name for path in (ROOT / "hie_cli" / name).glob("*.safetensors")
        }  # fmt: skip
        assert inside
        assert inside <= {path.name for path in (installed / "hie_cli" / name).iterdir()}
    (information,) = installed.glob("hie-*.dist-info")
    assert (information / "licenses" / "NOTICE").is_file()
    assert (installed / "hie_cli" / "reporting" / "templates" / "video.js").is_file()
    assert not (installed / "tests").exists()


def test_the_chain_runs(run, installed, sample_clip, tmp_path):
    script = str(installed / "bin" / "hie")
    run(script, "run", str(sample_clip), "-o", "out", "--preset", "fast", "--frames", ":4",
        "--until", "action")  # fmt: skip
    document = json.loads((tmp_path / "out" / "action" / "pets09-sample.json").read_text())
    assert len(document["annolist"]) == 4
    assert run(script, "models", "list")
