"""``hie run`` of many videos as a user calls it: what is wrong is one line, nothing is begun."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest


def hie(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )


# The command in an installation that lacks a package, or beside workers with another version.
WITHOUT = "import sys; sys.modules[{!r}] = None; from hie_cli.__main__ import main; main()"
OTHERS = (
    "from hie_cli.pipeline.executors import ray_actors; ray_actors.__version__ = '0.0.0'; "
    "from hie_cli.__main__ import main; main()"
)
NORMAL = "from hie_cli.__main__ import main; main()"
RAY = ["a.avi", "--engine", "ray"]


@pytest.mark.parametrize(
    ("program", "arguments", "code", "message"),
    [
        (NORMAL, [*RAY, "--address", "127.0.0.1:9"], 2, "no cluster at 127.0.0.1:9"),
        (NORMAL, ["a.avi", "--address", "auto"], 2, "add --engine ray"),
        (NORMAL, ["a.avi", "--engine", "rai"], 2, "did you mean 'ray'"),
        (OTHERS, RAY, 2, "install the same"),
        (WITHOUT.format("ray"), RAY, 2, "pip install 'hie[ray]'"),
        (WITHOUT.format("pyarrow"), ["--list", "a.parquet"], 2, "pip install"),
        (NORMAL, ["--list", "none.csv"], 3, "none.csv: no such file"),
        (NORMAL, ["--list", "binary.csv"], 3, "binary.csv"),
        (NORMAL, ["--list", "a.parquet"], 3, "not a parquet file"),
        (NORMAL, ["a.avi", "--segment-frames", "few"], 2, "--segment-frames few: expected auto"),
        (NORMAL, ["a.avi", "--retry-failed", "--overwrite"], 2, "--overwrite and --retry-failed"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_and_nothing_is_begun(
    tmp_path, monkeypatch, program, arguments, code, message
):
    if "ray" in arguments and program != WITHOUT.format("ray"):
        pytest.importorskip("ray", reason="needs Ray: pip install 'hie[ray]'")
    monkeypatch.chdir(tmp_path)
    writer = cv2.VideoWriter("a.avi", cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    Path("binary.csv").write_bytes(b"video\n\xff\xfe\x00\n")
    Path("a.parquet").write_text("no table")
    done = hie("-c", program, "run", *arguments, "-o", "out")
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("hie: ")]
    assert message in line
    assert not Path("out").exists()
