"""One entry of an annolist: a frame's number, its people and its camera."""

from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.core.errors import InputError, input_error
from hie_cli.core.types import FloatArray, FramePeople, People
from hie_cli.formats.documents.annolist_people import parse_people
from hie_cli.formats.documents.annolist_text import PIXEL_DIGITS
from hie_cli.formats.limits import MAX_COORDINATE, MAX_FRAMES

TURN_DIGITS = 6  # of a camera's turn and zoom: .001 px at the edge of a large picture
MIN_ZOOM = 1e-3  # between two frames


def frame_number(name: str) -> int | None:
    """The number in an image name such as ``000118.jpg``; None if there is none."""
    stem = Path(name.replace("\\", "/")).stem
    digits = stem[len(stem.rstrip("0123456789")) :]
    return int(digits[-18:]) if digits else None


def parse_frame(
    record: Any, label: str, place: str, expected: int = 0, kind: type[People] = People
) -> FramePeople:
    """The people of one annolist entry, numbered ``expected`` if its image name holds no number."""
    index = frame_index(record, label, place, expected)
    where = f"{label}: frame {index}"
    rects = record.get("annorect")
    rects = [] if rects is None else rects
    if not isinstance(rects, list) or not set(map(type, rects)) <= {dict}:
        raise InputError(f"{where}: annorect is not a list of persons")
    return FramePeople(index, parse_people(rects, where, kind), camera=_camera(record, where))


def _camera(record: dict[str, Any], where: str) -> FloatArray | None:
    """The camera's motion since the frame before, where an annolist entry states it."""
    numbers = record.get("camera")
    if numbers is None:
        return None
    check_camera(numbers, where)
    return camera_matrix(numbers)


def check_camera(numbers: Any, where: str) -> None:
    """Raise InputError unless these are a similarity's four numbers, as between two frames."""
    said = f"{where}: camera is {repr(numbers)[:40]}"
    if not isinstance(numbers, list) or set(map(type, numbers)) - {int, float}:
        raise InputError(f"{said}; expected four numbers")
    sound = len(numbers) == 4 and all(abs(v) <= MAX_COORDINATE for v in numbers)
    if not sound or not MIN_ZOOM <= np.hypot(numbers[0], numbers[1]) <= 1 / MIN_ZOOM:
        raise InputError(f"{said}; expected [a, b, x, y], a turn and a shift between two frames")


def frame_index(record: Any, label: str, place: str, expected: int) -> int:
    """The frame of an annolist entry; ``expected`` if its image name holds no number."""
    number = frame_number(image_name(record, label, place))
    index = expected if number is None else number
    if index >= MAX_FRAMES:
        raise input_error(label, place, f"frame {index}; expected a number below {MAX_FRAMES}")
    return index


def image_name(record: Any, label: str, place: str) -> str:
    """The image's name in an annolist entry. Raises InputError where it is no such entry."""
    try:
        image = record["image"]
        name = (image[0] if isinstance(image, list) else image)["name"]
        record.get("annorect")
        return str(name[0] if isinstance(name, list) else name)
    except (KeyError, TypeError, IndexError, AttributeError):
        raise input_error(label, place, "not an annolist entry with an image name") from None


def camera_numbers(camera: FloatArray) -> list[float]:
    """A similarity (3, 3) [[a, -b, x], [b, a, y], [0, 0, 1]] as [a, b, x, y], rounded."""
    turn = np.round(np.asarray(camera[:2, 0], np.float64), TURN_DIGITS) + 0.0
    shift = np.round(np.asarray(camera[:2, 2], np.float64), PIXEL_DIGITS) + 0.0
    return [*turn.tolist(), *shift.tolist()]


def camera_matrix(numbers: list[float]) -> FloatArray:
    """The similarity (3, 3) of [a, b, x, y]."""
    a, b, x, y = numbers
    return np.array([[a, -b, x], [b, a, y], [0.0, 0.0, 1.0]])
