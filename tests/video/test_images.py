import struct
import zlib

import cv2
import numpy as np
import pytest

from hie_cli.core.errors import InputError
from hie_cli.video.images import images_inside, is_cut_off, read_image, reduced

PICTURE = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)


def encoded(ending: str) -> bytes:
    return cv2.imencode(ending, PICTURE)[1].tobytes()


@pytest.mark.parametrize("ending", [".jpg", ".png", ".bmp", ".tif", ".webp"])
def test_whole_images_are_read(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    path.write_bytes(encoded(ending))
    assert read_image(path).shape == (48, 64, 3)


@pytest.mark.parametrize("ending", [".jpg", ".png"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9, 0.999])
def test_a_cut_off_image_is_refused_not_half_grey(tmp_path, ending, share):
    whole = encoded(ending)
    path = tmp_path / f"a{ending}"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputError, match=rf"a\{ending}: the image is cut off"):
        read_image(path)


def test_bytes_after_the_end_do_not_matter():
    for ending in (".jpg", ".png"):
        assert not is_cut_off(encoded(ending))
        assert not is_cut_off(encoded(ending) + b"appended by a camera" * 9)


def test_a_thumbnail_s_end_is_not_the_image_s():
    jpeg = encoded(".jpg")
    thumbnail = b"\xff\xe1" + struct.pack(">H", 2 + len(jpeg)) + jpeg  # APP1 holds a whole JPEG
    with_thumbnail = jpeg[:2] + thumbnail + jpeg[2:]
    assert not is_cut_off(with_thumbnail)
    assert is_cut_off(with_thumbnail[:-200])


def test_a_claim_of_ten_billion_pixels_is_refused_before_memory_goes(tmp_path):
    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    path = tmp_path / "bomb.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    )
    with pytest.raises(InputError, match=r"bomb\.png: "):
        read_image(path)


def test_images_come_in_natural_order_and_pipes_are_left_out(tmp_path):
    import os

    for name in ("10.jpg", "2.jpg", "1.jpg"):
        (tmp_path / name).write_bytes(encoded(".jpg"))
    os.mkfifo(tmp_path / "3.jpg")
    assert [p.name for p in images_inside(tmp_path)] == ["1.jpg", "2.jpg", "10.jpg"]


@pytest.mark.parametrize(
    ("shape", "long_side", "expected"),
    [
        ((48, 64), 32, (24, 32)),
        ((64, 48), 32, (32, 24)),
        ((48, 64), 64, (48, 64)),
        ((48, 64), 100, (48, 64)),  # nothing is made larger
        ((1, 500), 10, (1, 10)),
    ],
)
def test_pictures_are_reduced_by_their_longer_side(shape, long_side, expected):
    picture = np.full((*shape, 3), 7, np.uint8)
    small = reduced(picture, long_side)
    assert small.shape == (*expected, 3)
    assert (small == 7).all()
