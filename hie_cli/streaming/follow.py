"""What a live run tells other programs: one JSON object for each frame and event.

docs/streams.md states every field; fields may be added, none changes its meaning.
"""

from datetime import datetime, timedelta
from typing import Any

from hie_cli.core.text import encodable
from hie_cli.core.types import FramePeople
from hie_cli.core.version import __version__
from hie_cli.streaming.events import LiveEvent
from hie_cli.streaming.segments import Segments
from hie_cli.video.live import News


class Follower:
    """Makes the records of one run, as plain values.

    source: the address, without its password · started: the moment of frame 0.
    """

    def __init__(self, source: str, segments: Segments) -> None:
        self._source, self._segments = source, segments
        self.started: datetime | None = None

    def start(self) -> dict[str, Any]:
        """The first one."""
        video, length = self._segments.video, self._segments.length
        return self._record(
            "start", 0.0, hie=__version__, source=self._source, name=video.name,
            width=video.width, height=video.height, fps=round(video.fps, 3),
            stride=self._segments.stride,
            segment_seconds=None if length is None else round(length / video.fps, 3),
        )  # fmt: skip

    def frame(self, item: FramePeople, seconds: float, delay: float) -> dict[str, Any]:
        """A frame with its people, ``delay`` seconds after it was taken."""
        return self._record(
            "frame", seconds, document=item.video.name if item.video else None, frame=item.index,
            delay=round(delay, 3), people=item.people.to_records(),
        )  # fmt: skip

    def event(self, event: LiveEvent) -> dict[str, Any]:
        """Somebody falls, fights, runs or gathers."""
        return self._record(
            "event", event.seconds, kind=event.kind, track_id=event.track_id,
            confidence=round(event.confidence, 4),
        )  # fmt: skip

    def news(self, news: News) -> dict[str, Any]:
        """The source was lost, or is back."""
        return self._record("event", news.seconds, kind=news.kind, text=news.text)

    def segment(self, record: dict[str, Any], seconds: float) -> dict[str, Any]:
        """A segment's documents are complete."""
        kept = {key: record[key] for key in ("frames", "people", "missing")}
        return self._record("event", seconds, kind="segment", document=record["name"], **kept)

    def end(self, seconds: float, **totals: Any) -> dict[str, Any]:
        """The last one."""
        return self._record("end", seconds, **totals)

    def _record(self, type_: str, seconds: float, **fields: Any) -> dict[str, Any]:
        time = None
        if self.started is not None:
            moment = self.started + timedelta(seconds=seconds)
            time = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        found: dict[str, Any] = encodable(
            {"type": type_, "seconds": round(seconds, 3), "time": time} | fields
        )
        return found
