import builtins
import io
from pathlib import Path

import pytest

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.formats.layouts import table, table_files
from hie_cli.formats.results import read_results
from hie_cli.formats.sequence import ResultSequence, of_results

HEAD = "sequence,frame,person,x1,y1,x2,y2,track_id\n"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(text)
    return path


BAD = {
    "column": ("sequence,frame,x\nv,1,2\n", "line 1: unknown column 'x'"),
    "missing": ("sequence,frame\nv,1\n", "line 1: no column 'x1'"),
    "fields": (HEAD + "v,1\n", "line 2: wrong number of fields"),
    "more": (HEAD + "v,1,0,1,2,3,4,0,9\n", "line 2: wrong number of fields"),
    "word": (HEAD + "v,1,0,1,2,three,4,0\n", "line 2: x2 is 'three'; expected a number"),
    "nan": (HEAD + "v,1,0,1,2,nan,4,0\n", "line 2: x2 is nan; numbers must be finite"),
    "frame": (HEAD + "v,-1,0,1,2,3,4,0\n", "line 2: frame is -1.0; expected a whole number"),
    "reversed": (HEAD + "v,1,0,1,2,0,4,0\n", "line 2: person has x2 < x1 (0 < 1)"),
    "field": (HEAD + "v,1,0,1,2,3,4," + "9" * 200_000 + "\n", "line 2: broken csv (field larger"),
    "far": (HEAD + "v,1,0,1,2,3e9,4,0\n", "line 2: x2 is 3e+09; expected a number within"),
    "part": (HEAD + "v,1,0,1,,0,4,0\n", "line 2: x1, y1, x2, y2 are only partly given"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_rows_are_named(tmp_path: Path, name: str) -> None:
    text, message = BAD[name]
    with pytest.raises(InputError) as error:
        read_results(write(tmp_path, text))
    assert f"t.csv: {message}" in str(error.value)


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: object, **kwargs: object) -> object:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match="parquet needs pyarrow, which is not installed"):
        table_files.write_parquet([], io.BytesIO())


def test_broken_parquet(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1 no parquet")
    with pytest.raises(InputError, match=r"t\.parquet: broken parquet"):
        read_results(path)


def test_a_parquet_text_that_is_none(tmp_path: Path, make_results) -> None:
    """The sequence's name holds a byte that UTF-8 does not: found when cells become Python's."""
    pytest.importorskip("pyarrow")
    sequence = of_results(ResultSequence("clip", make_results(3)))
    path = tmp_path / "clip.parquet"
    with open(path, "wb") as file:
        table_files.write_parquet(table.rows_of([sequence]), file)
    path.write_bytes(path.read_bytes().replace(b"clip", b"\xbalip"))
    with pytest.raises(InputError, match=r"clip\.parquet: broken parquet: .*utf-8"):
        read_results(path)
