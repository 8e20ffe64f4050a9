"""A disk that takes nothing more, played by the system's limit on a file's size."""

import resource

import numpy as np
import pytest
import torch

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.training.engine import checkpoint
from hie_cli.training.engine.pixel_store import PixelFile

ROOM = 500_000  # bytes


@pytest.fixture
def full_disk():
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_the_checkpoint_before_is_kept(tmp_path, full_disk):
    checkpoint.save(tmp_path, "settings", {"weights": torch.ones(3)})
    with pytest.raises(ConfigError, match=r"last\.pt: cannot be written \(disk full\?\)"):
        checkpoint.save(tmp_path, "settings", {"weights": torch.ones(ROOM)})
    assert [path.name for path in tmp_path.iterdir()] == [checkpoint.NAME]
    assert checkpoint.load(tmp_path, "settings")["weights"].tolist() == [1, 1, 1]


def put_all(folder, sides):
    with PixelFile(folder) as store:
        for side in sides:
            store.put(np.zeros((side, side, 3), np.uint8))


def test_pixels_are_refused_in_one_line(tmp_path, full_disk):
    """Closing the file tries to write again what was not taken."""
    with pytest.raises(InputError, match=f"{tmp_path}: File too large; give an --output"):
        put_all(tmp_path, (100, 1000))
