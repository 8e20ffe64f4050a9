"""Taking one known member out of a zip archive that came from elsewhere.

Nothing is unpacked to a path that the archive names: the member's bytes are read and that is all.
"""

import lzma
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from hie_cli.core.errors import ModelError

_LARGEST = 2 * 2**30  # bytes of a member
# What a damaged archive or member raises, whichever compression it has.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, EOFError, OSError,
    ValueError, IndexError, OverflowError,
)  # fmt: skip
_RATIO = 200  # times its packed size that a member may grow; weights hardly pack at all


def member(path: Path, name: str) -> bytes:
    """The bytes of the one member of ``path`` called ``name``, in whatever folder it lies.

    ModelError for no archive, no such member or several, encrypted or damaged ones, and for those
    that grow out of all proportion.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = [
                each for each in archive.infolist()
                if not each.is_dir() and PurePosixPath(each.filename).name == name
            ]  # fmt: skip
            if len(found) != 1:
                raise ModelError(f"{path}: has {len(found)} members called {name}, expected one")
            (info,) = found
            if info.flag_bits & 1:
                raise ModelError(f"{path}: {name} is encrypted")
            if info.file_size > min(_LARGEST, _RATIO * max(info.compress_size, 1)):
                raise ModelError(f"{path}: {name} would have {info.file_size} bytes unpacked")
            with archive.open(info) as file:
                data = file.read(info.file_size + 1)  # its checksum is looked at on the way
    except _DAMAGED as error:
        raise ModelError(f"{path}: no zip archive, or a damaged one ({error})") from None
    if len(data) != info.file_size:
        raise ModelError(f"{path}: {name} has another size than the archive says")
    return data
