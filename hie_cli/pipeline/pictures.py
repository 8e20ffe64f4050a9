"""The chain's last stage: people drawn on their frames, as video, contact sheet and pictures."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain

from hie_cli.core.types import FrameStream, VideoInfo
from hie_cli.pipeline.inputs import Source
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.stage import Stage
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


def render(job: Pictures) -> Stage:
    """The overlay video and the contact sheet, drawn as the frames pass."""

    def stage(stream: FrameStream) -> FrameStream:
        first = next(stream, None)  # only now is the number of frames known
        if first is None or job.output is None or job.source is None:
            return
        name, config = job.video.name, job.config
        view = overlay_view(job.video, config, job.stride)
        overlay = OverlayWriter(job.output.overlay(name), job.video.fps / job.stride / config.slow)
        painter = Painter(config, job.video.fps, view)
        sheet = ContactSheet(job.video, view, len(job.source), config, job.stride)
        folder = job.output.overlay(name).with_suffix("")
        shown = _clock(job)
        try:
            for item in chain([first], stream):
                if item.image is None:
                    raise ValueError(f"frame {item.index}: drawing needs its image")
                picture = view.picture(item.image)
                painter.paint(picture, item.people, item.index, item.camera)
                overlay.write(picture, shown(item.index) - shown(first.index))
                sheet.add(item)
                if job.png:
                    save_png(folder / f"{item.index:06d}.png", picture)
                yield replace(item, image=picture)
            overlay.close()
        except BaseException:
            overlay.discard()
            raise
        sheet.save(job.output.contact_sheet(name))

    return Stage("render", stage, needs_pixels=True)


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
