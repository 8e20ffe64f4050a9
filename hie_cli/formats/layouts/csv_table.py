"""Our table as csv: a row per person and frame."""

from collections.abc import Sequence
from pathlib import Path

from hie_cli.formats.files import atomic_write
from hie_cli.formats.layout import FITS, Fit, Layout
from hie_cli.formats.layouts import table, table_files
from hie_cli.formats.output import files
from hie_cli.formats.reading import per_video
from hie_cli.formats.sequence import VideoSequence
from hie_cli.formats.sources import Source

HEAD_BYTES = 4096


def _sniff(source: Source) -> Fit:
    head = source.head(HEAD_BYTES).lstrip()
    fields = head.split("\n", 1)[0].strip().split(",")
    if fields[:2] == ["sequence", "frame"]:
        return FITS
    share = 0.5 if {"frame", "x1"} & set(fields) else 0.2
    return Fit(share, "its header does not begin with sequence,frame")


def _write(sequences: Sequence[VideoSequence], path: Path) -> None:
    with atomic_write(path) as file:
        table_files.write_csv(table.rows_of(sequences), file)


LAYOUT = Layout(
    "csv",
    "our table of persons and frames, csv",
    (".csv",),
    _sniff,
    per_video(table.truth_reader),
    per_video(table.result_reader),
    table.is_truth,
    files(_write, ".csv", shared=True),
    table.HOLDS,
)
