"""Observations for the tracker, of boxes alone."""

import numpy as np

from hie_cli.core.types import People
from hie_cli.tracking.settings import Observation


def observation(boxes, t=0, flow=None, camera=None):
    """People in boxes (N, 4), all of them sure."""
    people = People(np.array(boxes, float).reshape(-1, 4), np.full(len(boxes), 0.9))
    return Observation(
        t, people, camera=camera, flow=None if flow is None else np.array(flow, float)
    )
