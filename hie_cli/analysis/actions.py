"""For how long each person does what."""

from collections import defaultdict

import numpy as np

from hie_cli.analysis.tracks import UNSCORED, Tracks
from hie_cli.core.action_classes import ACTIONS

UNKNOWN = "unsure"


def action_seconds(tracks: Tracks) -> dict[int, dict[str, float]]:
    """Seconds of every action by identity; ``unsure`` where no score was high enough.

    Actions are scored every few frames: each scored row stands for the time until the person's next
    one, at most for twice what is usual in the video.
    """
    found: dict[int, dict[str, float]] = {}
    gaps = [
        np.diff(tracks.times(rows[tracks.actions[rows] != UNSCORED]))
        for rows in tracks.lives.values()
    ]
    every = np.concatenate(gaps) if gaps else np.zeros(0)
    usual = float(np.median(every)) if len(every) else tracks.step
    for key, rows in tracks.lives.items():
        scored = rows[tracks.actions[rows] != UNSCORED]
        if not len(scored):
            continue
        times = tracks.times(scored)
        lasts = np.append(np.minimum(np.diff(times), 2 * usual), usual)
        seconds: dict[str, float] = defaultdict(float)
        for action, each in zip(tracks.actions[scored].tolist(), lasts.tolist(), strict=True):
            seconds[ACTIONS[action] if action >= 0 else UNKNOWN] += each
        found[key] = dict(seconds)
    return found
