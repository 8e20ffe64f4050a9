"""HiEve all-track ground truth, the JSON rendering of its XML files."""

import re
from collections.abc import Sequence
from pathlib import Path

from hie_cli.formats.layout import FITS, Fit, Layout
from hie_cli.formats.layouts import hieve_frames, json_keys
from hie_cli.formats.reading import per_folder
from hie_cli.formats.sequence import VideoSequence
from hie_cli.formats.sources import Source


def _sniff(source: Source) -> Fit:
    head = source.head(json_keys.HEAD_BYTES).lstrip()
    if re.match(r'\{\s*"annotation"\s*:', head) or json_keys.has(source, "annotation"):
        return FITS
    return json_keys.missing(source, ("annotation",))


def _write(sequences: Sequence[VideoSequence], out: Path, overwrite: bool) -> list[Path]:
    return hieve_frames.write_frames(sequences, out, overwrite, as_json=True)


LAYOUT = Layout(
    "hieve-json",
    "HiEve all-track, one JSON file per frame",
    (".json",),
    _sniff,
    per_folder(hieve_frames.parse_sequence),
    write=_write,
    holds=hieve_frames.HOLDS,
)
