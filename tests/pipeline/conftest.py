"""What the tests of the pipeline share."""

import pytest

from hie_cli.pipeline import networks
from tests.support import fakes


@pytest.fixture
def squares(monkeypatch):
    """The bright squares' networks in place of the real ones."""
    made = fakes.models()
    monkeypatch.setattr(networks, "_detector", lambda *_: made.detectors[0])
    monkeypatch.setattr(networks, "_estimator", lambda *_: made.pose)
    return made
