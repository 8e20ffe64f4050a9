"""Where a long video may be parted so that its parts, run apart, give the bytes of a full run.

The stages that look only some frames around each frame (``Stage.context``, ``restart``, ``end``)
say what has to be run for a part: a little more on either side than the part itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hie_cli.core.types import VideoInfo
from hie_cli.pipeline.stage import Stage
from hie_cli.video.frame_range import FrameRange


@dataclass(frozen=True)
class Segment:
    """The frames of a video from ``first`` on and before ``end`` (None: its own end), and the
    frames to be ``run`` for them.
    """

    first: int
    end: int | None
    run: FrameRange


@dataclass(frozen=True)
class Split:
    """How a video is parted: its ``segments``, and the ``stages`` that are run on each by itself.

    ``video``, ``frames``: what is known of the video and which of its frames are used · ``key``:
    tells its input and settings from others.
    """

    segments: tuple[Segment, ...]
    stages: tuple[str, ...]
    video: VideoInfo
    frames: FrameRange
    key: str


def parted_stages(stages: Sequence[Stage]) -> list[Stage]:
    """The stages at the beginning of the chain that can be run on a part of the video."""
    found: list[Stage] = []
    for stage in stages:
        if stage.context is None or stage.settings is None:
            break
        found.append(stage)
    return found


def segments(stages: Sequence[Stage], frames: FrameRange, total: int, length: int) -> list[Segment]:
    """``frames`` of a video of ``total`` frames in parts of about ``length`` frames each.

    ``stages``: as ``parted_stages`` gives them. The parts are as even as the places allow at which
    little has to be run twice; one where there is nothing to part.
    """
    used = range(frames.first, total if frames.end is None else min(frames.end, total))[
        :: frames.stride
    ]
    count = -(-len(used) // max(1, length))
    wanted = [used[k * len(used) // count] for k in range(1, count)]
    found = [_good_place(stages, frames, index) for index in wanted]
    starts = sorted({frames.first, *found})
    ends = [*starts[1:], None]
    return [
        Segment(
            first,
            frames.end if end is None else end,
            FrameRange(
                _first_run(stages, frames, first),
                frames.end if end is None else _end_run(stages, frames, total, end),
                frames.stride,
            ),
        )
        for first, end in zip(starts, ends, strict=True)
    ]


def _good_place(stages: Sequence[Stage], frames: FrameRange, index: int) -> int:
    """The first frame at or before ``index`` that is run from the same frame on as that one."""
    from_where = _first_run(stages, frames, index)
    while index > frames.first and _first_run(stages, frames, index - frames.stride) == from_where:
        index -= frames.stride
    return index


def _first_run(stages: Sequence[Stage], frames: FrameRange, index: int) -> int:
    """The frame from which to run ``stages`` so that frame ``index`` comes out as in a full run."""
    for stage in reversed(stages):
        around = (stage.context or 0) * frames.stride
        index = stage.restart(max(frames.first, index - around))
    late = max(frames.first, index) - frames.first
    return frames.first + -(-late // frames.stride) * frames.stride


def _end_run(stages: Sequence[Stage], frames: FrameRange, total: int, end: int) -> int | None:
    """The end of the frames to run so that all frames before ``end`` come out as in a full run."""
    last = end - frames.stride
    for stage in reversed(stages):
        last = stage.end(last + (stage.context or 0) * frames.stride) - 1
    return frames.end if last + 1 >= (frames.end or total) else last + 1
