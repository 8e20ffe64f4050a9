"""The chain's stages on a stream without end, written segment by segment."""

from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import groupby

from hie_cli.core.prefetch import prefetch
from hie_cli.core.types import FramePeople, FrameStream
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.rounding import rounded_frame
from hie_cli.formats.documents.writer import DocumentWriter
from hie_cli.pipeline import pictures
from hie_cli.pipeline.clock import timed_stage
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.stage import Stage, unwritten
from hie_cli.pipeline.stages import STAGES, VideoRun
from hie_cli.streaming.segments import Segments

# Frames that wait between two stages: each is a frame of delay.
_AHEAD = 1


def live_stream(run: VideoRun, stages: tuple[str, ...], segments: Segments) -> FrameStream:
    """The frames of ``run.frames`` through ``stages``, numbered as the source numbers them.

    Stages keep what they know over the borders of segments, so that identities continue; documents
    and pictures are published segment by segment.
    """
    assert run.frames is not None
    with ExitStack() as stack:
        stream: FrameStream = iter(run.frames)
        header = Header("detect", run.video, (0, None, run.stride))
        for name in stages:
            ahead = prefetch(stream, _AHEAD)
            stack.callback(ahead.close)
            stage = STAGES[name](run)
            header = stage.header(header)
            stream = _through(stage, ahead, header, segments, run, stack)
        yield from stream


def _through(
    stage: Stage,
    stream: FrameStream,
    header: Header,
    segments: Segments,
    run: VideoRun,
    stack: ExitStack,
) -> FrameStream:
    if stage.name == "render":
        return _drawn(stream, segments, run)
    stage = replace(stage, run=partial(timed_stage, stage.name, stage.run, clock=run.clock))
    if run.output is None:
        return unwritten(stage, stream)
    writer = SegmentWriter(run.output, header, segments)
    stack.callback(writer.close)
    return _written(stage, stream, writer)


def _written(stage: Stage, stream: FrameStream, writer: "SegmentWriter") -> FrameStream:
    """``stage`` on ``stream``, written along and passed on as a reader would get it."""
    for item in stage.run(stream):
        result = rounded_frame(item)
        writer.write(result)
        yield result
    writer.publish()


class SegmentWriter:
    """Writes the documents of one stage; each is published when the next one begins."""

    def __init__(self, output: OutputDir, header: Header, segments: Segments) -> None:
        self._output, self._header, self._segments = output, header, segments
        self._number = -1
        self._writer: DocumentWriter | None = None

    def write(self, item: FramePeople) -> None:
        """Append a frame. Raises ConfigError if the place cannot be written."""
        number = self._segments.number(item.index)
        if self._writer is None or number != self._number:
            self.publish()
            video = self._segments.video_of(number)
            path = self._output.document(self._header.stage, video.name)
            self._writer = DocumentWriter(path, replace(self._header, video=video))
            self._number = number
        self._writer.write(self._segments.local(item))

    def publish(self) -> None:
        """Finish the document that is being written, if there is one."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.publish()

    def close(self) -> None:
        """Leave the document that is being written unfinished."""
        if self._writer is not None:
            self._writer.close()


def _drawn(stream: FrameStream, segments: Segments, run: VideoRun) -> FrameStream:
    """Overlay and contact sheet of each segment; the frames come out with what was drawn."""
    assert run.frames is not None
    for number, items in groupby(stream, key=lambda item: segments.number(item.index)):
        job = pictures.Pictures(
            segments.video_of(number),
            run.stride,
            run.config.render,
            run.output,
            False,
            run.frames.source,
        )
        first = segments.first(number)
        for item in pictures.render(job).run(map(segments.local, items)):
            yield replace(item, index=item.index + first)
