"""HiEve all-track ground truth, one XML file per frame."""

from collections.abc import Sequence
from pathlib import Path

from hie_cli.formats.layout import FITS, Fit, Layout
from hie_cli.formats.layouts import hieve_frames
from hie_cli.formats.reading import per_folder
from hie_cli.formats.sequence import VideoSequence
from hie_cli.formats.sources import Source


def _sniff(source: Source) -> Fit:
    return FITS  # by its ending; the reader says what is wrong with it


def _write(sequences: Sequence[VideoSequence], out: Path, overwrite: bool) -> list[Path]:
    return hieve_frames.write_frames(sequences, out, overwrite, as_json=False)


LAYOUT = Layout(
    "hieve-xml",
    "HiEve all-track, one XML file per frame",
    (".xml",),
    _sniff,
    per_folder(hieve_frames.parse_sequence),
    write=_write,
    holds=hieve_frames.HOLDS,
)
