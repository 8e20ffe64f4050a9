"""Random sequences as fixtures."""

from collections.abc import Callable

import numpy as np
import pytest

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.types import FramePeople, People
from tests.support.sequences import random_people, random_results, random_truth

MakeTruth = Callable[[int], TruthSequence]
MakeResults = Callable[[int], tuple[FramePeople, ...]]


@pytest.fixture(scope="session")
def make_truth() -> MakeTruth:
    """Ground truth by seed."""
    return random_truth


@pytest.fixture(scope="session")
def make_people() -> Callable[[int, int], People]:
    """People by seed and number, with every field, as a document keeps them."""
    return lambda seed, n: random_people(np.random.default_rng(seed), n)


@pytest.fixture(scope="session")
def make_results() -> MakeResults:
    """Results by seed."""
    return random_results
