from pathlib import Path

import pytest

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.formats.conversion import convert
from hie_cli.formats.readers import read, read_sequences
from hie_cli.formats.writers import write

ROWS = "0,7,10,20,5,8,1,-1,-1,-1\n2,7,11,20,5,8,0,-1,-1,-1\n"


@pytest.fixture
def track1(tmp_path: Path) -> Path:
    path = tmp_path / "20.txt"
    path.write_text(ROWS)
    return path


def test_read_and_write(track1: Path, tmp_path: Path) -> None:
    """Frames of HiEve count from 0, those of MOTChallenge from 1: 0, 2 -> 1, 3."""
    sequence = read(str(track1))
    assert (sequence.name, sequence.is_truth) == ("20", True)
    written = write(sequence, str(tmp_path / "mot"), layout="mot")
    gt = tmp_path / "mot" / "20" / "gt" / "gt.txt"
    assert gt in written.files
    assert gt.read_text() == "1,7,10,20,5,8,1,-1,-1,-1\n3,7,11,20,5,8,0,-1,-1,-1\n"
    assert not read(track1, kind="results").is_truth


def test_read_gives_one_sequence(track1: Path) -> None:
    (track1.parent / "21.txt").write_text(ROWS)
    with pytest.raises(InputError, match=r"several sequences \(20, 21, \.\.\.\)"):
        read(track1.parent)
    assert [s.name for s in read_sequences(track1.parent)] == ["20", "21"]


def test_unknown_names(track1: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'mot'"):
        write(read(track1), tmp_path / "out", layout="mots")
    with pytest.raises(ConfigError, match="expected one of truth, results"):
        read(track1, kind="gt")  # type: ignore[arg-type]


def test_convert(track1: Path, tmp_path: Path) -> None:
    """2 boxes, 1 of them ignored: COCO keeps that, an annolist does not."""
    done = convert([track1], tmp_path / "out", to="annolist")
    assert done.files == (tmp_path / "out" / "20.json",)
    assert done.lost == {"ignored people": 1}
    assert convert([track1], tmp_path / "20.json", to="coco").lost == {}
    with pytest.raises(ConfigError, match="exists already"):
        convert([track1], tmp_path / "out", to="annolist")
    with pytest.raises(InputError, match="'20' occurs in two sources"):
        convert([track1, track1], tmp_path / "twice", to="annolist")
    with pytest.raises(ConfigError, match="expected a rate above 0"):
        convert([track1], tmp_path / "rate", to="annolist", fps=float("nan"))
