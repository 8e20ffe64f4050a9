"""Lengths of time as people write them: ``90``, ``10min``, ``1h30min``, ``00:10:00``."""

import math
import re

from hie_cli.core.errors import ConfigError

_UNITS = {"h": 3600.0, "min": 60.0, "m": 60.0, "s": 1.0}
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*(h|min|m|s)\s*")
_CLOCK = re.compile(r"(?:(?:(\d{1,4}):)?(\d{1,4}):)?(\d{1,9}(?:\.\d{1,6})?)")


def parse_duration(option: str, value: str | float) -> float:
    """Seconds of ``value``, more than 0: a number of them, or a text as above.

    Raises ConfigError naming ``option``.
    """
    seconds = _seconds(str(value).strip().lower())
    if seconds is None or not math.isfinite(seconds) or seconds <= 0:
        raise ConfigError(f"{option} {value}: expected a length of time, such as 90s, 10min or 1h")
    return seconds


def _seconds(text: str) -> float | None:
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        hours, minutes, rest = clock.groups()
        return 3600 * int(hours or 0) + 60 * int(minutes or 0) + float(rest)
    total, at = 0.0, 0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None:
            return None
        total += float(part[1]) * _UNITS[part[2]]
        at = part.end()
    return total
