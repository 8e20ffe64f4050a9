"""What people were last seen to do: actions are not scored in every frame."""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.types import People

# What a viewer wants to be told of at once.
EVENTS = tuple(
    ACTIONS.index(name) for name in ("fighting", "fall-over", "running-alone", "running-together")
)
_FORGET = 2.0  # seconds after which what somebody did says nothing of what they do


@dataclass(frozen=True)
class Doing:
    """What somebody was last seen to do: the action's number, its score, and the frame."""

    action: int
    score: float
    index: int


class ActionMemory:
    """The last action of every identity, for two seconds."""

    def __init__(self, fps: float) -> None:
        self._frames = _FORGET * fps
        self._doing: dict[int, Doing] = {}

    def __bool__(self) -> bool:
        return bool(self._doing)

    def add(self, index: int, people: People) -> None:
        """Take in a frame."""
        oldest = index - self._frames
        self._doing = {key: doing for key, doing in self._doing.items() if doing.index >= oldest}
        if people.track_ids is None or people.action_scores is None:
            return
        for key, scores in zip(people.track_ids.tolist(), people.action_scores, strict=True):
            if np.isfinite(scores).all():
                best = int(scores.argmax())
                self._doing[key] = Doing(best, float(scores[best]), index)

    def of(self, track_id: int) -> Doing | None:
        """What ``track_id`` does; None if nothing was seen of late."""
        return self._doing.get(track_id)

    def sure(self, people: People, min_score: float) -> list[Doing]:
        """What those of ``people`` do of whom that is known with a score of ``min_score``."""
        keys = [] if people.track_ids is None else people.track_ids.tolist()
        found = [self._doing[key] for key in keys if key in self._doing]
        return [doing for doing in found if doing.score >= min_score]
