"""Opening video files: by content, from the one file that was named, and nothing it points to."""

import os
from pathlib import Path

import cv2

from hie_cli.core.errors import InputError, input_error
from hie_cli.video.addresses import refuse_address
from hie_cli.video.images import check_size

VIDEO_ENDINGS = frozenset(
    ".3gp .asf .avi .flv .m2ts .m4v .mjpeg .mjpg .mkv .mov .mp4 .mpeg .mpg .mts .mxf .ogv .seq .ts "
    ".vob .webm .wmv .y4m".split()
)
# How texts that name other files begin.
_PLAYLISTS = (b"ffconcat", b"#extm3u", b"[playlist]", b"[reference]", b"v=0", b"<?xml", b"<mpd")


def check_path(path: Path) -> None:
    """Raises InputError for a file that is missing, no regular file, or unusable by its name,
    ConfigError for an address.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode(errors="backslashreplace")
        raise InputError(f"{shown}: the name is not valid UTF-8: rename the file") from None
    if not path.exists():
        refuse_address(str(path))
        raise input_error(path, "no such file", "check the path")
    if not (path.is_file() or path.is_dir()):
        raise input_error(path, "a pipe or device, not a file", "give a video file")


def open_capture(path: Path) -> cv2.VideoCapture:
    """A capture of one video file. Raises InputError for whatever is no video in one file."""
    check_path(path)
    try:
        with path.open("rb") as file:
            head = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    except OSError as error:
        raise input_error(path, f"cannot be read ({error.strerror})", "check the file") from None
    if not head:
        raise input_error(path, "empty file", "give a video file")
    if head.startswith(_PLAYLISTS):
        raise input_error(
            path, "a playlist or manifest that names other files", "give the video itself"
        )
    # An absolute path cannot be taken for an address, a device or an image pattern.
    capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise input_error(path, "not a video that can be decoded", "give a video file")
    width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    if width and height:
        try:
            check_size(path, width, height)
        except InputError:
            capture.release()
            raise
    return capture
