"""Plug-ins: modules of other packages that register something with hie when they are imported.

A package names its module as an entry point of the group ``hie.plugins``, or a user names modules
in ``HIE_PLUGINS`` (separated by commas, found as Python finds modules). Nothing read from a data
file, document or model ever names a module. What looks something up by name calls ``load`` first;
what a module registers, and with which function, is in CONTRIBUTING.md.
"""

import importlib
import os

from hie_cli.core.errors import ConfigError

GROUP = "hie.plugins"
VARIABLE = "HIE_PLUGINS"

_loaded = False


def load() -> None:
    """Import every plug-in; only the first call does anything.

    Raises ConfigError naming a plug-in that cannot be imported.
    """
    global _loaded
    if _loaded:
        return
    _loaded = True  # at once: a plug-in's own imports may look something up
    try:
        for name in os.environ.get(VARIABLE, "").split(","):
            if name.strip():
                _load_module(name.strip())
        _load_entry_points()
    except ConfigError:
        _loaded = False
        raise


def _load_module(name: str) -> None:
    try:
        importlib.import_module(name)
    except Exception as error:  # whatever a plug-in raises is about that plug-in
        raise ConfigError(
            f"{VARIABLE}: {name}: {_reason(error)}; correct {VARIABLE} or the plug-in"
        ) from error


def _load_entry_points() -> None:
    from importlib.metadata import entry_points

    for entry in sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value)):
        try:
            entry.load()
        except Exception as error:
            package = entry.dist.name if entry.dist is not None else entry.value
            raise ConfigError(
                f"plug-in {entry.name} of {package}: {_reason(error)}; update or remove {package}"
            ) from error


def _reason(error: Exception) -> str:
    text = str(error).splitlines()
    return f"cannot be imported ({type(error).__name__}: {text[0] if text else 'no reason given'})"
