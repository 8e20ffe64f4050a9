"""Published model files and labelled sequences that are at hand, but not in the repository.

``HIE_TEST_MODELS`` is the folder of the model files that docs/models.md names, ``HIE_TEST_DATA``
that of the development sequences of docs/results.md. What is missing is skipped, with the reason.
"""

import os
from pathlib import Path

import pytest

# Of the sequences: video, truth, and the frames to look at.
SEQUENCES = {
    "TUD-Campus": ("tud-campus/TUD-Campus.mp4", "tud-campus/gt.txt", ":"),
    "PETS09-S2L1": ("pets09-s2l1/vtest.avi", "pets09-s2l1/gt.txt", ":150"),
    "PETS09-S2L1 later": ("pets09-s2l1/vtest.avi", "pets09-s2l1/gt.txt", "500:650"),
    "MOT16-04": (
        "crowd-clips/mot16-04-8frames.mp4", "crowd-clips/gt_frames_1_4_7.txt", ":",
    ),
}  # fmt: skip


def _file(variable: str, name: str) -> Path:
    folder = os.environ.get(variable)
    if not folder:
        pytest.skip(f"{variable} is not set: {name} is not at hand")
    path = Path(folder) / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return path


def model_file(name: str) -> Path:
    """The published model file called ``name``; skips the test where it is not at hand."""
    return _file("HIE_TEST_MODELS", name)


def data_file(name: str) -> Path:
    """A file of the development data; skips the test where it is not at hand."""
    return _file("HIE_TEST_DATA", name)


def sequence(name: str) -> tuple[Path, Path, str]:
    """Video, truth and frames of a development sequence; skips the test without them."""
    video, truth, frames = SEQUENCES[name]
    return _file("HIE_TEST_DATA", video), _file("HIE_TEST_DATA", truth), frames
