"""A live source through the chain, frame by frame, until it ends or somebody stops it."""

from collections.abc import Callable, Generator, Iterator
from datetime import UTC, timedelta
from typing import Any, Literal

from hie_cli.core.durations import parse_duration
from hie_cli.core.errors import ConfigError
from hie_cli.core.progress import progress
from hie_cli.core.types import FramePeople, FrameStream, VideoInfo
from hie_cli.formats.files import file_name, require_writable
from hie_cli.pipeline.clock import Clock
from hie_cli.pipeline.networks import Models, check_models
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.settings import ChainConfig, stages_until
from hie_cli.pipeline.stages import SourcePasses, VideoRun
from hie_cli.pipeline.summary import summary, write_summary
from hie_cli.pipeline.tally import Tally
from hie_cli.rendering.draw import Painter
from hie_cli.streaming import pace
from hie_cli.streaming.events import LiveEvent, LiveEvents
from hie_cli.streaming.segments import Segments, make_room
from hie_cli.streaming.stages import live_stream
from hie_cli.streaming.watch import WatchPage
from hie_cli.video.addresses import is_live, parse_address
from hie_cli.video.live import LiveOptions, LiveSource, News

DEFAULT_SEGMENT = "10min"
Ending = Literal["ended", "stopped", "duration", "lost"]


def open_live(
    source: str,
    config: ChainConfig,
    *,
    device: str = "auto",
    output: OutputDir | None = None,
    until: str | None = None,
    segment: str | float = DEFAULT_SEGMENT,
    duration: str | float | None = None,
    name: str | None = None,
    serve: int | None = None,
    told: Callable[[News], None] | None = None,
) -> "LiveRun":
    """A live source, connected, with its networks loaded; see ``hie_cli.stream``.

    told: called, from another thread, when the source is lost or back. Raises ConfigError,
    InputError and ModelError.
    """
    if not is_live(source):
        raise ConfigError(
            f"{source}: not a live source; expected rtsp://, rtsps://, http://, https:// or the "
            "number of a camera"
        )
    address = parse_address(source)
    settings = pace.live_settings(config)
    if until == "render" and output is None:
        raise ConfigError("until render needs an output folder to draw to")
    stages = stages_until(until or ("action" if output is None else "render"), settings.order)
    seconds = None if output is None else parse_duration("--segment", segment)
    limit = None if duration is None else parse_duration("--for", duration)
    check_models(settings, stages, device)
    title = file_name(name or address.name)
    if output is not None:
        make_room(output, title, stages)
        require_writable(output.folder)
    video = settings.video
    options = LiveOptions(video.timeout, video.patience, video.fps)
    opened = LiveSource(address, options, title, told)
    try:
        models = Models(settings, device)
        return LiveRun(opened, stages, settings, models, output, seconds, limit, serve)
    except BaseException:
        opened.stop()
        raise


