"""The chain's last stage: people drawn on their frames, as video, contact sheet and pictures."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain

from hie_cli.analysis.zones import read_zones
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.progress import note
from hie_cli.core.types import FramePeople, FrameStream, VideoInfo
from hie_cli.pipeline.inputs import Source
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.stage import Stage
from hie_cli.rendering.blur import hidden_regions, hide
from hie_cli.rendering.cutouts import CutoutWriter, plan_cutouts
from hie_cli.rendering.draw import Painter
from hie_cli.rendering.encoder import OverlayWriter
from hie_cli.rendering.settings import RenderConfig
from hie_cli.rendering.sheet import ContactSheet, save_png
from hie_cli.rendering.view import overlay_view
from hie_cli.video.sources import VideoSource
from hie_cli.video.timestamps import frame_times


@dataclass(frozen=True)
class Pictures:
    """What is to be drawn: of which video, how, and where to.

    stride: of the frames that are used · output: None draws nothing · png: every drawn frame as a
    picture, too · source: the video's frames, None where there are none.
    """

    video: VideoInfo
    stride: int
    config: RenderConfig
    output: OutputDir | None
    png: bool
    source: Source | None

    @property
    def planned(self) -> bool:
        """Whether what is drawn in a frame depends on later ones."""
        return self.config.blur != "none" or self.config.cutouts

    @property
    def rate(self) -> float:
        """Frames a second of what is written."""
        return self.video.fps / self.stride / self.config.slow


def render(job: Pictures) -> Stage:
    """The overlay video and the contact sheet, drawn as the frames pass.

    Where people are blurred or cut out, all of them are gathered first, and the video is read once
    more.
    """

    def stage(stream: FrameStream) -> FrameStream:
        first = next(stream, None)  # only now is the number of frames known
        if first is None or job.output is None or job.source is None:
            return
        stream = chain([first], stream)
        with ExitStack() as stack:
            clips = None
            if job.planned:
                frames = [replace(item, image=None) for item in stream]
                stream = _read_again(frames, job.source)
                stream = _blurred(stream, frames, job)
                clips = _clips(frames, job, job.output)
            yield from _drawn(stream, first.index, job, job.output, job.source, clips, stack)

    return Stage("render", stage, needs_pixels=not job.planned)


def _drawn(
    stream: FrameStream,
    first: int,
    job: Pictures,
    output: OutputDir,
    source: Source,
    clips: CutoutWriter | None,
    stack: ExitStack,
) -> FrameStream:
    """Frames with images -> the same with the painted ones, which are written along."""
    name, config = job.video.name, job.config
    view = overlay_view(job.video, config, job.stride)
    overlay = OverlayWriter(output.overlay(name), job.rate)
    stack.callback(overlay.discard)  # nothing, once it is published
    if clips is not None:
        stack.callback(clips.discard)
    zones = None if config.zones is None else read_zones(config.zones).scaled(job.video)
    painter = Painter(config, job.video.fps, view, zones=zones)
    sheet = ContactSheet(job.video, view, len(source), config, job.stride)
    folder = output.overlay(name).with_suffix("")
    shown = _clock(job)
    missing = set(config.only)
    for item in stream:
        _check_identities(item, name, missing)
        if item.image is None:
            raise ValueError(f"frame {item.index}: drawing needs its image")
        picture = view.picture(item.image)
        painter.paint(picture, item.people, item.index, item.camera)
        seconds = shown(item.index) - shown(first)
        overlay.write(picture, seconds)
        sheet.add(item)
        if clips is not None:
            clips.write(item, seconds)
        if job.png:
            save_png(folder / f"{item.index:06d}.png", picture)
        yield replace(item, image=picture)
    overlay.close()
    if clips is not None:
        clips.close()
    sheet.save(output.contact_sheet(name))
    if missing:
        ids = ", ".join(map(str, sorted(missing)))
        note(f"{name}: nobody has the identity {ids}")


def _check_identities(item: FramePeople, name: str, missing: set[int]) -> None:
    """Take those who are there out of the ``missing`` of whom are to be drawn alone.

    Raises InputError where people have no identities to choose by.
    """
    if not missing or not len(item.people):
        return
    if item.people.track_ids is None:
        raise InputError(
            f"{name}: frame {item.index}: people have no track_id to choose them by; run hie track "
            "first"
        )
    missing.difference_update(item.people.track_ids.tolist())


def _read_again(frames: list[FramePeople], source: Source) -> Iterator[FramePeople]:
    """Frames with their images. Raises ConfigError for a source that can be read only once."""
    if not (isinstance(source, VideoSource) or source.again):
        raise ConfigError(
            f"{source.info.name}: render.blur and render.cutouts need a video that can be read "
            "twice; give a file"
        )
    for item, frame in zip(frames, source, strict=True):
        yield replace(item, image=frame.image)


def _blurred(stream: FrameStream, frames: list[FramePeople], job: Pictures) -> FrameStream:
    """The frames with people made unrecognisable, as the settings want it."""
    mode = job.config.blur
    if mode == "none":
        return stream
    note(
        f"{job.video.name}: blur hides {mode} of those who were found; who was missed is not "
        "hidden, nor are clothes and gait: look the pictures through before you give them away"
    )
    regions = hidden_regions(frames, mode, job.video.fps)
    return (
        replace(item, image=hide(item.image, regions[item.index], mode))
        for item in stream
        if item.image is not None
    )


def _clips(frames: list[FramePeople], job: Pictures, output: OutputDir) -> CutoutWriter | None:
    """What writes a clip of each identity; None where none is wanted."""
    if not job.config.cutouts:
        return None
    folder = output.cutouts(job.video.name)
    output.check([folder])
    cutouts, short = plan_cutouts(frames, job.video, job.config)
    if short:
        note(f"{job.video.name}: {short} identities seen for less than a second have no clip")
    if not cutouts:
        note(f"{job.video.name}: no identity to cut out; hie track finds them")
    return CutoutWriter(folder, cutouts, job.config, job.video.fps, job.rate)


def _clock(job: Pictures) -> Callable[[int], float]:
    """The second at which the overlay shows a frame, by the frame's number."""
    slow, fps = job.config.slow, job.video.fps
    times = None
    if isinstance(job.source, VideoSource):
        times = frame_times(job.source.path, job.source.info.num_frames)
    if times is None:
        return lambda index: index / fps * slow
    stamps = times.tolist()
    return lambda index: (stamps[index] if index < len(stamps) else index / fps) * slow
