"""Which frames of a sequence are scored: its truth may end before the video does, or be of some
frames alone.
"""

from collections.abc import Sequence
from dataclasses import replace

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.errors import InputError
from hie_cli.core.types import FramePeople


def reaching(
    truth: TruthSequence, people: Sequence[FramePeople], length: int | None = None
) -> tuple[TruthSequence, str]:
    """``truth`` with frames in which nobody is up to the last prediction, and a note if there are.

    That is done where the end of the truth is open (track text without ``seqinfo.ini``), so that a
    false positive after the last annotated person is one. ``length``: the number of frames where it
    is known otherwise; InputError if the truth is longer.
    """
    held = len(truth.frames)
    if length is not None:
        if length < held:
            raise InputError(
                f"{truth.name}: lengths gives it {length} frames, its truth has {held}; correct it"
            )
        return replace(truth, frames=_extended(truth, length), open_end=False), ""
    last = max((item.index for item in people), default=-1)
    if not truth.open_end or last < held:
        return truth, ""
    note = (
        f"{truth.name}: the truth states no length and ends with frame {held - 1}; frames up to "
        f"{last}, the last with a prediction, count as frames without anybody"
    )
    return replace(truth, frames=_extended(truth, last + 1)), note


def labelled(truth: TruthSequence) -> tuple[TruthSequence, str]:
    """``truth`` whose frames without anybody were not labelled, and a note that counts the others.

    Track text lists boxes, not frames: it cannot tell a frame in which nobody is from one that
    nobody labelled.
    """
    frames = tuple(
        frame if len(frame) else replace(frame, annotated=False) for frame in truth.frames
    )
    count = sum(frame.annotated for frame in frames)
    note = f"{truth.name}: scored on the {count} of {len(frames)} frames whose truth holds somebody"
    return replace(truth, frames=frames), note


def _extended(truth: TruthSequence, length: int) -> tuple[Annotations, ...]:
    return truth.frames + (Annotations.empty(),) * (length - len(truth.frames))
