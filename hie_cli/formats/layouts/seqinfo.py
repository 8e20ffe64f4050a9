"""MOTChallenge's ``seqinfo.ini``: size, rate and length of a sequence."""

import configparser
from dataclasses import dataclass

from hie_cli.core.errors import input_error
from hie_cli.formats.limits import MAX_FPS, MAX_FRAMES, MAX_SIDE, MIN_FPS
from hie_cli.formats.sources import Source


@dataclass(frozen=True)
class SequenceInfo:
    """MOTChallenge's ``seqinfo.ini``."""

    width: int | None = None
    height: int | None = None
    fps: float | None = None
    num_frames: int | None = None


def sequence_info(source: Source) -> SequenceInfo:
    """The ``seqinfo.ini`` beside a track file, or beside its folder gt or det; empty without one.

    Raises InputError if it is broken.
    """
    name = "../seqinfo.ini" if source.folder in ("gt", "det") else "seqinfo.ini"
    text = source.neighbour(name)
    return SequenceInfo() if text is None else parse_seqinfo(text, f"{source.label}: {name}")


def parse_seqinfo(text: str, label: str) -> SequenceInfo:
    """The text of a ``seqinfo.ini``, every number within what a video can have."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
        part = parser["Sequence"]
        info = SequenceInfo(
            part.getint("imWidth"),
            part.getint("imHeight"),
            part.getfloat("frameRate"),
            part.getint("seqLength"),
        )
    except (configparser.Error, KeyError, ValueError) as error:
        said = " ".join(str(error).split())[:80]
        raise input_error(label, "broken", f"expected [Sequence] with numbers ({said})") from None
    limits = {
        "imWidth": (info.width, 1, MAX_SIDE),
        "imHeight": (info.height, 1, MAX_SIDE),
        "frameRate": (info.fps, MIN_FPS, MAX_FPS),
        "seqLength": (info.num_frames, 0, MAX_FRAMES),
    }
    for key, (value, low, high) in limits.items():
        if value is not None and not low <= value <= high:
            shown = str(value)[:20]
            raise input_error(label, f"{key} {shown}", f"expected {low:g} to {high:g}")
    return info
