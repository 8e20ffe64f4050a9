"""Configuration: dataclass defaults < YAML files < ``--set section.key=value`` < options.

A configuration is a frozen dataclass whose fields are plain values or further such dataclasses;
its field names are the keys. An unknown key is refused with its place and the nearest known one, a
renamed one (a field whose metadata says what it was ``formerly``) with its new name.
"""

import dataclasses
import re
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

from hie_cli.core.errors import ConfigError, nearest

C = TypeVar("C")
_EXPONENT = re.compile(r"[-+]?[0-9]+e[-+]?[0-9]+", re.IGNORECASE)


def read_yaml(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """The mapping in a YAML file, and the line (from 1) of every dotted key in it."""
    try:
        text = path.read_text(encoding="utf-8")  # once: it may be a pipe
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}); give a readable YAML file"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not a text file; give a YAML file in UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise ConfigError(f"{path}: {line}{problem}; fix the YAML") from None
    if node is None:
        return {}, {}
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{path}: line 1: expected 'key: value' pairs at the top")
    lines: dict[str, int] = {}
    _note_lines(node, "", lines)
    return values, lines


def _note_lines(node: yaml.MappingNode, prefix: str, lines: dict[str, int]) -> None:
    for key, value in node.value:
        name = f"{prefix}{key.value}"
        lines[name] = key.start_mark.line + 1
        if isinstance(value, yaml.MappingNode):
            _note_lines(value, f"{name}.", lines)


def parse_set(assignment: str) -> dict[str, Any]:
    """``a.b=value`` as the nested mapping ``{'a': {'b': value}}``; the value is read as YAML."""
    key, equals, text = assignment.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {assignment}: expected KEY=VALUE, for example pose.batch=8")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ConfigError(f"--set {assignment}: {text!r} is not a YAML value") from None
    nested: Any = value
    for part in reversed(key.strip().split(".")):
        nested = {part: nested}
    assert isinstance(nested, dict)
    return nested


def load(default: C, files: Sequence[Path] = (), sets: Sequence[str] = ()) -> C:
    """``default`` overridden by the YAML ``files`` in order, then by the ``--set`` assignments.

    Raises ConfigError for an unknown key or a value of the wrong type, naming file and line.
    """
    config = default
    for path in files:
        values, lines = read_yaml(path)
        config = _merge(config, values, str(path), lines, "")
    for assignment in sets:
        config = overlay(config, parse_set(assignment), f"--set {assignment}")
    return config


def overlay(config: C, values: Mapping[str, Any], origin: str) -> C:
    """``config`` with nested ``values`` laid over it; ``origin`` names them in errors."""
    return _merge(config, values, origin, {}, "")


def _merge(config: C, values: Mapping[str, Any], origin: str, lines: dict[str, int], at: str) -> C:
    """``config`` with ``values`` laid over it; ``at`` is the dotted prefix reached so far."""
    hints = typing.get_type_hints(type(config))
    fields = dataclasses.fields(config)  # type: ignore[arg-type] # any dataclass
    known = [f.name for f in fields]
    renamed = {f.metadata["formerly"]: f.name for f in fields if "formerly" in f.metadata}
    changes: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{at}{key}"
        place = f"{origin}: line {lines[name]}: " if name in lines else f"{origin}: "
        if key not in known:
            if (now := renamed.get(str(key))) is not None:
                raise ConfigError(f"{place}{name!r} is now called '{at}{now}'; rename it")
            hint = nearest(str(key), known)
            raise ConfigError(f"{place}unknown key {name!r}{hint} (known: {', '.join(known)})")
        current = getattr(config, key)
        if dataclasses.is_dataclass(current):
            if not isinstance(value, Mapping):
                raise ConfigError(f"{place}{name} holds further keys; expected a mapping")
            changes[key] = _merge(current, value, origin, lines, f"{name}.")
        else:
            changes[key] = _cast(value, hints[key], place, name)
    try:
        return dataclasses.replace(config, **changes)  # type: ignore[type-var] # any dataclass
    except ValueError as error:  # a dataclass may check its own values
        raise ConfigError(f"{origin}: {error}") from None


def _cast(value: Any, hint: Any, place: str, name: str) -> Any:
    """``value`` as the annotated type, or ConfigError."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in args:
            return None
        return _cast(value, next(a for a in args if a is not type(None)), place, name)
    if origin is tuple:
        items = value if isinstance(value, list | tuple) else [value]
        kinds = [args[0]] * len(items) if args[-1] is Ellipsis else list(args)
        if len(kinds) != len(items):
            raise ConfigError(f"{place}{name}: expected {len(kinds)} values, got {len(items)}")
        return tuple(_cast(v, k, place, name) for v, k in zip(items, kinds, strict=True))
    if origin is typing.Literal:
        if value in args:
            return value
        raise ConfigError(f"{place}{name}: {value!r} is not one of {', '.join(map(str, args))}")
    if origin is dict:
        if isinstance(value, Mapping):
            return {
                _cast(k, args[0], place, name): _cast(v, args[1], place, name)
                for k, v in value.items()
            }
        raise ConfigError(f"{place}{name}: expected a mapping, got {value!r}")
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if hint is float and isinstance(value, str) and _EXPONENT.fullmatch(value):
        value = float(value)  # YAML 1.1 takes 1e-3, without a point, for text
    if not isinstance(value, hint) or (hint in (int, float) and isinstance(value, bool)):
        wanted = getattr(hint, "__name__", str(hint))
        raise ConfigError(f"{place}{name}: expected {wanted}, got {value!r}")
    return value


def as_dict(config: Any) -> dict[str, Any]:
    """A configuration as plain nested dicts and lists, as a document header stores it."""
    return {
        f.name: as_dict(v)
        if dataclasses.is_dataclass(v := getattr(config, f.name))
        else list(v)
        if isinstance(v, tuple)
        else v
        for f in dataclasses.fields(config)
    }
