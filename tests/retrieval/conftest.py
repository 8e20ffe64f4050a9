"""Small planted videos, and an index of them by the real backbone."""

import shutil
from pathlib import Path

import pytest

from hie_cli import mine_index
from tests.support.films import film


def make_pool(folder):
    """Three videos: red then green; blue; green again with other tiles."""
    folder.mkdir()
    film(folder / "a.avi", (1, 0), (2, 60))
    film(folder / "b.avi", (3, 120))
    film(folder / "c.avi", (4, 60))
    return folder


@pytest.fixture
def pool(tmp_path):
    return make_pool(tmp_path / "pool")


@pytest.fixture(scope="session")
def whole_index(tmp_path_factory):
    """Made once; tests get copies of it."""
    folder = tmp_path_factory.mktemp("whole")
    mine_index(make_pool(folder / "pool"), output=folder / "index")
    return folder / "index"


@pytest.fixture
def index(whole_index, tmp_path):
    return Path(shutil.copytree(whole_index, tmp_path / "index"))
