"""A run without end, cut into segments: each a video of its own, with its own documents."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hie_cli.core.errors import ConfigError
from hie_cli.core.types import FramePeople, VideoInfo
from hie_cli.formats.limits import MAX_FRAMES
from hie_cli.pipeline.output import OutputDir


@dataclass(frozen=True)
class Segments:
    """How the frames of a live source are cut.

    video: the source, whose frame numbers go on for ever · stride: of the frames that are used ·
    length: frame numbers of a segment, a multiple of the stride; None: there is one, without end.
    """

    video: VideoInfo
    stride: int
    length: int | None

    @classmethod
    def of(cls, video: VideoInfo, stride: int, seconds: float | None) -> "Segments":
        """Segments of so many seconds, in whole frames.

        Raises ConfigError where one would hold no frame, or more than a document may.
        """
        if seconds is None:
            return cls(video, stride, None)
        length = round(seconds * video.fps / stride) * stride
        if not stride <= length <= MAX_FRAMES:
            most = MAX_FRAMES / video.fps / 3600
            raise ConfigError(
                f"--segment: {seconds:g} s; expected from one frame ({stride / video.fps:.3g} s) "
                f"to {most:.3g} h"
            )
        return cls(video, stride, length)

    def number(self, index: int) -> int:
        """The segment, from 0, of frame ``index`` of the source."""
        return 0 if self.length is None else index // self.length

    def local(self, item: FramePeople) -> FramePeople:
        """A frame of the source as one of its segment."""
        if self.length is None:
            return replace(item, video=self.video)
        number = self.number(item.index)
        return replace(item, index=item.index - self.first(number), video=self.video_of(number))

    def video_of(self, number: int) -> VideoInfo:
        """A segment as a video: NAME-0001 is the first."""
        if self.length is None:
            return self.video
        return replace(self.video, name=f"{self.video.name}-{number + 1:04d}")

    def first(self, number: int) -> int:
        """The source's number of a segment's frame 0."""
        return 0 if self.length is None else number * self.length

    def missing(self, frames: int, last: int) -> int:
        """Of a segment with so many frames, how many it lacks up to its ``last``."""
        return last // self.stride + 1 - frames


def earlier_files(output: OutputDir, name: str, stages: Sequence[str]) -> list[Path]:
    """The files of segments that an earlier run of the same name left."""
    pattern = re.compile(re.escape(name) + r"-\d{4,}\.(json|mp4|png)")
    folders = [output.folder / stage for stage in stages]
    found = [p for folder in folders if folder.is_dir() for p in folder.iterdir()]
    return sorted(path for path in found if pattern.fullmatch(path.name))


def make_room(output: OutputDir, name: str, stages: Sequence[str]) -> None:
    """Remove an earlier run's segments, where that is wanted. Raises ConfigError if it is not."""
    found = earlier_files(output, name, stages)
    output.check(found)
    for path in found:
        path.unlink(missing_ok=True)
