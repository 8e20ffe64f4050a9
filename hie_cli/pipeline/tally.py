"""What is counted of a video's people as they pass, for the closing table and ``summary.json``."""

from typing import Any

import numpy as np

from hie_cli.core import geometry
from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.types import FramePeople


class Tally:
    """Frames, boxes, poses, identities, and how often each action came first."""

    def __init__(self) -> None:
        self.frames = self.people = self.poses = 0
        self._identities: set[int] = set()
        self._actions = np.zeros(len(ACTIONS), np.int64)

    def add(self, item: FramePeople) -> None:
        """Count one frame."""
        people = item.people
        self.frames += 1
        self.people += len(people)
        if people.keypoints is not None:
            self.poses += int(geometry.known(people.keypoints).any(-1).sum())
        if people.track_ids is not None:
            self._identities.update(people.track_ids.tolist())
        if people.action_scores is not None:
            known = people.action_scores[np.isfinite(people.action_scores).all(-1)]
            self._actions += np.bincount(known.argmax(-1), minlength=len(ACTIONS))

    def record(self) -> dict[str, Any]:
        """The counts by name; those of stages that found nothing, or did not run, are left out."""
        found: dict[str, Any] = {"frames": self.frames, "people": self.people}
        if self.poses:
            found["poses"] = self.poses
        if self._identities:
            found["identities"] = len(self._identities)
        if self._actions.any():
            pairs = zip(ACTIONS, self._actions.tolist(), strict=True)
            found["actions"] = {name: count for name, count in pairs if count}
        return found
