"""A short run of the fuzzers (``python -m tests.fuzz`` runs a long one), and that they can fail."""

import random
from pathlib import Path

import pytest

from hie_cli.core.errors import InputError
from tests.fuzz.subjects import Subject
from tests.fuzz.tally import BROKEN, Tally, fuzz
from tests.fuzz.worker import attempt

MUTANTS = 260  # four of every subject


def test_nothing_breaks() -> None:
    """The first mutants of seed 0; the table names those that broke."""
    tally = fuzz(0, MUTANTS, seed=0)
    assert sum(tally.outcomes.values()) == MUTANTS
    assert not any(tally.outcomes[what] for what in BROKEN), tally.table()
    assert tally.outcomes["read"] > MUTANTS / 20
    assert tally.outcomes["refused"] > MUTANTS / 5


def raises(error: BaseException):
    def read(path: Path) -> None:
        raise error

    return read


class UntidyError(InputError):
    """An error that says two lines, as ``HieError`` itself cannot."""

    def __str__(self) -> str:
        return "a.json: two\nlines"


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (InputError("a.json: line 1: wrong; fix it"), "refused"),
        (UntidyError("a.json"), "traceback"),
        (InputError("a.json: too large for memory"), "memory"),
        (ValueError("x"), "traceback"),
        (MemoryError(), "memory"),
    ],
)
def test_what_counts_as_broken(tmp_path: Path, error: BaseException, outcome: str) -> None:
    subject = Subject("toy", lambda folder, rng: folder, raises(error))
    assert attempt(subject, tmp_path, random.Random(0))["outcome"] == outcome


def test_the_table_names_the_mutants() -> None:
    tally = Tally()
    tally.add(7, "toy", "hang", "")
    tally.add(8, "toy", "read", "")
    assert "1 x hang: toy:  (mutants 7)" in tally.table()