class LiveRun(Iterator[FramePeople]):
    """An iterator over the frames of a live source; those of a segment count from 0.

    video: the source · stride: every how many of its frames one is looked at · stages: that it goes
    through · seconds: when the last frame was taken, from frame 0 · delay: seconds that it took
    since then · events: what is known from the last frame on · records: of the segments that are
    complete · page: on which it can be watched, None if none was asked for. ``stop()``, from
    whatever thread or signal handler, ends the run: what is under way still comes, and the last
    segment is complete. ``close()`` drops it.
    """

    def __init__(
        self,
        source: LiveSource,
        stages: tuple[str, ...],
        config: ChainConfig,
        models: Models,
        output: OutputDir | None,
        segment_seconds: float | None,
        duration: float | None,
        serve: int | None = None,
    ) -> None:
        self.source, self.stages, self.output = source, stages, output
        rate, fps = config.video.rate, source.info.fps
        if rate is None:
            seconds = pace.seconds_a_frame(source.picture(), config, models, stages)
            self.stride = pace.stride_for(fps, seconds)
        else:
            self.stride = max(1, round(fps / rate))
        self.config = pace.at_stride(config, fps, self.stride)
        self.segments = Segments.of(source.info, self.stride, segment_seconds)
        self.seconds = self.delay = 0.0
        self.events: list[LiveEvent] = []
        self.records: list[dict[str, Any]] = []
        self.page = None if serve is None else WatchPage(serve, self._state)
        self._segment: _Segment | None = None
        self._stopped = False
        self._people = 0
        self._duration = duration
        self._events = LiveEvents(self.config.action.every / fps)
        self._painter = None
        if self.page is not None and "render" not in stages:
            self._painter = Painter(self.config.render, fps)
        clock = Clock()
        run = VideoRun(
            source.info, self.stride, SourcePasses(source), self.config, models, output, clock=clock
        )
        source.start(self.stride, duration)
        self._frames = self._counted(live_stream(run, stages, self.segments))

    @property
    def video(self) -> VideoInfo:
        """The source: name, size and rate."""
        return self.source.info

    @property
    def dropped(self) -> int:
        """Frames that came too fast to be looked at."""
        return self.source.dropped

    @property
    def absent(self) -> int:
        """Frames that the source did not give."""
        return self.source.absent

    @property
    def ending(self) -> Ending:
        """Why it is over."""
        if self.source.lost is not None:
            return "lost"
        if self._stopped:
            return "stopped"
        limit = self._duration
        return "duration" if limit is not None and self.source.seconds >= limit else "ended"

    def __next__(self) -> FramePeople:
        return next(self._frames)

    def _counted(self, stream: FrameStream) -> Generator[FramePeople, None, None]:
        """Each frame as one of its segment; ``records`` grow as segments end."""
        try:
            for item in progress(stream, f"{self.video.name}: {self.stages[-1]}", None):
                self.seconds = item.index / self.video.fps
                self.delay = max(0.0, self.source.seconds - self.seconds)
                self.events = self._events.step(self.seconds, item.people)
                number = self.segments.number(item.index)
                if self._segment is None or self._segment.number != number:
                    self._end_segment()
                    self._segment = _Segment(number)
                local = self.segments.local(item)
                self._segment.add(local)
                self._show(item)
                yield local
            self._end_segment()
        finally:
            self.source.stop()
            if self.page is not None:
                self.page.close()
        if self.source.lost is not None:
            raise self.source.lost

    def _show(self, item: FramePeople) -> None:
        """Give the page the frame, drawn by now or here."""
        self._people = len(item.people)
        if self.page is None or item.image is None:
            return
        image = item.image
        if self._painter is not None:
            image = self._painter.paint(image.copy(), item.people, item.index, item.camera)
        self.page.show(image)

    def _state(self) -> dict[str, Any]:
        """What the page says below the picture."""
        return {
            "name": self.video.name,
            "people": self._people,
            "delay": round(self.delay, 2),
            "dropped": self.dropped,
        }

    def _end_segment(self) -> None:
        """The documents of the segment are complete: record it, and write ``summary.json``."""
        segment, self._segment = self._segment, None
        if segment is None or self.output is None:
            return
        record = segment.record(self.segments)
        if self.source.started is not None:
            begun = timedelta(seconds=self.segments.first(segment.number) / self.video.fps)
            moment = (self.source.started + begun).astimezone(UTC)
            record["started"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        record["source"] = self.source.address.shown
        self.records.append(record)
        write_summary(self.output.folder, summary([record], self.stages, self.config))

    def finish(self) -> list[dict[str, Any]]:
        """Run to the end; the records."""
        for _ in self._frames:
            pass
        return self.records

    def stop(self) -> None:
        """End the run; see above."""
        self._stopped = True
        self.source.stop()

    def close(self) -> None:
        """Give the run up; the last segment's documents stay unfinished."""
        self.source.stop()
        self._frames.close()
        if self.page is not None:
            self.page.close()


class _Segment:
    """What is counted of one segment."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._tally = Tally()
        self._last = 0

    def add(self, item: FramePeople) -> None:
        """A frame, by its number in the segment."""
        self._tally.add(item)
        self._last = item.index

    def record(self, segments: Segments) -> dict[str, Any]:
        """For ``summary.json``."""
        video = segments.video_of(self.number)
        frames = self._tally.frames
        seconds = (self._last + segments.stride) / video.fps
        return (
            {"name": video.name}
            | self._tally.record()
            | {
                "fps": round(video.fps, 3),
                "seconds": round(seconds, 3),
                "frames_per_second": round(frames / seconds, 3),
                "missing": segments.missing(frames, self._last),
                "status": "ok",
            }
        )
