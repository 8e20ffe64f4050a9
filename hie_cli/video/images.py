"""Image files: read whole or refused, with any file name and within a limit of pixels."""

import re
from collections.abc import Collection
from pathlib import Path

import cv2
import numpy as np

from hie_cli.core.errors import InputError, input_error
from hie_cli.core.types import Image
from hie_cli.video import MAX_PIXELS

IMAGE_ENDINGS = frozenset(".bmp .jpeg .jpg .png .tif .tiff .webp".split())
MIN_SIDE = 16  # pixels; nobody can be found in less


def check_size(path: Path, width: int, height: int) -> None:
    """Raises InputError for a picture too small to show a person or too large for memory."""
    if min(width, height) < MIN_SIDE:
        raise input_error(
            path, f"{width}x{height} pixels", f"each side must have at least {MIN_SIDE}"
        )
    if width * height > MAX_PIXELS:
        raise input_error(
            path, f"{width}x{height} pixels", f"scale it below {MAX_PIXELS // 10**6} megapixels"
        )


def images_inside(folder: Path) -> list[Path]:
    """The image files of a folder in natural order (``files_inside``)."""
    return sorted(files_inside(folder, IMAGE_ENDINGS), key=_natural)


def files_inside(folder: Path, endings: Collection[str]) -> list[Path]:
    """The files of a folder with one of the ``endings``, sorted.

    Pipes, devices and sub-folders are left out, and so are hidden files: other systems leave such
    beside the true ones (``._20.mp4``).
    """
    found = [p for p in folder.iterdir() if p.suffix.lower() in endings and p.name[0] != "."]
    return sorted(p for p in found if p.is_file())


def read_image(path: Path) -> Image:
    """Decode an image, (H, W, 3) BGR. Raises InputError if it is damaged, cut off or too large."""
    if not path.is_file():
        raise input_error(path, "not a regular file", "give image files")
    data = path.read_bytes()
    if is_cut_off(data):
        raise input_error(path, "the image is cut off", "repair, replace or remove it")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    except cv2.error as error:
        if "PIXELS" in str(error).upper():
            raise InputError(
                f"{path}: more than {MAX_PIXELS // 10**6} megapixels: scale it down"
            ) from None
        image = None
    if image is None:
        raise input_error(path, "not an image that can be decoded", "remove or replace it")
    return np.asarray(image, np.uint8)


def reduced(image: Image, long_side: int) -> Image:
    """``image`` with its longer side made ``long_side`` pixels; a smaller one as it is."""
    height, width = image.shape[:2]
    scale = min(1.0, long_side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def is_cut_off(data: bytes) -> bool:
    """Whether a JPEG or PNG lacks its end; decoders fill the missing part with grey.

    JPEG (ITU-T T.81, B.1): segments up to the first scan carry their length; after it the marker
    EOI (FF D9) must follow. PNG: the chunk IEND. Other formats: their decoders notice.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"IEND" not in data[-64:] and b"IEND\xaeB`\x82" not in data
    if not data.startswith(b"\xff\xd8"):
        return False
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker == 0xDA:  # start of scan
            return data.find(b"\xff\xd9", at) < 0
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return True


def _natural(path: Path) -> list[int | str]:
    """Sort key that puts ``2.jpg`` before ``10.jpg``."""
    return [int(p) if p.isdecimal() else p.lower() for p in re.split(r"([0-9]+)", path.name)]
