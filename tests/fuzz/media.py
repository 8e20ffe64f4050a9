"""Pictures, videos and weights as subjects: damaged in their bytes, read frame by frame."""

import random
from pathlib import Path

import cv2
import numpy as np

from tests.fuzz.mutations import damage_bytes

PLAYLISTS = [
    b"ffconcat version 1.0\nfile '/etc/passwd'\n",
    b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n",
    b"<?xml version='1.0'?><MPD></MPD>",
    b"v=0\no=- 0 0 IN IP4 127.0.0.1\n",
]


def whole_pictures(folder: Path) -> dict[str, Path]:
    """A small picture of each kind and a small video."""
    folder.mkdir()
    image = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    found = {}
    for ending in ("jpg", "png", "bmp"):
        found[ending] = folder / f"a.{ending}"
        cv2.imwrite(str(found[ending]), image)
    found["video"] = folder / "a.avi"
    writer = cv2.VideoWriter(str(found["video"]), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    for _ in range(5):
        writer.write(image)
    writer.release()
    return found


def damaged_folder(whole: Path, folder: Path, rng: random.Random) -> Path:
    """A folder of three pictures, one of them damaged, cut off or of another size."""
    data = whole.read_bytes()
    place = folder / "pictures"
    place.mkdir()
    for number in range(3):
        (place / f"{number:03d}{whole.suffix}").write_bytes(data)
    bad = place / f"{rng.randrange(3):03d}{whole.suffix}"
    kind = rng.randrange(4)
    if kind == 0:
        bad.write_bytes(data[: rng.randrange(len(data))])
    elif kind == 1:
        sides = rng.choice([(1, 1), (2, 2), (3000, 2), (48, 63)])
        cv2.imwrite(str(bad), np.zeros((*sides, 3), np.uint8))
    else:
        bad.write_bytes(damage_bytes(data, rng))
    return place


def damaged_video(whole: Path, folder: Path, rng: random.Random) -> Path:
    """A video with damaged bytes, or a playlist that calls itself one."""
    path = folder / rng.choice(["a.avi", "a.mkv", "a.mp4"])
    playlist = rng.random() < 0.1
    data = rng.choice(PLAYLISTS) if playlist else damage_bytes(whole.read_bytes(), rng)
    path.write_bytes(data)
    return path


def read_video(path: Path) -> None:
    """Every frame of a video or of a folder of pictures."""
    from hie_cli.video.sources import VideoSource

    for frame in VideoSource(path, fps=10.0):
        assert frame.image.ndim == 3


def read_weights(path: Path) -> None:
    """A file of weights."""
    from hie_cli.models.weights import read_state

    read_state(path.read_bytes(), str(path))
