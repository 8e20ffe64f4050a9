import pytest

from hie_cli.evaluation.evaluate import evaluate
from tests.support.scored_world import CONFIG, world


@pytest.fixture(scope="session")
def noisy():
    """The evaluation of a small world whose results are noisy."""
    return evaluate(*world(noise=4.0, missed=0.1), config=CONFIG)
