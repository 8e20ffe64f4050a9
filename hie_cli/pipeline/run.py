"""One video through the chain, or one document through one stage, written as documents.

Every stage passes on what a reader of its document would get back (``rounding.rounded_frame``), so
the files of ``hie run`` equal those of the separate commands.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial

from hie_cli.core.errors import InputError
from hie_cli.core.prefetch import prefetch
from hie_cli.core.progress import progress
from hie_cli.core.types import FramePeople, FrameStream
from hie_cli.formats.documents.document import Document, Header
from hie_cli.formats.documents.writer import DocumentWriter
from hie_cli.pipeline.clock import Clock, timed_source, timed_stage
from hie_cli.pipeline.document_inputs import attach, document_name, video_info
from hie_cli.pipeline.inputs import Source
from hie_cli.pipeline.networks import Models
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.settings import ChainConfig
from hie_cli.pipeline.stage import unwritten, with_images, written
from hie_cli.pipeline.stages import STAGES, SourcePasses, VideoRun
from hie_cli.video.frame_range import FrameRange
from hie_cli.video.sources import VideoSource

Stream = Generator[FramePeople, None, None]  # a FrameStream that can be closed before its end


def run_video(
    source: VideoSource,
    stages: Sequence[str],
    output_dir: OutputDir,
    config: ChainConfig,
    models: Models,
) -> list[FramePeople]:
    """Take one video through ``stages``, in that order (``stages_until``); its people at the end.

    Pixels are decoded once, ahead, and flow through detect, pose and the tracker's description of
    people; identities and actions follow from those alone; the overlay decodes once more, and so do
    poses that wait for identities (``config.order``).
    """
    return _people(video_stream(source, stages, output_dir, config, models, images=False))


def video_stream(
    source: Source,
    stages: Sequence[str],
    output_dir: OutputDir | None,
    config: ChainConfig,
    models: Models,
    images: bool = True,
    clock: Clock | None = None,
) -> Stream:
    """``run_video`` frame by frame, as far as the stages allow; without ``output_dir`` nothing is
    written.

    images: each item carries its image, read once more where the stages could not keep it; a source
    that can be read once only then gives none. clock: what the stages take is added to it.
    """
    frames = SourcePasses(source)
    chosen = source.range
    header = Header("detect", source.info, (chosen.first, chosen.end, chosen.stride))
    time = clock or Clock()
    run = VideoRun(source.info, chosen.stride, frames, config, models, output_dir, clock=time)
    return flow(frames, header, chosen, stages, run, pixels=True, images=images)


def run_document(
    document: Document,
    source: VideoSource | None,
    stage: str,
    output_dir: OutputDir,
    config: ChainConfig,
    models: Models,
    png: bool = False,
) -> list[FramePeople]:
    """Take one document through one stage; its people at the end."""
    return _people(document_stream(document, source, stage, output_dir, config, models, png))


def document_stream(
    document: Document,
    source: VideoSource | None,
    stage: str,
    output_dir: OutputDir | None,
    config: ChainConfig,
    models: Models,
    png: bool = False,
    clock: Clock | None = None,
) -> Stream:
    """``run_document`` frame by frame, as far as the stage allows.

    ``source`` is the document's video; track does without it, and so does action unless one of its
    models looks at pixels.
    """
    header = document.header or foreign_header(document, source)
    frames = None if source is None else SourcePasses(source)
    chosen = FrameRange(*header.frames)
    time = clock or Clock()
    run = VideoRun(header.video, chosen.stride, frames, config, models, output_dir, png, time)
    stream: Iterable[FramePeople] = document
    if stage == "action":
        stream = RequireTrackIds(document)
    elif source is not None:
        stream = attach(document, source)
    pixels = source is not None and stage != "action"
    return flow(stream, header, chosen, (stage,), run, pixels)


def _people(stream: Stream) -> list[FramePeople]:
    with closing(stream):
        return [FramePeople(item.index, item.people, camera=item.camera) for item in stream]


def flow(
    start: Iterable[FramePeople],
    header: Header,
    frames: FrameRange,
    stages: Sequence[str],
    run: VideoRun,
    pixels: bool,
    images: bool = False,
) -> Stream:
    """The frames of ``start`` through ``stages``.

    ``header``: of the document that ``start`` is, or would be · ``frames``: which of the video's ·
    ``pixels``: whether they carry images · ``images``: whether the results are to do so.
    Each stage's document is published as its last frame has passed; documents that are unfinished
    when the stream is closed can be resumed.
    """
    total = run.frames.total if run.frames is not None else 0
    with ExitStack() as stack:
        stream: FrameStream = timed_source(start, run.clock) if pixels else iter(start)
        for name in stages:
            stage = STAGES[name](run)
            if stage.needs_pixels and not pixels:
                assert run.frames is not None
                stream, pixels = with_images(stream, timed_source(run.frames, run.clock)), True
            if pixels:
                ahead = prefetch(stream)
                stack.callback(ahead.close)
                stream = ahead
            if stage.whole:
                stream = progress(stream, f"{run.video.name}: people", total or None)
            stage = replace(stage, run=partial(timed_stage, name, stage.run, clock=run.clock))
            if stage.settings is None or run.output is None:
                stream = stage.run(stream) if stage.settings is None else unwritten(stage, stream)
            else:
                header = stage.header(header)
                path = run.output.document(name, run.video.name)
                writer = DocumentWriter(path, header, run.output.resumes(name))
                stack.callback(writer.close)
                stream = written(stage, stream, writer, frames, run.clock)
            pixels = pixels and stage.keeps_images
        if images and not pixels and run.frames is not None and run.frames.again:
            again = prefetch(timed_source(run.frames, run.clock))
            stack.callback(again.close)
            stream = with_images(stream, again)
        yield from progress(stream, f"{run.video.name}: {stages[-1]}", total or None)


@dataclass(frozen=True)
class RequireTrackIds:
    """A document's frames, as often as asked for.

    Iterating raises InputError if its people have no identities.
    """

    document: Document

    def __iter__(self) -> Iterator[FramePeople]:
        for item in self.document:
            if len(item.people) and item.people.track_ids is None:
                raise InputError(
                    f"{self.document.path}: frame {item.index}: people have no track_id; "
                    "run hie track first"
                )
            yield item


def foreign_header(document: Document, source: VideoSource | None) -> Header:
    """A header for an annolist file that another program wrote."""
    video = video_info(document, source)
    return Header("detect", replace(video, name=document_name(document)))
