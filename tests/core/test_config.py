import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import pytest

from hie_cli.core import config
from hie_cli.core.config import above, between, matching
from hie_cli.core.errors import ConfigError, ModelError
from hie_cli.core.yaml_files import read_yaml


@dataclass(frozen=True)
class Inner:
    batch: int = field(default=4, metadata={"formerly": "old_batch"})
    rate: float = 0.5
    names: tuple[str, ...] = ("a",)
    size: tuple[int, int] = (1, 2)
    mode: Literal["fast", "slow"] = "fast"
    weights: dict[str, float] = field(default_factory=dict)
    limit: int | None = None
    on: bool = False

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise ValueError(f"batch {self.batch}: expected at least 1")


@dataclass(frozen=True)
class Outer:
    inner: Inner = Inner()
    threads: int = 1


def load(text: str, tmp_path: Path, *sets: str) -> Outer:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    return config.load(Outer(), [path], list(sets))


def test_nothing_given(tmp_path: Path) -> None:
    assert load("", tmp_path) == Outer()
    assert config.load(Outer(), [], []) == Outer()


def test_later_wins(tmp_path: Path) -> None:
    """Defaults < file < --set; what a file does not name stays."""
    found = load("inner:\n  batch: 8\n  rate: 2\nthreads: 3\n", tmp_path, "inner.batch=16")
    assert found == Outer(Inner(batch=16, rate=2.0), threads=3)
    assert isinstance(found.inner.rate, float)


