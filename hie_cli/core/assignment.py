"""One-to-one assignment of least total cost: scipy's solver, without scipy.optimize around it.

``import scipy.optimize`` takes a quarter of a second, mostly for modules that have nothing to do
with assignment; the solver is one small extension module. It is loaded by itself where it lies as
it has since scipy 1.4, else by the public name: the results are the same, for it is the same code.
"""

import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Solver = Callable[..., tuple[Ints, Ints]]
_EXTENSION = "scipy.optimize._lsap"


def linear_sum_assignment(cost: ArrayLike, maximize: bool = False) -> tuple[Ints, Ints]:
    """Rows, ascending, and their columns of the assignment of least (or greatest) total cost.

    As many pairs as the shorter side of ``cost`` (N, M) has entries.
    """
    return _solver()(cost, maximize)


@cache
def _solver() -> Solver:
    if "scipy.optimize" not in sys.modules:
        alone = _alone()
        if alone is not None:
            return alone
    from scipy.optimize import linear_sum_assignment as public

    solver: Solver = public
    return solver


def _alone() -> Solver | None:
    """The solver of the extension module; None where that is not found or holds another thing."""
    package = importlib.util.find_spec("scipy")
    folders = package.submodule_search_locations if package is not None else None
    for folder in folders or ():
        for ending in importlib.machinery.EXTENSION_SUFFIXES:
            path = Path(folder) / "optimize" / f"_lsap{ending}"
            if path.is_file():
                return _loaded(path)
    return None


def _loaded(path: Path) -> Solver | None:
    loader = importlib.machinery.ExtensionFileLoader(_EXTENSION, str(path))
    spec = importlib.util.spec_from_file_location(_EXTENSION, path, loader=loader)
    if spec is None:
        return None
    try:
        module: Any = importlib.util.module_from_spec(spec)
        loader.exec_module(module)
    except ImportError:
        return None
    solver: Solver | None = getattr(module, "linear_sum_assignment", None)
    return solver
