"""Configuration: dataclass defaults < YAML files < ``--set section.key=value`` < options.

A configuration is a frozen dataclass whose fields are plain values or further such dataclasses;
its field names are the keys. An unknown key is refused with its place and the nearest known one, a
renamed one (a field whose metadata says what it was ``formerly``) with its new name.

A field's annotation says what a value may be: ``float``, ``tuple[int, ...]``, ``Literal["a", "b"]``
or ``str | None``, and ``Annotated[float, between(0, 1)]`` where the type does not say enough.
``load`` lays values over defaults; ``build`` makes a record some of whose fields have none, such as
a model's manifest, from a file alone.
"""

import dataclasses
import math
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from hie_cli.core.errors import ConfigError, nearest
from hie_cli.core.text import printable
from hie_cli.core.yaml_files import Origin, read_yaml, yaml_value

C = TypeVar("C")
Files = Path | str | Sequence[Path | str] | None
Sets = Mapping[str, Any] | Sequence[str] | None
_EXPONENT = re.compile(r"[-+]?[0-9]+e[-+]?[0-9]+", re.IGNORECASE)
_SHOWN = 60  # characters of a refused value in an error
_LONGEST_KEY = 200


@dataclasses.dataclass(frozen=True)
class Check:
    """What a value must be beyond its type: ``wanted`` in words, and whether a value ``holds``."""

    wanted: str
    holds: Callable[[Any], bool]


def between(low: float, high: float) -> Check:
    """A number from ``low`` to ``high``, both included; an infinite end is none."""
    if math.isinf(high):
        return Check(f"{low:g} or more", lambda value: value >= low)
    return Check(f"{low:g}..{high:g}", lambda value: low <= value <= high)


def above(low: float) -> Check:
    """A number above ``low``."""
    return Check(f"more than {low:g}", lambda value: value > low)


def matching(pattern: str, wanted: str) -> Check:
    """Text that the regular expression ``pattern`` matches as a whole; ``wanted`` says so."""
    return Check(wanted, lambda value: re.fullmatch(pattern, value) is not None)


def parse_set(assignment: str) -> dict[str, Any]:
    """``a.b=value`` as the nested mapping ``{'a': {'b': value}}``; the value is read as YAML."""
    key, equals, text = assignment.partition("=")
    shown = printable(assignment[:_SHOWN], keep="")
    if not equals or not key.strip() or len(key) > _LONGEST_KEY:
        raise ConfigError(f"--set {shown}: expected KEY=VALUE, for example pose.batch=8")
    try:
        value = yaml_value(text)
    except ValueError:
        raise ConfigError(f"--set {shown}: {_short(text)} is not a YAML value") from None
    return _nested(key.strip(), value)


def _nested(key: str, value: Any) -> dict[str, Any]:
    """The dotted ``key`` as mappings one in another."""
    first, dot, rest = key.partition(".")
    return {first: _nested(rest, value) if dot else value}


def load(default: C, files: Files = None, sets: Sets = None) -> C:
    """``default`` overridden by one or several YAML ``files`` in order, then by single settings.

    sets: dotted keys and values (``{"detect.min_score": 0.3}``), or assignments as ``--set`` takes
    them (``["detect.min_score=0.3"]``). Raises ConfigError for an unknown key or a value of the
    wrong type, naming file and line.
    """
    config = default
    for path in [files] if isinstance(files, str | Path) else files or ():
        values, origin = read_yaml(Path(path))
        config = _merge(config, values, origin, "")
    if isinstance(sets, Mapping):
        for key, value in sets.items():
            config = overlay(config, _nested(str(key), value), f"set {key}={_short(value)}")
    elif isinstance(sets, str):
        raise ConfigError(f"set {sets!r}: expected a mapping of keys to values, or a list")
    else:
        for assignment in sets or ():
            shown = printable(assignment[:_LONGEST_KEY], keep="")
            config = overlay(config, parse_set(assignment), f"--set {shown}")
    return config


def overlay(config: C, values: Mapping[str, Any], origin: str) -> C:
    """``config`` with nested ``values`` laid over it; ``origin`` names them in errors."""
    return _merge(config, values, Origin(origin), "")


def build(kind: type[C], values: Mapping[Any, Any], origin: Origin) -> C:
    """A record of type ``kind`` from ``values`` alone.

    Raises ``origin.error`` for an unknown or missing key, or a value that the field does not take.
    """
    return _make(kind, values, origin, "")


def _merge(config: C, values: Mapping[Any, Any], origin: Origin, at: str) -> C:
    """``config`` with ``values`` laid over it; ``at`` is the dotted prefix reached so far."""
    changes = _changes(type(config), values, origin, at, config)
    try:
        return dataclasses.replace(config, **changes)  # type: ignore[type-var] # any dataclass
    except ValueError as error:  # a dataclass may check its own values
        raise origin.error(f"{origin.name}: {error}") from None


def _make(kind: type[C], values: Mapping[Any, Any], origin: Origin, at: str) -> C:
    """A new record from ``values``, whose keys begin with ``at``."""
    changes = _changes(kind, values, origin, at, None)
    for f in _fields(kind):
        required = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        if required and f.name not in changes:
            raise origin.error(f"{origin.name}: {at}{f.name}: missing")
    try:
        return kind(**changes)
    except ValueError as error:
        raise origin.error(f"{origin.name}: {error}") from None


