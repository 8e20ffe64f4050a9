"""Tables of an analysis as csv, parquet or JSON files."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hie_cli.analysis.analyse import Analysis
from hie_cli.analysis.rows import COLUMNS, Row
from hie_cli.core import libraries
from hie_cli.core.errors import ConfigError, nearest
from hie_cli.formats.cells import escaped
from hie_cli.formats.files import atomic_write, taken

KINDS = ("csv", "json", "parquet")


def write_tables(
    analysis: Analysis, folder: Path | str, kinds: Sequence[str] = ("csv",), overwrite: bool = False
) -> list[Path]:
    """Write every table to ``folder``: ``videos.csv``, ``people.csv``, ... or ``.parquet``; of json
    one file, ``analysis.json``.

    Returns the files. Raises ConfigError for an unknown kind, existing files without ``overwrite``,
    and parquet without pyarrow; then nothing is written.
    """
    for kind in kinds:
        if kind not in KINDS:
            hint = nearest(kind, list(KINDS))
            raise ConfigError(f"--to {kind}: unknown{hint} (known: {', '.join(KINDS)})")
    arrow = libraries.pyarrow() if "parquet" in kinds else None
    folder = Path(folder)
    names = {kind: [f"{name}.{kind}" for name in analysis.tables] for kind in ("csv", "parquet")}
    names["json"] = ["analysis.json"]
    paths = [folder / name for kind in kinds for name in names[kind]]
    for path in paths:
        if not overwrite and taken(path):
            raise ConfigError(f"{path}: exists already; --overwrite replaces it")
    for kind in kinds:
        if kind == "json":
            with atomic_write(folder / "analysis.json") as file:
                json.dump(analysis.to_record(), file, ensure_ascii=False, indent=1, allow_nan=False)
                file.write("\n")
            continue
        for name, rows in analysis.tables.items():
            if kind == "csv":
                _write_csv(folder / f"{name}.csv", columns(name, rows), rows)
            else:
                _write_parquet(arrow, folder / f"{name}.parquet", columns(name, rows), rows)
    return paths


def columns(name: str, rows: Sequence[Row]) -> list[str]:
    """The columns of a table: those that it always has, then those that any row has."""
    return list(dict.fromkeys([*COLUMNS[name], *(key for row in rows for key in row)]))


def _write_csv(path: Path, names: Sequence[str], rows: Sequence[Row]) -> None:
    with atomic_write(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        # Names of zones and videos stand in cells and in column names.
        writer.writerow([escaped(name) for name in names])
        for row in rows:
            cells = [row.get(name) for name in names]
            writer.writerow([escaped(cell) if isinstance(cell, str) else cell for cell in cells])


def _write_parquet(arrow: Any, path: Path, names: Sequence[str], rows: Sequence[Row]) -> None:
    table = arrow.table({name: arrow.array([row.get(name) for row in rows]) for name in names})
    with atomic_write(path, "wb") as file:
        arrow.parquet.write_table(table, file)
