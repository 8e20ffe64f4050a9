import pytest

from hie_cli.core import progress
from hie_cli.core.progress_events import Event


@pytest.fixture
def told():
    """What is told while the test runs: notes and progress."""
    events: list[Event] = []
    progress.set_reporter(events.append)
    yield events
    progress.set_reporter(None)
