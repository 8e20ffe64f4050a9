"""Fields of records from JSON, checked: numbers, pixels and boxes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import InputError
from hie_cli.formats.limits import MAX_COORDINATE, MAX_NUMBER


def all_numbers(values: list[Any]) -> bool:
    """Whether a list from JSON holds numbers only (no booleans, strings or nulls)."""
    return set(map(type, values)) <= {int, float}


def scalar(record: dict[str, Any], key: str, where: str) -> float:
    """The finite number under ``key``, alone or in a one-element list."""
    value = record.get(key)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{where}: {key} is {shown(record.get(key))}; expected one number")
    if not abs(value) <= MAX_NUMBER:  # NaN compares false
        raise InputError(f"{where}: {key} is not finite; numbers must be finite")
    return value


def shown(value: Any) -> str:
    """A value for an error message: missing, or its start."""
    return "missing" if value is None else repr(value)[:40]


def whole(record: dict[str, Any], key: str, where: str, low: int, high: int) -> int:
    """The whole number ``low..high`` under ``key``."""
    value = scalar(record, key, where)
    if value != int(value) or not low <= value <= high:
        raise InputError(f"{where}: {key} is {value:g}; expected a whole number {low}..{high}")
    return int(value)


def pixel(record: dict[str, Any], key: str, where: str) -> float:
    """The coordinate under ``key``, in pixels."""
    value = scalar(record, key, where)
    if abs(value) > MAX_COORDINATE:
        raise InputError(f"{where}: {key} is {value:g}; expected pixels within ±{MAX_COORDINATE:g}")
    return value


def extent(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smallest box (xyxy) around points (K, 2), K above 0."""
    return np.concatenate([points.min(0), points.max(0)])


def check_box(box: NDArray[np.float64], person: str) -> None:
    """Refuse a reversed box (4,) xyxy."""
    for low, high, axis in ((0, 2, "x"), (1, 3, "y")):
        if box[high] < box[low]:
            raise InputError(
                f"{person} has {axis}2 < {axis}1 ({box[high]:g} < {box[low]:g}); expected xyxy"
            )
