"""The door for recognisers: anything that scores the people of a window."""

from typing import Protocol

from hie_cli.core.types import FloatArray
from hie_cli.recognition.window import Window


class Recogniser(Protocol):
    """Scores people; may keep a bounded state, for windows come in order of time."""

    def score(self, window: Window) -> FloatArray:
        """Scores (N, 14) in 0..1, finite, of ``window.people`` for ``actions.ACTIONS``."""
