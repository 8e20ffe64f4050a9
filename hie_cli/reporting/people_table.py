"""All boxes of one document as flat arrays, and every identity as rows of them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.action_classes import NUM_ACTIONS
from hie_cli.core.types import FloatArray, IntArray
from hie_cli.formats.documents.document import Document

_HELD_SECONDS = 2.0  # of a gap in which people are taken to be there as before
FALLBACK_FPS = 25.0  # of documents that do not say


@dataclass(frozen=True, eq=False)
class PeopleTable:
    """What a document says of its video: F frames with B boxes in all.

    frames (F,) int64 frame numbers, evenly apart where those of the document are, but for gaps: a
    live source drops frames, which have the people of the one before for as long as two seconds,
    then none · counts (F,) people in each · position (B,) int64
    row of ``frames`` that a box belongs to, ascending · boxes (B, 4) float32 xyxy pixels · scores
    (B,) float32 · track_ids (B,) int64, None where the track stage has not run · actions (B, 14)
    float32, NaN rows where nothing was recognised, None where the action stage has not run ·
    camera_shift: how far the camera moves the picture's middle in a frame, in pixels, on average;
    None where the document holds no motion of it · headed: whether the document states size and
    rate, which else are guesses.
    """

    name: str
    stage: str
    width: int
    height: int
    fps: float
    models: tuple[str, ...]
    frames: IntArray
    counts: IntArray
    position: IntArray
    boxes: FloatArray
    scores: FloatArray
    track_ids: IntArray | None
    actions: FloatArray | None
    camera_shift: float | None = None
    headed: bool = True

    @property
    def stride(self) -> int:
        """Frames of the video from one row to the next."""
        return int(np.diff(self.frames).min()) if len(self.frames) > 1 else 1

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.fps / self.stride

    @property
    def seconds(self) -> float:
        """From the first row to the end of the last one."""
        return len(self.frames) / self.rate

    @cached_property
    def heights(self) -> FloatArray:
        """(B,) pixels, at least 1."""
        return np.maximum(self.boxes[:, 3] - self.boxes[:, 1], 1.0)

    @cached_property
    def feet(self) -> FloatArray:
        """(B, 2) pixels: the middle of each box's lower edge."""
        x = (self.boxes[:, 0] + self.boxes[:, 2]) / 2
        return np.stack([x, self.boxes[:, 3]], axis=-1)

    @cached_property
    def rows_of(self) -> dict[int, NDArray[np.intp]]:
        """The boxes of every identity, in order of time; identities by their first box."""
        if self.track_ids is None or not len(self.track_ids):
            return {}
        order = np.argsort(self.track_ids, kind="stable")
        ids, starts = np.unique(self.track_ids[order], return_index=True)
        rows = np.split(order, starts[1:])
        by_birth = sorted(zip(ids.tolist(), rows, strict=True), key=lambda pair: int(pair[1][0]))
        return dict(by_birth)

    @cached_property
    def action_step(self) -> int:
        """Rows from one recognition of actions to the next: for so long one is taken to hold.

        A single one holds for the whole clip, which then is shorter than a step.
        """
        scored = np.unique(self.position[self.best_action >= 0])
        if len(scored) == 1:
            return len(self.frames)
        return int(np.median(np.diff(scored))) if len(scored) else 1

    @cached_property
    def best_action(self) -> IntArray:
        """(B,) the likeliest action of each box, -1 where none was recognised."""
        best = np.full(len(self.boxes), -1)
        if self.actions is not None:
            known = np.isfinite(self.actions).all(-1)
            best[known] = self.actions[known].argmax(-1)
        return best


def read_people(path: Path) -> PeopleTable:
    """The table of one document. Raises InputError where it is broken."""
    document = Document(path)
    frames: list[int] = []
    counts: list[int] = []
    boxes, scores = [np.zeros((0, 4), np.float32)], [np.zeros(0, np.float32)]
    ids, actions = [np.zeros(0, np.int64)], [np.zeros((0, NUM_ACTIONS), np.float32)]
    has_ids, has_actions = True, False
    shifts: list[float] = []
    for item in document:
        people = item.people
        frames.append(item.index)
        counts.append(len(people))
        shifts += [] if item.camera is None else [_shift(item.camera, document)]
        if not len(people):
            continue
        boxes.append(np.asarray(people.boxes, np.float32))
        scores.append(np.asarray(people.scores, np.float32))
        has_ids &= people.track_ids is not None
        has_actions |= people.action_scores is not None
        unnamed = np.full(len(people), -1, np.int64)
        named = people.track_ids
        ids.append(unnamed if named is None else np.asarray(named, np.int64))
        scored = people.action_scores
        unknown = np.full((len(people), NUM_ACTIONS), np.nan, np.float32)
        actions.append(unknown if scored is None else scored.astype(np.float32))
    header, corners = document.header, np.concatenate(boxes)
    rate = FALLBACK_FPS if header is None else header.video.fps
    numbers, people_in, row = _without_gaps(
        np.array(frames, np.int64), np.array(counts, np.int64), rate
    )
    far = corners[:, 2:].max(0, initial=1.0)
    return PeopleTable(
        path.stem if header is None else header.video.name,
        "detect" if header is None else header.stage,
        int(np.ceil(far[0])) if header is None else header.video.width,
        int(np.ceil(far[1])) if header is None else header.video.height,
        rate,
        () if header is None else tuple(dict.fromkeys(str(m["name"]) for m in header.models)),
        numbers,
        people_in,
        np.repeat(row, counts),
        corners,
        np.concatenate(scores),
        np.concatenate(ids) if has_ids and (len(corners) or _tracked(document)) else None,
        np.concatenate(actions) if has_actions else None,
        sum(shifts) / len(frames) if shifts else None,
        header is not None,
    )


def _without_gaps(
    frames: IntArray, counts: IntArray, fps: float
) -> tuple[IntArray, IntArray, NDArray[np.intp]]:
    """Frames (F,) evenly apart, the people in each, and the row of each of the given ones (G,)."""
    row = np.arange(len(frames))
    steps = np.diff(frames)
    stride = int(steps.min(initial=2**62))
    if stride < 1 or (steps == stride).all() or (steps % stride).any():
        return frames, counts, row
    whole = np.arange(frames[0], frames[-1] + 1, stride)
    row = (frames - frames[0]) // stride
    before = np.searchsorted(frames, whole, side="right") - 1
    near = whole - frames[before] <= _HELD_SECONDS * fps
    return whole, np.where(near, counts[before], 0), row


def _tracked(document: Document) -> bool:
    return document.header is not None and "track" in document.header.stages


def _shift(camera: FloatArray, document: Document) -> float:
    """How far a homography moves the middle of the picture, in pixels."""
    if document.header is None:
        return 0.0
    video = document.header.video
    middle = np.array([video.width / 2, video.height / 2, 1.0])
    x, y, w = camera @ middle
    return float(np.hypot(x / w - middle[0], y / w - middle[1]))
