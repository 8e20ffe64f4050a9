"""People with simple poses."""

import numpy as np

from hie_cli.core.types import People


def person(x: float, score: float = 0.9, missing: tuple[int, ...] = ()) -> People:
    """Somebody 40 x 120 px whose joints lie on the middle of the box at ``x``."""
    keypoints = np.stack([np.full(14, x), np.linspace(65, 175, 14)], -1)[None]
    scores = np.full((1, 14), score)
    keypoints[0, list(missing)] = np.nan
    scores[0, list(missing)] = 0
    return People(np.array([[x - 20, 60, x + 20, 180]]), np.array([score]), None, keypoints, scores)


def ids(people: People, *given: int) -> People:
    """``people`` with these identities."""
    return people.replace(track_ids=np.array(given))