def _fields(kind: Any) -> list[dataclasses.Field[Any]]:
    return [f for f in dataclasses.fields(kind) if f.init]


def _changes(
    kind: Any, values: Mapping[Any, Any], origin: Origin, at: str, config: Any
) -> dict[str, Any]:
    """The checked values of the fields that ``values`` names; sections lie over ``config``'s."""
    hints = typing.get_type_hints(kind, include_extras=True)
    known = [f.name for f in _fields(kind)]
    renamed = {f.metadata["formerly"]: f.name for f in _fields(kind) if "formerly" in f.metadata}
    changes: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{at}{key}"
        if key not in known:
            if (now := renamed.get(str(key))) is not None:
                origin.refuse(name, f"{name!r} is now called '{at}{now}'; rename it")
            hint = nearest(str(key), known)
            origin.refuse(name, f"unknown key {name!r}{hint} (known: {', '.join(known)})")
        current = getattr(config, key, None)
        if dataclasses.is_dataclass(current):
            if not isinstance(value, Mapping):
                origin.refuse(name, f"{name} holds further keys; expected a mapping")
            changes[key] = _merge(current, value, origin, f"{name}.")
        else:
            changes[key] = _cast(value, hints[key], origin, name)
    return changes


def _cast(value: Any, hint: Any, origin: Origin, name: str) -> Any:
    """``value`` as the annotated type; ``origin``'s error where it is none."""
    handler = _HANDLERS.get(typing.get_origin(hint) or hint, _plain)
    return handler(value, hint, origin, name)


def _plain(value: Any, hint: Any, origin: Origin, name: str) -> Any:
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            origin.refuse(name, f"{name} holds further keys; expected a mapping")
        return _make(hint, value, origin, f"{name}.")
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        _expected(getattr(hint, "__name__", str(hint)), value, origin, name)
    return value


def _float(value: Any, hint: Any, origin: Origin, name: str) -> float:
    number = value
    if isinstance(value, str) and _EXPONENT.fullmatch(value):
        number = float(value)  # YAML 1.1 takes 1e-3, without a point, for text
    if isinstance(number, bool) or not isinstance(number, int | float):
        _expected("float", value, origin, name)
    try:
        number = float(number)
    except OverflowError:  # an integer of hundreds of digits
        number = math.inf
    if not math.isfinite(number):
        _expected("a finite number", value, origin, name)
    return number


def _path(value: Any, hint: Any, origin: Origin, name: str) -> Path:
    if not isinstance(value, str | Path) or "\0" in str(value):
        _expected("a path", value, origin, name)
    return Path(value)


def _union(value: Any, hint: Any, origin: Origin, name: str) -> Any:
    """Optional fields; of a union of several types, the first one's rules hold."""
    args = typing.get_args(hint)
    if value is None and type(None) in args:
        return None
    return _cast(value, next(a for a in args if a is not type(None)), origin, name)


def _tuple(value: Any, hint: Any, origin: Origin, name: str) -> tuple[Any, ...]:
    """A list; a single value stands for a list of one."""
    args = typing.get_args(hint)
    items = value if isinstance(value, list | tuple) else [value]
    kinds = [args[0]] * len(items) if args[-1] is Ellipsis else list(args)
    if len(kinds) != len(items):
        origin.refuse(name, f"{name}: expected {len(kinds)} values, got {len(items)}")
    return tuple(_cast(v, k, origin, name) for v, k in zip(items, kinds, strict=True))


def _literal(value: Any, hint: Any, origin: Origin, name: str) -> Any:
    args = typing.get_args(hint)
    found = [known for known in args if type(value) is type(known) and value == known]
    if not found:
        known = [str(arg) for arg in args]
        hint = nearest(str(value), known)
        origin.refuse(name, f"{name}: {_short(value)} is not one of {', '.join(known)}{hint}")
    return found[0]


def _mapping(value: Any, hint: Any, origin: Origin, name: str) -> dict[Any, Any]:
    key_hint, value_hint = typing.get_args(hint)
    if not isinstance(value, Mapping):
        _expected("a mapping", value, origin, name)
    return {
        _cast(k, key_hint, origin, name): _cast(v, value_hint, origin, name)
        for k, v in value.items()
    }


def _annotated(value: Any, hint: Any, origin: Origin, name: str) -> Any:
    kind, *checks = typing.get_args(hint)
    found = _cast(value, kind, origin, name)
    for check in checks:
        if isinstance(check, Check) and not check.holds(found):
            _expected(check.wanted, value, origin, name)
    return found


# What reads a value, by the origin of the field's annotation (``tuple`` of ``tuple[int, ...]``).
_HANDLERS: dict[Any, Callable[[Any, Any, Origin, str], Any]] = {
    types.UnionType: _union,
    typing.Union: _union,
    tuple: _tuple,
    typing.Literal: _literal,
    typing.Annotated: _annotated,
    dict: _mapping,
    float: _float,
    Path: _path,
}


def _expected(wanted: str, value: Any, origin: Origin, name: str) -> NoReturn:
    origin.refuse(name, f"{name}: expected {wanted}, got {_short(value)}")


def _short(value: Any) -> str:
    """A value as an error shows it."""
    try:
        text = repr(value)
    except ValueError:  # an integer of thousands of digits
        return "a number of too many digits"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


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