@pytest.mark.parametrize(
    ("assignment", "field_name", "value"),
    [
        ("inner.names=[x, y]", "names", ("x", "y")),
        ("inner.names=x", "names", ("x",)),
        ("inner.size=[3, 4]", "size", (3, 4)),
        ("inner.mode=slow", "mode", "slow"),
        ("inner.weights={a: 1}", "weights", {"a": 1.0}),
        ("inner.limit=5", "limit", 5),
        ("inner.limit=null", "limit", None),
        ("inner.on=true", "on", True),
        ("inner.rate=1e-3", "rate", 0.001),
    ],
)
def test_every_kind_of_value(assignment: str, field_name: str, value: object) -> None:
    found = config.load(Outer(), [], [assignment])
    assert getattr(found.inner, field_name) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("innr:\n  batch: 8\n", r"c\.yaml: line 1: unknown key 'innr'; did you mean 'inner'\?"),
        ("inner:\n  batch: 8\n  bach: 8\n", r"line 3: unknown key 'inner\.bach'; did you mean"),
        ("inner: 5\n", "line 1: inner holds further keys; expected a mapping"),
        ("inner:\n  batch: many\n", r"line 2: inner\.batch: expected int, got 'many'"),
        ("inner:\n  batch: true\n", r"inner\.batch: expected int, got True"),
        ("inner:\n  batch: 1.5\n", r"inner\.batch: expected int, got 1\.5"),
        ("inner:\n  rate: fast\n", r"inner\.rate: expected float, got 'fast'"),
        ("inner:\n  size: [1]\n", r"inner\.size: expected 2 values, got 1"),
        ("inner:\n  mode: quick\n", r"inner\.mode: 'quick' is not one of fast, slow"),
        ("inner:\n  weights: 5\n", r"inner\.weights: expected a mapping, got 5"),
        ("inner:\n  batch: 0\n", "batch 0: expected at least 1"),
        ("- 1\n", "line 1: expected 'key: value' pairs"),
        ("a: [1\n", r"c\.yaml: line 2: .*; fix the YAML"),
        ("1: 2\n", "line 1: unknown key '1'"),
        ("threads: 1\nthreads: 2\n", r"line 2: 'threads' is also in line 1"),
        ("inner: &a\n  rate: 1\nb: *a\n", r"line 3: aliases \(\*name\) are not supported"),
        ("inner:\n  mode: 2020-01-01\n", "'2020-01-01' is not one of fast, slow"),
        ("inner:\n  mode: fats\n", r"is not one of fast, slow; did you mean 'fast'\?"),
        ("inner:\n  rate: .inf\n", "expected a finite number, got inf"),
        pytest.param("threads: " + "9" * 5000, "a number that cannot be read", id="digits"),
        pytest.param(f"inner: {{rate: {'9' * 400}}}", "expected a finite number", id="large"),
        pytest.param("inner: " + "[" * 2000, r"c\.yaml: ", id="deep"),
        pytest.param("a: " + "x" * 200_001, "more than 200000 characters", id="long"),
        ("inner:\n  old_batch: 1\n", r"'inner\.old_batch' is now called 'inner\.batch'; rename"),
    ],
)
def test_errors_name_file_line_and_key(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        load(text, tmp_path)


def test_bad_files_and_assignments(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(Outer(), [tmp_path / "none.yaml"], [])
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not a text file"):
        config.load(Outer(), [tmp_path / "b.yaml"], [])
    for assignment in ("threads", "=3", "threads=[1"):
        with pytest.raises(ConfigError, match="--set"):
            config.load(Outer(), [], [assignment])
    with pytest.raises(ConfigError, match=r"--set thread=1: unknown key 'thread'; did you mean"):
        config.load(Outer(), [], ["thread=1"])


def test_as_dict_is_plain() -> None:
    found = config.as_dict(Outer())
    assert found["threads"] == 1
    assert found["inner"]["names"] == ["a"]
    assert found["inner"]["weights"] == {}


def test_yaml_may_come_through_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text("a: 1\n"))
    writer.start()
    values, origin = read_yaml(pipe)
    assert (values, origin.lines) == ({"a": 1}, {"a": 1})
    writer.join()


def test_yaml_that_cannot_be_built_is_one_line(tmp_path):
    path = tmp_path / "odd.yaml"
    path.write_text("a: 1\n? [x]\n: 2\n")
    with pytest.raises(ConfigError, match=r"odd\.yaml: line 2"):
        read_yaml(path)


def test_settings_by_dotted_key():
    """The API's ``set``: values as they are, not as text."""
    sets = {"inner.batch": 8, "threads": 2, "inner.size": (3, 4)}
    assert config.load(Outer(), [], sets) == Outer(Inner(batch=8, size=(3, 4)), threads=2)
    with pytest.raises(ConfigError, match=r"set thread=3: unknown key 'thread'; did you mean"):
        config.load(Outer(), [], {"thread": 3})
    assert config.load(Outer(), [], {"inner": {"batch": 8}}).inner.batch == 8
    with pytest.raises(ConfigError, match="expected a mapping of keys to values"):
        config.load(Outer(), None, "threads=2")


def test_one_file_needs_no_list(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("threads: 2")
    assert config.load(Outer(), path).threads == config.load(Outer(), str(path)).threads == 2
    assert config.load(Outer(), None, None) == Outer()


@dataclass(frozen=True)
class Card:
    name: Annotated[str, matching("[a-z]+", "lower-case letters")]
    size: tuple[Annotated[int, between(32, 4096)], ...]
    share: Annotated[float, above(0)] = 1.0
    at: Path | None = None
    inner: Inner = Inner()


def test_a_record_from_a_file_alone(tmp_path):
    path = tmp_path / "card.yaml"
    path.write_text("name: ab\nsize: [64, 32]\nshare: 2\nat: x/y\ninner: {batch: 2}\n")
    values, origin = read_yaml(path, ModelError)
    assert config.build(Card, values, origin) == Card(
        "ab", (64, 32), 2.0, Path("x/y"), Inner(batch=2)
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: ab\n", r"card\.yaml: size: missing"),
        ("name: A\nsize: []\n", "line 1: name: expected lower-case letters, got 'A'"),
        ("name: a\nsize: [64, 8]\n", r"line 2: size: expected 32\.\.4096, got 8"),
        ("name: a\nsize: [64]\nshare: 0\n", "line 3: share: expected more than 0, got 0"),
        ("name: a\nsize: [64]\nat: 3\n", "line 3: at: expected a path, got 3"),
        ("nam: a\n", r"line 1: unknown key 'nam'; did you mean 'name'\?"),
    ],
)
def test_a_record_names_what_is_wrong(text, message, tmp_path):
    path = tmp_path / "card.yaml"
    path.write_text(text)
    with pytest.raises(ModelError, match=message):
        config.build(Card, *read_yaml(path, ModelError))


@pytest.mark.parametrize(
    "assignment", ["inner.rate=x: y\nx: y", "a.b=1\n", "=1\n1", "a." * 5000 + "b=1", "\x1b[2J=1"]
)
def test_an_error_of_set_is_one_line(assignment: str) -> None:
    with pytest.raises(ConfigError) as error:
        config.load(Outer(), None, [assignment])
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 1000
