"""Rows of text tracks written, one for each box."""

import numpy as np

from hie_cli.core.types import People
from hie_cli.formats.layouts.text_tracks import DISTRACTORS, PEDESTRIAN
from hie_cli.formats.limits import xyxy_to_xywh
from hie_cli.formats.sequence import SequenceFrame


def format_rows(
    frame: int, people: People, base: int, tail: str = ",-1,-1,-1", conf: list[str] | None = None
) -> str:
    """The rows of one frame; ``conf`` replaces the scores (a truth file's flags)."""
    boxes = np.round(xyxy_to_xywh(people.boxes), 3) + 0.0
    ids = [-1] * len(people) if people.track_ids is None else people.track_ids.tolist()
    scores = conf or [f"{s:.10g}" for s in np.round(people.scores.astype(float), 6).tolist()]
    return "".join(
        f"{frame + base},{i},{x:.10g},{y:.10g},{w:.10g},{h:.10g},{c}{tail}\n"
        for i, (x, y, w, h), c in zip(ids, boxes.tolist(), scores, strict=True)
    )


def frame_rows(frame: SequenceFrame, base: int) -> str:
    """The rows of one frame of a sequence; truth's last number is its flag (0 ignored)."""
    truth = frame.truth
    if truth is None:
        return format_rows(frame.index, frame.people, base)
    flags = [str(int(not ignored)) for ignored in truth.ignore]
    if base == 1 and truth.distractor is not None:
        classes = np.where(truth.distractor, DISTRACTORS[2], PEDESTRIAN)
        flags = [f"{flag},{kind},1" for flag, kind in zip(flags, classes, strict=True)]
        return format_rows(frame.index, frame.people, base, "", flags)
    return format_rows(frame.index, frame.people, base, conf=flags)
