"""Cut lists: pieces of videos, as ``hie mine`` writes them and ``hie run --cuts`` reads them.

    {"cuts": [{"video": "a.mp4", "frames": [250, 750]}, ...]}

A piece is the frames first <= index < end. ``video`` is the name of one of the videos that are
given beside the list, or else a path, seen from the list's folder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from hie_cli.core.errors import ConfigError, InputError, input_error
from hie_cli.core.records import read_record
from hie_cli.video.containers import VIDEO_ENDINGS
from hie_cli.video.frame_range import FrameRange
from hie_cli.video.video_files import video_name

CUTS = "cuts.json"  # a list's usual name
_MOST_FRAMES = 1_000_000  # as of a document
_FORM = 'expected {"cuts": [{"video": "NAME", "frames": [FIRST, END]}, ...]}'


@dataclass(frozen=True)
class Cut:
    """A piece of a video as a list names it: frames ``first <= index < end``."""

    video: str
    first: int
    end: int

    @property
    def name(self) -> str:
        """The video's name, also where ``video`` is a path."""
        path = PurePath(self.video)
        return path.stem if path.suffix.lower() in VIDEO_ENDINGS else path.name


@dataclass(frozen=True)
class Piece:
    """A piece of a video file or folder of images; ``name``: of its documents.

    ``address``: where the file is fetched from (``storage``), before it is ``path``; "": it is.
    """

    path: Path
    frames: FrameRange
    name: str
    address: str = ""


def piece_name(video: str, first: int, end: int | None) -> str:
    """NAME of the documents of a piece: ``VIDEO-FIRST-END``."""
    return f"{video}-{first}-{end}"


def whole_name(name: str, first: int, end: int | None) -> str:
    """VIDEO of a piece's name; any other name as it is."""
    return name.removesuffix(piece_name("", first, end))


def read_cuts(path: Path) -> list[Cut]:
    """The cuts of a list, each once, in its order. Raises InputError for what is no such list."""
    try:
        record = read_record(path)
    except OSError as error:
        raise input_error(path, f"cannot be read ({error.strerror})", "check the path") from None
    except ValueError:
        raise input_error(path, "not a cut list", _FORM) from None
    entries = record.get("cuts") if isinstance(record, dict) else None
    if not isinstance(entries, list):
        raise input_error(path, "not a cut list", _FORM)
    cuts = [_cut(entry, path, number) for number, entry in enumerate(entries, 1)]
    if not cuts:
        raise input_error(path, "holds no cut", "search for something else, or run without it")
    return list(dict.fromkeys(cuts))


def _cut(entry: Any, path: Path, number: int) -> Cut:
    place = f"cut {number}"
    try:
        video, (first, end) = entry["video"], entry["frames"]
    except (KeyError, TypeError, ValueError):
        raise input_error(path, place, _FORM) from None
    if not isinstance(video, str) or not video:
        raise input_error(path, place, "video must be a name or a path")
    if {type(first), type(end)} != {int} or not 0 <= first < end <= _MOST_FRAMES:
        raise input_error(
            path, f"{place}: frames {[first, end]!r:.60}", "expected two whole numbers, FIRST < END"
        )
    return Cut(video, first, end)


def find_pieces(path: Path, videos: Sequence[Path] = ()) -> list[Piece]:
    """The pieces that the cut list ``path`` names.

    videos: where they are looked for by name; without any, ``video`` is a path seen from the list's
    folder. Raises InputError for a list that cannot be read or a video that is not there,
    ConfigError where two pieces would share a name.
    """
    known = {video_name(video): video for video in videos}
    pieces: dict[str, Piece] = {}
    for number, cut in enumerate(read_cuts(path), 1):
        video = _located(cut, path, number, known)
        frames = FrameRange(cut.first, cut.end)
        piece = Piece(video, frames, piece_name(video_name(video), cut.first, cut.end))
        other = pieces.setdefault(piece.name, piece)
        if other.path != video and other.path.resolve() != video.resolve():
            raise ConfigError(
                f"{path}: pieces of {other.path} and {video} would share the name {piece.name!r}; "
                "rename one of the videos"
            )
    return list(pieces.values())


def _located(cut: Cut, path: Path, number: int, known: dict[str, Path]) -> Path:
    """The file of a cut."""
    if known:
        found = known.get(cut.video) or known.get(cut.name)
        if found is None:
            names = ", ".join(list(known)[:5])
            raise InputError(
                f"{path}: cut {number}: no video {cut.video!r} among those given ({names}); give it"
            )
        return found
    try:
        video = path.parent / cut.video
        if video.exists():
            return video
    except (OSError, ValueError):  # too long a name, or a zero byte in it
        pass
    raise InputError(
        f"{path}: cut {number}: no such file as {cut.video!r}; give the videos beside the list"
    )
