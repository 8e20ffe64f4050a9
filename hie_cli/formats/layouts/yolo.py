"""YOLO's text with boxes."""

from collections.abc import Sequence
from pathlib import Path

from hie_cli.formats.layout import Layout
from hie_cli.formats.layouts import yolo_text
from hie_cli.formats.sequence import VideoSequence


def _write(sequences: Sequence[VideoSequence], out: Path, overwrite: bool) -> list[Path]:
    return yolo_text.write(sequences, out, overwrite, poses=False)


LAYOUT = Layout(
    "yolo",
    "YOLO text, a file a frame: boxes",
    (".txt",),
    write=_write,
    holds=yolo_text.HOLDS | {"track ids"},
    drops=yolo_text.drops,
)
