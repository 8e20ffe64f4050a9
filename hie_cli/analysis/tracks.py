"""A document's tracked people as arrays, in coordinates that stand still."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hie_cli.camera.path import CameraPath
from hie_cli.core.errors import InputError
from hie_cli.core.types import FloatArray, FramePeople, VideoInfo

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
UNSURE, UNSCORED = -1, -2


@dataclass(frozen=True)
class Tracks:
    """All people of one video; a row a person and frame, frames ascending.

    frames (T,): numbers of all frames, those with nobody too · seconds (T,) from the video's
    beginning · step: seconds between frames · row_frame (N,): positions in ``frames`` · ids (N,) ·
    feet (N, 2): pixels of the reference frame, whatever the camera did · heights (N,) pixels,
    likewise · actions (N,): the likeliest one's number, ``UNSURE`` below the threshold,
    ``UNSCORED`` where none was scored.
    """

    video: VideoInfo
    frames: Ints
    seconds: Floats
    step: float
    row_frame: Ints
    ids: Ints
    feet: Floats
    heights: Floats
    actions: Ints

    @cached_property
    def lives(self) -> dict[int, Ints]:
        """The rows of every identity, ascending in time."""
        order = np.argsort(self.ids, kind="stable")
        found = self.ids[order]
        borders = np.flatnonzero(np.diff(found)) + 1
        return {int(self.ids[rows[0]]): rows for rows in np.split(order, borders) if len(rows)}

    def times(self, rows: Ints) -> Floats:
        """The seconds of rows."""
        return self.seconds[self.row_frame[rows]]


def gather(
    items: Iterable[FramePeople],
    video: VideoInfo,
    label: str,
    min_action_score: float = 0.0,
    reference: int = 0,
) -> Tracks:
    """The people of a document; ``reference``: the frame whose pixels are the coordinates.

    Raises InputError naming ``label`` where people have no identities.
    """
    frames: list[int] = []
    cameras: list[FloatArray | None] = []
    row_frame, ids, boxes, actions = [], [], [], []
    for item in items:
        people = item.people
        frames.append(item.index)
        cameras.append(item.camera)
        if not len(people):
            continue
        if people.track_ids is None:
            raise InputError(
                f"{label}: frame {item.index}: people have no track_id; run hie track first"
            )
        row_frame.append(np.full(len(people), len(frames) - 1))
        ids.append(people.track_ids)
        boxes.append(people.boxes.astype(np.float64))
        actions.append(_actions(people.action_scores, len(people), min_action_score))
    where = np.concatenate(row_frame) if row_frame else np.zeros(0, np.int64)
    box = np.concatenate(boxes) if boxes else np.zeros((0, 4))
    numbers = np.array(frames, np.int64)
    path = CameraPath.of(frames, cameras)
    if path is not None:
        at = numbers[min(int(np.searchsorted(numbers, reference)), len(numbers) - 1)]
        box = path.seen_from(int(at)).boxes(numbers[where], box)
    steps = np.diff(numbers)
    stride = int(np.median(steps)) if len(steps) else 1
    return Tracks(
        video,
        numbers,
        numbers / video.fps,
        stride / video.fps,
        where,
        np.concatenate(ids) if ids else np.zeros(0, np.int64),
        np.stack([(box[:, 0] + box[:, 2]) / 2, box[:, 3]], axis=1),
        np.maximum(box[:, 3] - box[:, 1], 1e-6),
        np.concatenate(actions) if actions else np.zeros(0, np.int64),
    )


def _actions(scores: FloatArray | None, count: int, least: float) -> Ints:
    """What each person does (N,)."""
    found = np.full(count, UNSCORED, np.int64)
    if scores is not None:
        known = np.asarray(np.isfinite(scores).all(axis=1))
        best = np.where(known[:, None], scores, 0).argmax(axis=1)
        sure = scores[np.arange(count), best] >= least
        found[known] = np.where(sure, best, UNSURE)[known]
    return found
