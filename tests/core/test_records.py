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


def test_texts() -> None:
    texts("a", "")
    with pytest.raises(TypeError):
        texts("a", None)
