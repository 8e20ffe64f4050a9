"""Fixtures shared by the tests."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from hie_cli.core.progress import set_quiet

ROOT = Path(__file__).parent.parent
# Rooms, and files of the top, whose tests run networks, train or start processes: `make test-fast`
# leaves them out.
SLOW = (
    "cli", "flow", "formats/layouts/test_registry.py", "models", "pipeline",
    "recognition/kinematic/test_rules.py", "recognition/learned", "reporting/test_browser.py",
    "retrieval/test_index.py", "retrieval/test_mining.py", "streaming/test_run.py",
    "streaming/test_watch.py", "training", "storage/test_objects.py", "video/test_live.py",
    "summary/test_annotation.py", "summary/test_summarize.py",
    "test_architecture.py", "test_docs_site.py", "test_dockerfile.py", "test_fuzz.py",
    "test_notebook.py", "test_readme.py", "test_tutorials.py", "test_wheel.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the slow rooms."""
    slow = tuple(ROOT / "tests" / room for room in SLOW)
    for item in items:
        if any(item.path.is_relative_to(room) for room in slow):
            item.add_marker("slow")


@pytest.fixture(autouse=True)
def _loud():
    """A command that a test ran with --quiet does not silence the next test's notes."""
    yield
    set_quiet(False)


@pytest.fixture(scope="session")
def sample_clip() -> Path:
    """The packaged real clip: 100 frames, 768x576, 10 fps."""
    return ROOT / "data" / "pets09-sample.mp4"


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., Path]:
    """Write a small video whose frame t is filled with grey 8·t (mod 256)."""

    def write(name: str = "tiny.avi", frames: int = 12, size: tuple[int, int] = (64, 48)) -> Path:
        path = tmp_path / name
        codec = cv2.VideoWriter.fourcc(*"MJPG")
        writer = cv2.VideoWriter(str(path), codec, 10.0, size)
        for t in range(frames):
            writer.write(np.full((size[1], size[0], 3), 8 * t % 256, np.uint8))
        writer.release()
        return path

    return write


@pytest.fixture(autouse=True)
def _silent() -> None:
    """Notes and progress are off, as in a library, whatever commands ran before."""
    set_quiet(True)
