"""Our table as parquet: a row per person and frame."""

from collections.abc import Sequence
from pathlib import Path

from hie_cli.formats.files import atomic_write
from hie_cli.formats.layout import FITS, Fit, Layout
from hie_cli.formats.layouts import table, table_files
from hie_cli.formats.output import files
from hie_cli.formats.reading import per_video
from hie_cli.formats.sequence import VideoSequence
from hie_cli.formats.sources import Source


def _sniff(source: Source) -> Fit:
    return FITS  # by its ending; the reader says what is wrong with it


def _write(sequences: Sequence[VideoSequence], path: Path) -> None:
    with atomic_write(path, "wb") as file:
        table_files.write_parquet(table.rows_of(sequences), file)


LAYOUT = Layout(
    "parquet",
    "our table of persons and frames, parquet",
    (".parquet",),
    _sniff,
    per_video(table.truth_reader),
    per_video(table.result_reader),
    table.is_truth,
    files(_write, ".parquet", shared=True),
    table.HOLDS,
)
