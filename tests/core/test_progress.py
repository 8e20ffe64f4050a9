from collections.abc import Iterator

import pytest

from hie_cli.core.progress import note, progress, set_quiet


@pytest.fixture(autouse=True)
def loud() -> Iterator[None]:
    yield
    set_quiet(False)


def test_everything_passes_through(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress([], "nothing")) == []
    assert list(progress(iter(range(3)), "three", total=3)) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")  # no terminal, no bar


def test_notes_go_to_stderr_unless_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    set_quiet(False)
    note("hello")
    set_quiet(True)
    note("unheard")
    assert capsys.readouterr() == ("", "hello\n")
