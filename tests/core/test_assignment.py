"""The solver loaded by itself is scipy's, and the public one is taken where it is not found."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import optimize

from hie_cli.core import assignment
from hie_cli.core.assignment import linear_sum_assignment


@pytest.fixture(params=["alone", "public"])
def solver(request, monkeypatch):
    found = assignment._alone() if request.param == "alone" else optimize.linear_sum_assignment
    assert found is not None
    monkeypatch.setattr(assignment, "_solver", lambda: found)
    return linear_sum_assignment


def test_by_hand(solver):
    # 1 + 2 is the least: row 0 takes column 1, row 1 column 0; 4 + 3 the greatest.
    cost = [[4.0, 1.0], [2.0, 3.0]]
    assert [x.tolist() for x in solver(cost)] == [[0, 1], [1, 0]]
    assert [x.tolist() for x in solver(cost, maximize=True)] == [[0, 1], [0, 1]]
    assert [x.tolist() for x in solver(np.zeros((0, 3)))] == [[], []]


@pytest.mark.parametrize("seed", range(20))
def test_equals_scipy_ties_included(solver, seed):
    rng = np.random.default_rng(seed)
    cost = rng.integers(0, 4, (rng.integers(0, 9), rng.integers(0, 9))).astype(float)
    for ours, theirs in zip(solver(cost), optimize.linear_sum_assignment(cost), strict=True):
        assert ours.tolist() == theirs.tolist()


def test_scipy_optimize_stays_out():
    code = (
        "import sys, hie_cli.core.assignment as a; a.linear_sum_assignment([[1.0]]); "
        "print('scipy.optimize' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_missing_extension_falls_back(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert assignment._alone() is None
