"""What happens in a live stream, told once, as soon as it has lasted long enough."""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.types import People
from hie_cli.reporting.events import KINDS

_PAUSE = 1.0  # seconds: an event goes on over a shorter one
_KIND = {ACTIONS.index(name): kind for kind, (names, _) in KINDS.items() for name in names}


@dataclass(frozen=True)
class LiveEvent:
    """One person's part in a fall, fight, run or gathering.

    seconds: since when, from the source's first frame · confidence: mean score of its actions.
    """

    kind: str
    track_id: int
    seconds: float
    confidence: float


@dataclass
class _Spell:
    begun: float
    last: float
    scores: list[float]
    told: bool = False


class LiveEvents:
    """Feed it the frames' people in order; ``every``: seconds from one recognition to the next."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._spells: dict[tuple[str, int], _Spell] = {}

    def step(self, seconds: float, people: People) -> list[LiveEvent]:
        """The events that are known from this frame on."""
        if people.action_scores is None or people.track_ids is None:
            return []
        pause = max(_PAUSE, 1.5 * self._every)
        self._spells = {
            key: spell for key, spell in self._spells.items() if seconds - spell.last <= pause
        }
        found = []
        for track_id, scores in zip(people.track_ids.tolist(), people.action_scores, strict=True):
            if not np.isfinite(scores).all():
                continue
            best = int(scores.argmax())
            kind = _KIND.get(best)
            if kind is None:
                continue
            spell = self._spells.setdefault((kind, track_id), _Spell(seconds, seconds, []))
            spell.last = seconds
            if spell.told:
                continue
            spell.scores.append(float(scores[best]))
            if seconds - spell.begun + self._every >= KINDS[kind][1]:
                spell.told = True
                mean = float(np.mean(spell.scores))
                found.append(LiveEvent(kind, track_id, spell.begun, mean))
        return found
