"""The command as a user calls it, in a process of its own; a document for it to read."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.writer import DocumentWriter


def hie(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """``hie ARGUMENTS`` with further environment variables, run to its end."""
    return subprocess.run(
        [sys.executable, "-m", "hie_cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def one_line(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The error line of a failed call, which must be the only one of its kind."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("hie: ")]
    assert len(lines) == 1, done.stderr
    return lines[0]


def write_tracks(path: Path, frames: int = 30) -> Path:
    """A track document of person 0 walking right."""
    header = Header("track", VideoInfo(path.stem, 320, 240, 10.0, frames))
    with DocumentWriter(path, header) as writer:
        for t in range(frames):
            box = np.array([[10 + 8 * t, 50, 50 + 8 * t, 170]])
            writer.write(FramePeople(t, People(box, np.array([0.9]), np.array([0]))))
    return path


def unfinished(folder: Path) -> list[Path]:
    """Documents of boxes that are being written, or were left so."""
    return list(folder.glob("detect/.*.partial"))
