"""Fixtures shared by the tests."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).parent.parent


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
