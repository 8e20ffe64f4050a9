"""Which videos a user means: paths, folders, patterns and addresses, as pieces to be run."""

from collections.abc import Sequence
from pathlib import Path

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.storage import objects
from hie_cli.storage.addresses import is_address, is_pattern, last_name, local_path
from hie_cli.video.containers import VIDEO_ENDINGS
from hie_cli.video.cuts import Piece
from hie_cli.video.frame_range import FrameRange
from hie_cli.video.video_files import find_videos, video_name


def find_pieces(patterns: Sequence[str], frames: FrameRange, stills: bool = False) -> list[Piece]:
    """``frames`` of each video that paths, folders, patterns or addresses stand for, in order.

    Those at addresses come last. stills: as ``find_videos``, which see for the errors.
    """
    texts = [local_path(str(pattern)) for pattern in patterns]
    elsewhere = [text for text in texts if is_address(text)]
    here = [text for text in texts if text not in elsewhere]
    if elsewhere and stills:
        raise ConfigError(f"{elsewhere[0]}: --stills takes folders of this machine")
    pieces = [Piece(path, frames, video_name(path)) for path in find_videos(here, stills)]
    for pattern in elsewhere:
        pieces += [piece_at(address, frames) for address in _stored(pattern)]
    return _apart(pieces)


def listed_piece(text: str, folder: Path, frames: FrameRange) -> Piece:
    """What a list calls a video: an address, or a path seen from the list's ``folder``."""
    if is_address(text):
        return piece_at(text, frames)
    video = folder / local_path(text)
    return Piece(video, frames, video_name(video))


def piece_at(address: str, frames: FrameRange) -> Piece:
    """``frames`` of the video at an address."""
    path = Path(last_name(address))
    return Piece(path, frames, path.stem, address)


def _stored(pattern: str) -> list[str]:
    """The addresses of the videos that one address stands for; other files are passed over.

    One that is missing fails when its turn comes, beside those that are there.
    """
    try:
        found = objects.find(pattern)
    except InputError:
        if is_pattern(pattern):
            raise
        return [pattern]
    if found != [pattern]:
        found = [each for each in found if Path(each).suffix.lower() in VIDEO_ENDINGS]
    if not found:
        raise InputError(f"{pattern}: no video there; check the address")
    return found


def _apart(pieces: Sequence[Piece]) -> list[Piece]:
    """``pieces``, each once. Raises ConfigError where two share a name."""
    found: dict[str, Piece] = {}
    for piece in pieces:
        if found.setdefault(piece.name, piece) != piece:
            raise ConfigError(
                f"{piece.address or piece.path}: shares the name {piece.name!r} with another video;"
                " rename one or run apart"
            )
    return list(found.values())
