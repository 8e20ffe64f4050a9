"""Numbers as a document keeps them: what stages are given in one process is what files hold."""

from dataclasses import replace
from typing import Any

import numpy as np

from hie_cli.core import geometry
from hie_cli.core.types import FramePeople, People
from hie_cli.formats.documents.annolist_text import PIXEL_DIGITS, SCORE_DIGITS
from hie_cli.formats.documents.entries import camera_matrix, camera_numbers


def rounded(people: People) -> People:
    """``people`` exactly as they come back from a document (numbers keep 2 or 4 decimals).

    ``hie run`` passes this between stages, so that its files equal those of separate commands.
    """

    def cut(values: Any, digits: int) -> Any:
        return None if values is None else np.round(np.asarray(values, np.float64), digits) + 0.0

    keypoints = cut(people.keypoints, PIXEL_DIGITS)
    scores = cut(people.keypoint_scores, SCORE_DIGITS)
    if keypoints is not None:
        missing = ~geometry.known(keypoints)
        keypoints[missing] = np.nan
        scores[missing] = 0
    actions = cut(people.action_scores, SCORE_DIGITS)
    if actions is not None:
        actions[~np.isfinite(actions).all(-1)] = np.nan
    return People(
        cut(people.boxes, PIXEL_DIGITS),
        cut(people.scores, SCORE_DIGITS),
        people.track_ids,
        keypoints,
        scores,
        actions,
    )


def rounded_frame(item: FramePeople) -> FramePeople:
    """A frame with its people and camera exactly as they come back from a document."""
    numbers = [1.0, 0.0, 0.0, 0.0] if item.camera is None else camera_numbers(item.camera)
    camera = None if numbers == [1.0, 0.0, 0.0, 0.0] else camera_matrix(numbers)
    return replace(item, people=rounded(item.people), camera=camera)
