"""The tracks that can be scored: the one place where a track is made known.

``register`` adds one, from a module of this package or of another (a plug-in, ``core.plugins``).
"""

from typing import Any, TypeVar

from hie_cli.core import plugins
from hie_cli.core.errors import ConfigError, nearest
from hie_cli.evaluation.tracks.metric import Metric

M = TypeVar("M", bound=type[Metric[Any]])

_REGISTERED: dict[str, type[Metric[Any]]] = {}


def register(metric: M) -> M:
    """Make a track known by its ``key``, in the order of registration; usable as a decorator.

    Raises ValueError if the key is taken.
    """
    if metric.key in _REGISTERED:
        raise ValueError(f"track {metric.key!r} is already registered")
    _REGISTERED[metric.key] = metric
    return metric


def known() -> tuple[type[Metric[Any]], ...]:
    """Every registered track, those of plug-ins included."""
    plugins.load()
    return tuple(_REGISTERED.values())


def chosen(track: str) -> tuple[str, ...]:
    """Keys joined by commas as a tuple, ``all`` as an empty one.

    Raises ConfigError for an unknown key, naming the known ones.
    """
    if track == "all":
        return ()
    names = [metric.key for metric in known()]
    keys = tuple(part.strip() for part in track.split(","))
    for key in keys:
        if key not in names:
            raise ConfigError(
                f"--track {key}: unknown track{nearest(key, names)} "
                f"(known: {', '.join(names)}, all)"
            )
    return keys
