"""TVSum's annotations: how each of 20 users scored every frame, 1 to 5.

Two files are in circulation: ``ydata-tvsum50.mat`` (MATLAB 7.3, which is HDF5) and
``ydata-anno.tsv`` (a row per user: video, category, comma-separated scores). Y. Song et al., TVSum:
Summarizing Web Videos Using Titles (CVPR 2015).
"""

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.core.errors import InputError, input_error
from hie_cli.core.libraries import h5py
from hie_cli.core.types import FloatArray
from hie_cli.evaluation.metrics.summary_overlap import rank_correlation
from hie_cli.formats.files import read_text
from hie_cli.summary.dataset import array_of, open_h5

EVERY = 15  # the users' scores are compared at every 15th frame: they gave one per two seconds
_GROUP = "tvsum50"


@dataclass(frozen=True, eq=False)
class UserScores:
    """What the users said of one video: scores (U, T)."""

    name: str
    scores: FloatArray


@dataclass(frozen=True)
class Agreement:
    """Kendall's tau-b and Spearman's rho, means over users and then over videos.

    tau, rho: of two users · other_tau, other_rho: of a user and the mean of all others · all_tau,
    all_rho: of a user and the mean of all, himself among them: more cannot be reached.
    """

    videos: int
    tau: float
    rho: float
    other_tau: float
    other_rho: float
    all_tau: float
    all_rho: float


def read_user_scores(path: Path) -> list[UserScores]:
    """The users' scores of every video, in the file's order. Raises InputError."""
    return _tsv(path) if path.suffix.lower() in (".tsv", ".txt", ".csv") else _mat(path)


def _mat(path: Path) -> list[UserScores]:
    library = h5py()
    with open_h5(path) as file:
        if not isinstance(file.get(_GROUP), library.Group):
            raise input_error(
                path, f"has no group {_GROUP!r}", "expected TVSum's ydata-tvsum50.mat"
            )
        names, scores = (_cells(file, path, name) for name in ("video", "user_anno"))
        found = []
        for name, values in zip(names, scores, strict=True):
            text = "".join(chr(int(code)) for code in np.ravel(name)[:64])
            found.append(_checked(path, text, np.asarray(values, float)))
    return found


def _cells(file: Any, path: Path, name: str) -> list[Any]:
    """The arrays that a MATLAB cell array's references lead to, inside the file."""
    library = h5py()
    cells = file[_GROUP].get(name)
    if not isinstance(cells, library.Dataset) or library.check_ref_dtype(cells.dtype) is None:
        raise input_error(path, f"{_GROUP}: no cell array {name!r}", "expected TVSum's file")
    arrays = []
    for reference in np.ravel(cells[()]):
        target = file[reference]
        arrays.append(array_of(target.parent, target.name.rpartition("/")[2], f"{path}: {name}"))
    return arrays


def _tsv(path: Path) -> list[UserScores]:
    rows: dict[str, list[FloatArray]] = {}
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        cells = line.split("\t")
        try:
            name, values = cells[0], np.array(cells[2].split(","), float)
        except (IndexError, ValueError):
            raise input_error(
                path, f"line {number}", "expected video, category and comma-separated scores"
            ) from None
        rows.setdefault(name, []).append(values)
    if not rows:
        raise input_error(path, "holds no row", "expected TVSum's ydata-anno.tsv")
    found = []
    for name, users in rows.items():
        if len({len(values) for values in users}) > 1:
            raise input_error(path, name, "its users scored different numbers of frames")
        found.append(_checked(path, name, np.stack(users)))
    return found


def _checked(path: Path, name: str, scores: FloatArray) -> UserScores:
    if scores.ndim != 2 or min(scores.shape) < 2 or not np.isfinite(scores).all():
        raise InputError(f"{path}: {name[:40]!r}: expected finite scores (users, frames)")
    return UserScores(name, scores)


def user_agreement(videos: list[UserScores]) -> Agreement:
    """How far the users agree among themselves, at every 15th frame."""
    rows = []
    for video in videos:
        users = video.scores[:, ::EVERY]
        pairs = [
            rank_correlation(users[a], users[b : b + 1])
            for a, b in combinations(range(len(users)), 2)
        ]
        others = [
            rank_correlation(np.delete(users, k, axis=0).mean(axis=0), users[k : k + 1])
            for k in range(len(users))
        ]
        everybody = rank_correlation(users.mean(axis=0), users)
        rows.append((*np.mean(pairs, axis=0), *np.mean(others, axis=0), *everybody))
    return Agreement(len(videos), *(float(value) for value in np.mean(rows, axis=0)))
