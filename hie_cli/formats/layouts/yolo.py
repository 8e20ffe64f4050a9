"""YOLO's text with boxes."""

from collections.abc import Sequence
from pathlib import Path

from hie_cli.formats.layout import Layout
from hie_cli.formats.layouts import yolo_text
from hie_cli.formats.sequence import VideoSequence


def _write(sequences: Sequence[VideoSequence], out: Path, overwrite: bool) -> list[Path]:
    return yolo_text.write(sequences, out, overwrite, poses=False)


def _drops(sequence: VideoSequence) -> frozenset[str]:
    """Labels for training have neither scores nor identities."""
    return frozenset({"track ids"}) if sequence.is_truth else frozenset()


LAYOUT = Layout(
    "yolo",
    "YOLO text, a file a frame: boxes",
    (".txt",),
    write=_write,
    holds=yolo_text.HOLDS | {"track ids"},
    drops=_drops,
)
