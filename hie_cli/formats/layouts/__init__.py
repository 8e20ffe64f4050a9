"""File layouts, one module each: a new one is a module with a ``Layout`` and its registration."""

from hie_cli.formats.layouts.registry import find, known, register

__all__ = ["find", "known", "register"]
