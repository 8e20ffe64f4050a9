"""Keypoints as a wide table: a row a person and frame."""

from collections.abc import Sequence
from pathlib import Path

from hie_cli.formats.files import atomic_write
from hie_cli.formats.layout import Layout
from hie_cli.formats.layouts import keypoint_tables
from hie_cli.formats.output import files
from hie_cli.formats.sequence import VideoSequence


def _write(sequences: Sequence[VideoSequence], path: Path) -> None:
    with atomic_write(path) as file:
        keypoint_tables.write_wide(sequences, file)


LAYOUT = Layout(
    "keypoints-wide",
    "keypoints, csv with a row a person",
    (".csv",),
    write=files(_write, ".csv", shared=True),
    holds=keypoint_tables.HOLDS | {"frames without people", "empty frames at the end"},
)
