import os
from pathlib import Path

import pytest

from hie_cli.core.records import read_record, texts


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe{}", b'{"a": NaN}', b"[" * 100_000, b"9" * 5000, b" " * (17 << 20)],
)
def test_anything_else_is_a_value_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "card.json"
    path.write_bytes(content)
    with pytest.raises(ValueError):  # noqa: PT011 # whatever is said, the caller names the file
        read_record(path)


def test_a_record(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_text('{"a": [1, null, "x"]}')
    assert read_record(path) == {"a": [1, None, "x"]}
    with pytest.raises(FileNotFoundError):
        read_record(tmp_path / "none.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_no_record(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "card.json")
    with pytest.raises(ValueError, match="a pipe or device"):
        read_record(tmp_path / "card.json")


def test_texts() -> None:
    texts("a", "")
    with pytest.raises(TypeError):
        texts("a", None)
