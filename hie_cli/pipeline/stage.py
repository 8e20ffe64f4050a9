"""What the chain knows of a stage, whichever it is: how to run it, and how to resume it."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from hie_cli.core.types import FramePeople, FrameStream
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.rounding import rounded_frame
from hie_cli.formats.documents.writer import DocumentWriter
from hie_cli.pipeline.clock import Clock
from hie_cli.video.frame_range import FrameRange


def _anywhere(index: int) -> int:
    return index


def _at_once(index: int) -> int:
    return index + 1


@dataclass(frozen=True)
class Stage:
    """One stage of the chain on one video: a frame's people in, the same frame's people out.

    run: the stage itself; one frame out for each frame in, in order · context: how many frames
    around a frame its result depends on, None = all of the video · restart: of a frame's index the
    index from which to run again so that this frame comes out as in a full run · end: of a frame's
    index the index before which it must not stop for that, what is around the frame aside ·
    needs_pixels: it cannot do without images · keeps_images: images that come in go out again ·
    whole: nothing comes out before the last frame has gone in.
    settings and models (a callable, for asking loads them) are what the document's header says of
    it; settings None: the stage writes no document.
    """

    name: str
    run: Callable[[FrameStream], FrameStream]
    settings: Any = None
    models: Callable[[], tuple[dict[str, str], ...]] = tuple
    context: int | None = None
    restart: Callable[[int], int] = _anywhere
    end: Callable[[int], int] = _at_once
    needs_pixels: bool = False
    keeps_images: bool = True
    whole: bool = False

    def header(self, before: Header) -> Header:
        """The header of this stage's document, which follows the document of ``before``."""
        return before.next_stage(self.name, self.models(), self.settings)


def written(
    stage: Stage, stream: FrameStream, writer: DocumentWriter, frames: FrameRange, clock: Clock
) -> FrameStream:
    """``stage`` on ``stream``, written along and passed on as a reader would get it.

    Goes on where ``writer`` had stopped: frames that its document holds are passed on from there.
    The document is published when the stream has come to its end. ``clock`` is told of the writing.
    """
    done = {item.index: item for item in writer.done}
    for item in _continued(stage, stream, writer, frames):
        result = done.pop(item.index, None)
        if result is None:
            with clock.timing("write"):
                result = rounded_frame(item)
                writer.write(result)
        yield replace(item, people=result.people, camera=result.camera)
    with clock.timing("write"):
        writer.publish()


def unwritten(stage: Stage, stream: FrameStream) -> FrameStream:
    """``stage`` on ``stream``, passed on as ``written`` would, without a document."""
    for item in stage.run(stream):
        yield rounded_frame(item)


def _continued(
    stage: Stage, stream: FrameStream, writer: DocumentWriter, frames: FrameRange
) -> FrameStream:
    """The stage's results, and its input unchanged for the frames that need no work any more."""
    if writer.finished:
        yield from islice(stream, len(writer.done))
        deque(stream, maxlen=0)  # the stages before it publish at their stream's end
        return
    restart = _restart(stage, writer.done, frames)
    yield from islice(stream, sum(item.index < restart for item in writer.done))
    yield from stage.run(stream)


def _restart(stage: Stage, done: Sequence[FramePeople], frames: FrameRange) -> int:
    """The frame from which a stage has to run again, given the frames that are ``done``."""
    if not done or stage.context is None:
        return frames.first
    lacking = done[-1].index + frames.stride
    return stage.restart(max(frames.first, lacking - stage.context * frames.stride))


def with_images(stream: Iterable[FramePeople], frames: Iterable[FramePeople]) -> FrameStream:
    """``stream`` with the images of ``frames``, which come in step with it."""
    for item, frame in zip(stream, frames, strict=True):
        yield replace(item, image=frame.image)
