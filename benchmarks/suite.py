"""Every development sequence, every method, one table: what settings are decided on.

    python benchmarks/suite.py DATA [--part PART ...] [--fast] [--cache FOLDER] [--peers]
                               [--try NAME=VALUE[,NAME=VALUE...] ...] [--json FILE]

DATA is the folder of development sequences that docs/results.md names; those missing are left out.
A part is a stage (``suite_tracking.py`` ...): it gives cases, one a sequence, and methods; without
--part all stages are measured. Network outputs and figures are kept in the cache by their input,
settings and code, so that an interrupted run goes on where it was and a second run costs nothing.

The table has a row a method and case, the mean over groups, and the worst case. A group is one
scene: disturbed versions of a sequence belong to its group. Each ``--try`` adds the method with
these settings changed. With several, each group's figures are also given with the settings chosen
on all *other* groups (leave-one-out): the mean of those is what an unseen sequence may expect.
"""

import argparse
import hashlib
import importlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

PARTS = ("detection", "pose", "tracking", "action", "chain")
Figures = Mapping[str, float]


@dataclass(frozen=True)
class Named:
    """One sequence: name, and the scene it shows (``group``)."""

    name: str
    group: str


@dataclass(frozen=True)
class Case(Named):
    """A sequence to measure: a key that changes with its input (asked for only where the sequence
    is used), and what measures a method on it.
    """

    key: str | Callable[[], str]
    measure: Callable[[str], dict[str, float]]


class Store:
    """Figures by case, method and code, one JSON line each, appended as they are measured."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, dict[str, float]] = {}
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                self.known[row["key"]] = row["figures"]

    def get(self, case: Case, method: str, code: str) -> dict[str, float]:
        """The figures of a method on a case, measured if they are not known."""
        input_key = case.key if isinstance(case.key, str) else case.key()
        text = f"{case.name} {input_key} {method} {code}"
        key = hashlib.sha256(text.encode()).hexdigest()[:20]
        if key not in self.known:
            self.known[key] = case.measure(method)
            row = {"key": key, "case": case.name, "method": method, "figures": self.known[key]}
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        return self.known[key]


def code_version(*folders: Path) -> str:
    """A short hash of all Python files in ``folders``."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def group_means(rows: Mapping[str, Figures], cases: Sequence[Named], names: Sequence[str]) -> Any:
    """Means (G, F) over the cases of each group, with the groups' names."""
    groups = sorted({case.group for case in cases})
    means = [
        mean_of([[rows[c.name][n] for n in names] for c in cases if c.group == g]) for g in groups
    ]
    return groups, np.array(means)


def mean_of(values: Any) -> Any:
    """Means over the first axis of those that are there; NaN where none is."""
    table = np.array(values, float)
    there = np.isfinite(table)
    total = np.where(there, table, 0.0).sum(axis=0)
    return np.where(there.any(axis=0), total / np.maximum(there.sum(axis=0), 1), np.nan)


def left_out(
    figures: Mapping[str, Mapping[str, Figures]],
    methods: Sequence[str],
    cases: Sequence[Named],
    names: Sequence[str],
) -> tuple[list[str], list[str], Any]:
    """Groups, the method that is best on all others, and its figures (G, F) on the group itself.

    Best: the highest mean of all figures over groups.
    """
    groups: list[str] = []
    tables = []
    for method in methods:
        groups, table = group_means(figures[method], cases, names)
        tables.append(table)
    means = np.array(tables)  # (methods, groups, figures)
    score = mean_of(np.moveaxis(means, 2, 0))
    chosen, found = [], []
    for g in range(len(groups)):
        best = int(np.argmax(np.delete(score, g, axis=1).mean(axis=1)))
        chosen.append(methods[best])
        found.append(means[best, g])
    return groups, chosen, np.array(found)


def print_report(
    part: ModuleType,
    figures: Mapping[str, Mapping[str, Figures]],
    cases: Sequence[Case],
    tried: Sequence[str],
) -> None:
    """The table: cases and means over groups by method, the worst case, and left-out figures."""
    names = part.FIGURES
    wide = max(len(c.name) for c in cases) + 2

    def cells(values: Sequence[float]) -> str:
        return " ".join(f"{v:.3f}" if np.isfinite(v) else "  -  " for v in values)

    print(f"figures: {' / '.join(names)}")
    for method, rows in figures.items():
        print(f"\n{method}")
        for case in cases:
            print(f"  {case.name:<{wide}}{cells([rows[case.name][n] for n in names])}")
        groups, means = group_means(rows, cases, names)
        for group, row in zip(groups, means, strict=True):
            print(f"  = {group:<{wide - 2}}{cells(row)}")
        print(f"  {'mean over groups':<{wide}}{cells(mean_of(means))}")
        worst = min(cases, key=lambda c: float(mean_of([rows[c.name][n] for n in names])))
        print(f"  worst: {worst.name}  {cells([rows[worst.name][n] for n in names])}")
    if len(tried) > 1:
        groups, chosen, found = left_out(figures, tried, cases, names)
        print("\nleft out: the settings that are best on all other groups")
        for group, method, row in zip(groups, chosen, found, strict=True):
            print(f"  {group:<{wide}}{cells(row)}  {method}")
        print(f"  {'mean over groups':<{wide}}{cells(mean_of(found))}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of development sequences")
    parser.add_argument("--part", choices=PARTS, nargs="+", default=PARTS)
    parser.add_argument("--fast", action="store_true", help="a subset, within ten minutes")
    parser.add_argument("--only", default="", help="cases whose names contain this")
    parser.add_argument("--cache", type=Path, default=Path(".suite"))
    parser.add_argument("--peers", action="store_true", help="others on the same input")
    parser.add_argument("--methods", nargs="+", help="instead of the part's own list")
    parser.add_argument("--try", dest="tried", nargs="+", default=[], metavar="KEY=VALUE,...")
    parser.add_argument("--json", type=Path, help="write all figures to a file")
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    found = {}
    for name in args.part:
        print(f"\n## {name}")
        found[name] = run_part(parser, args, name)
    if args.json:
        args.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


def run_part(
    parser: argparse.ArgumentParser, args: argparse.Namespace, name: str
) -> dict[str, dict[str, Figures]]:
    """Measure and print one part: figures by method and case."""
    part = importlib.import_module(f"suite_{name}")
    cases = [c for c in part.cases(args.data, args.cache, args.fast) if args.only in c.name]
    if not cases:
        parser.error(f"{args.data}: no development sequence found")
    tried = [f"{part.OURS}:{text}" for text in args.tried]
    methods = [*(args.methods or part.methods(args.peers)), *tried]
    store = Store(args.cache / f"{name}.jsonl")
    figures: dict[str, dict[str, Figures]] = {}
    versions = {method: part.version(method) for method in methods}
    for method in methods:
        figures[method] = {}
    for case in cases:  # one sequence after the other, so that its pixels are made once
        for method in methods:
            print(f"{name}: {case.name}: {method}", file=sys.stderr)
            figures[method][case.name] = store.get(case, method, versions[method])
    print_report(part, figures, cases, [m for m in methods if m.startswith(part.OURS + ":")])
    return figures


if __name__ == "__main__":
    main()
