"""YOLO's text with boxes and poses."""

from collections.abc import Sequence
from pathlib import Path

from hie_cli.formats.layout import Layout
from hie_cli.formats.layouts import yolo_text
from hie_cli.formats.sequence import VideoSequence


def _write(sequences: Sequence[VideoSequence], out: Path, overwrite: bool) -> list[Path]:
    return yolo_text.write(sequences, out, overwrite, poses=True)


LAYOUT = Layout(
    "yolo-pose",
    "YOLO text, a file a frame: boxes and 14 joints",
    (".txt",),
    write=_write,
    holds=yolo_text.HOLDS | {"track ids", "joints", "noses", "chests", "hidden joints"},
    drops=yolo_text.drops,
)
