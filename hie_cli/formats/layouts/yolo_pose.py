"""YOLO's text with boxes and poses."""

from collections.abc import Sequence
from pathlib import Path

from hie_cli.formats.layout import Layout
from hie_cli.formats.layouts import yolo_text
from hie_cli.formats.sequence import VideoSequence


def _write(sequences: Sequence[VideoSequence], out: Path, overwrite: bool) -> list[Path]:
    return yolo_text.write(sequences, out, overwrite, poses=True)


def _drops(sequence: VideoSequence) -> frozenset[str]:
    """Labels for training have neither scores nor identities."""
    return frozenset({"track ids"}) if sequence.is_truth else frozenset()


LAYOUT = Layout(
    "yolo-pose",
    "YOLO text, a file a frame: boxes and 14 joints",
    (".txt",),
    write=_write,
    holds=yolo_text.HOLDS | {"track ids", "joints", "noses", "chests", "hidden joints"},
    drops=_drops,
)
