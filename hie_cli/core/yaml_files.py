"""YAML files of settings: plain values, each with the line that its key is in."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import yaml

from hie_cli.core.errors import ConfigError, HieError

_MOST_BYTES = 200_000  # all settings take 20,000; PyYAML 20 s for a million of small keys


class _Loader(yaml.SafeLoader):
    """Plain values only: dates stay text, and nothing can refer to something else."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call] # PyYAML's
            problem = "aliases (*name) are not supported"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where values come from, for errors: a file or option, and the lines of a file's keys."""

    name: str
    lines: Mapping[str, int] = dataclasses.field(default_factory=dict)
    error: type[HieError] = ConfigError

    def refuse(self, key: str, message: str) -> NoReturn:
        """Raise the error that ``message`` is wrong with ``key`` here."""
        place = f"line {self.lines[key]}: " if key in self.lines else ""
        raise self.error(f"{self.name}: {place}{message}")


def read_yaml(path: Path, error: type[HieError] = ConfigError) -> tuple[dict[str, Any], Origin]:
    """The mapping in a YAML file, and where it came from with the line of every dotted key.

    Raises ``error`` for a file that cannot be read, is not YAML or repeats a key.
    """
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(_MOST_BYTES + 1)  # once: it may be a pipe
    except OSError as problem:
        raise error(
            f"{path}: cannot be read ({problem.strerror}); give a readable YAML file"
        ) from None
    except UnicodeDecodeError:
        raise error(f"{path}: not a text file; give a YAML file in UTF-8") from None
    if len(text) > _MOST_BYTES:
        raise error(f"{path}: more than {_MOST_BYTES} characters; give a file of settings")
    try:
        node = yaml.compose(text, Loader=_Loader)
        if node is None:
            return {}, Origin(str(path), {}, error)
        if not isinstance(node, yaml.MappingNode):
            raise error(f"{path}: line 1: expected 'key: value' pairs at the top")
        origin = Origin(str(path), _lines_of(node, str(path), error), error)
        return yaml.load(text, _Loader), origin
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        what = getattr(problem, "problem", None) or "not valid YAML"
        raise error(f"{path}: {line}{what}; fix the YAML") from None
    except RecursionError:
        raise error(f"{path}: nested too deeply; fix the YAML") from None
    except ValueError:  # thousands of digits
        raise error(f"{path}: holds a number that cannot be read; fix the YAML") from None


def _lines_of(root: yaml.MappingNode, path: str, error: type[HieError]) -> dict[str, int]:
    """The line, from 1, of every dotted key. Raises ``error`` for a key that is there twice."""
    lines: dict[str, int] = {}

    def note(node: yaml.MappingNode, prefix: str) -> None:
        for key, value in node.value:
            name, line = f"{prefix}{key.value}", key.start_mark.line + 1
            if name in lines:
                raise error(f"{path}: line {line}: {name!r} is also in line {lines[name]}")
            lines[name] = line
            if isinstance(value, yaml.MappingNode):
                note(value, f"{name}.")

    note(root, "")
    return lines


def yaml_value(text: str) -> Any:
    """A single value written as YAML. Raises ValueError for what is none."""
    try:
        return yaml.load(text, _Loader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(str(error)) from None
