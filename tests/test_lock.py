"""The locks hold every requirement of pyproject.toml, with hashes and without addresses."""

import re
import tomllib

import pytest

from tests.support.paths import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(file: str) -> dict[str, int]:
    """How many hashes each locked package has."""
    counts: dict[str, int] = {}
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)==\S+", line):
            name = normal(match[1])
            counts[name] = 0
        elif re.fullmatch(r" +--hash=sha256:[0-9a-f]{64}( \\)?", line):
            counts[name] += 1
        else:
            assert line.startswith("#"), f"{file}: {line}"
    return counts


def wanted(*extras: str) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] + [
        line for extra in extras for line in project["optional-dependencies"][extra]
    ]
    return {normal(re.match(r"[A-Za-z0-9._-]+", line)[0]) for line in lines} - {"torch"}


@pytest.mark.parametrize(("file", "extras"), [(LOCKS[0], ()), (LOCKS[1], ("dev",))])
def test_every_requirement_is_locked(file, extras):
    missing = wanted(*extras) - locked(file).keys()
    assert not missing, f"{file} lacks {sorted(missing)}: run `make lock`"


@pytest.mark.parametrize("file", LOCKS)
def test_every_locked_file_has_hashes(file):
    counts = locked(file)
    assert len(counts) > 20
    assert min(counts.values()) >= 1
    assert "torch" not in counts
