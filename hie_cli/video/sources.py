"""Video files and image folders as a stream of frames."""

import glob
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import ConfigError, InputError, input_error
from hie_cli.core.progress import note
from hie_cli.core.types import Frame, VideoInfo
from hie_cli.video.addresses import refuse_address
from hie_cli.video.containers import VIDEO_ENDINGS, check_path, open_capture
from hie_cli.video.images import IMAGE_ENDINGS, check_size, files_inside, images_inside, read_image
from hie_cli.video.timestamps import frame_times

# Containers that keep a table of their frames: what they say of their number can be believed.
INDEXED_ENDINGS = frozenset(".avi .m4v .mov .mp4".split())
FALLBACK_FPS = 25.0
_MOMENT = 1e-4  # seconds: a frame shown at 9.99997 s begins the tenth second
_LEAST_FPS, _MOST_FPS = 1e-4, 1000.0  # one frame in three hours; beyond, the header is wrong
# A container may promise a few frames more than it holds; beyond this share the file is cut off.
_MISSING_SHARE = 0.05


@dataclass(frozen=True)
class FrameRange:
    """Which frames to use: ``first <= index < end`` (None: to the end), every ``stride``-th.

    begin, until: of these only those shown from ``begin`` on and before ``until``, seconds of the
    video; ``at`` turns them into frames.
    """

    first: int = 0
    end: int | None = None
    stride: int = 1
    begin: float | None = None
    until: float | None = None

    def __contains__(self, index: int) -> bool:
        inside = index >= self.first and (self.end is None or index < self.end)
        return inside and (index - self.first) % self.stride == 0

    def at(self, fps: float, times: NDArray[np.float64] | None = None) -> "FrameRange":
        """The same in frames of a video: by when each is shown (T,), else by the rate."""

        def index(seconds: float) -> int:
            if times is not None:
                return int(np.searchsorted(times, seconds - _MOMENT))
            return math.ceil((seconds - _MOMENT) * fps)

        first = self.first if self.begin is None else max(self.first, index(self.begin))
        ends = [self.end] if self.until is None else [self.end, index(self.until)]
        known = [end for end in ends if end is not None]
        return FrameRange(first, min(known) if known else None, self.stride)

    def count(self, num_frames: int | None) -> int | None:
        """How many of ``num_frames`` frames are used; None if that cannot be known."""
        ends = [end for end in (self.end, num_frames) if end is not None]
        return len(range(self.first, min(ends), self.stride)) if ends else None


def parse_range(
    text: str, begin: str | float | None = None, end: str | float | None = None
) -> FrameRange:
    """``FIRST:END:STRIDE``, each part optional, as in a Python slice. Raises ConfigError.

    begin, end: of these frames only those of a span of time, "MM:SS", "HH:MM:SS" or seconds.
    """
    match = re.fullmatch(r"(\d*):(\d*)(?::(\d*))?", text)
    if match is None:
        raise ConfigError(f"--frames {text}: expected FIRST:END:STRIDE, for example 100:200 or ::2")
    first, last, stride = (int(part) if part else None for part in match.groups())
    chosen = FrameRange(first or 0, last, 1 if stride is None else stride)
    if chosen.stride < 1 or (last is not None and last <= chosen.first):
        raise ConfigError(
            f"--frames {text}: holds no frame; END > FIRST and STRIDE >= 1 are needed"
        )
    start, until = _seconds("--begin", begin), _seconds("--end", end)
    if start is not None and until is not None and start >= until:
        raise ConfigError(f"--end {end}: is not after --begin {begin}")
    return replace(chosen, begin=start, until=until)


def _seconds(option: str, text: str | float | None) -> float | None:
    """Seconds of "SS", "MM:SS" or "HH:MM:SS", each with decimals if wanted. Raises ConfigError."""
    if text is None:
        return None
    match = re.fullmatch(
        r"(?:(?:(\d{1,4}):)?(\d{1,4}):)?(\d{1,7}(?:\.\d{1,6})?)", str(text).strip()
    )
    if match is None:
        raise ConfigError(f"{option} {text}: expected seconds, MM:SS or HH:MM:SS, such as 01:30")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return 3600 * hours + 60 * minutes + seconds


def find_videos(patterns: Sequence[str], stills: bool = False) -> list[Path]:
    """Video files and image folders named by paths, folders of videos or glob patterns, in order.

    stills: each image of a folder is a source of its own, instead of the frames of one video.
    Raises InputError for a glob that matches nothing, ConfigError for an address and where two
    share a name (their results would overwrite each other).
    """
    found: list[Path] = []
    for pattern in patterns:
        refuse_address(str(pattern))
        path = Path(pattern)
        matches = [path] if path.exists() else [Path(p) for p in sorted(glob.glob(pattern))]
        if not matches and set(pattern) & set("*?["):
            raise input_error(pattern, "no video matches this pattern", "check the path")
        matches = matches or [path]  # a missing file fails on its own, beside those that are there
        for match in matches:
            found += _inside(match, stills) if match.is_dir() else [match]
    names: dict[str, Path] = {}
    for path in found:
        other = names.setdefault(video_name(path), path)
        if other is not path and other.resolve() != path.resolve():
            raise ConfigError(
                f"{other} and {path} share the name {video_name(path)!r}; rename one or run apart"
            )
    return list(names.values())


def _inside(folder: Path, stills: bool) -> list[Path]:
    """What a folder stands for: its images one by one, its videos, or itself as one video."""
    images = images_inside(folder)
    if stills:
        if not images:
            raise input_error(folder, "holds no images", "give a folder of images to --stills")
        return images
    videos = files_inside(folder, VIDEO_ENDINGS)
    if videos and images:
        note(
            f"{folder}: holds {len(videos)} videos and {len(images)} images; the videos are used "
            "(--stills takes the images)"
        )
    return videos or [folder]


def video_name(path: Path) -> str:
    """NAME of a video: its file name without ending; of a MOT ``NAME/img1`` folder, NAME."""
    if not path.is_dir():
        return path.stem
    resolved = path.resolve()
    return resolved.parent.name if resolved.name == "img1" else resolved.name


class VideoSource:
    """One opened video file, image folder or image: ``info``, and its frames, decoded once.

    ``fps`` overrides what the file says (images say nothing: 25), ``name`` the file's name;
    ``info``: what an earlier opening has found out, which is not looked for again. Rotation flags
    are applied by the decoder. Raises InputError for a missing, empty or undecodable file.
    """

    def __init__(
        self,
        path: Path,
        frames: FrameRange = FrameRange(),
        fps: float | None = None,
        name: str | None = None,
        info: VideoInfo | None = None,
    ) -> None:
        self.path = path
        self._name = video_name(path) if name is None else name
        self.range = frames
        check_path(path)
        self._images = _images(path)
        self.info = info or self._probe(fps)
        if frames.begin is not None or frames.until is not None:
            # What the user gives are seconds of the file, whatever rate it is to be taken for.
            times = frame_times(path, self.info.num_frames)
            self.range = frames.at(self.info.fps, times)
        if self.range.count(self.info.num_frames) == 0:
            first, end = self.range.first, self.range.end
            option = "--frames" if self.range is frames else "--begin and --end, frames"
            raise InputError(
                f"{path}: has {self.info.num_frames} frames, none in {option} "
                f"{first}:{'' if end is None else end}; widen the range"
            )

    def __len__(self) -> int:
        """Number of frames that iteration is expected to yield; 0 if the file does not say."""
        return self.range.count(self.info.num_frames) or 0

    def _probe(self, fps: float | None) -> VideoInfo:
        name = self._name
        if self._images is not None:
            height, width = read_image(self._images[0]).shape[:2]
            check_size(self._images[0], width, height)
            return VideoInfo(name, width, height, fps or FALLBACK_FPS, len(self._images))
        capture = open_capture(self.path)
        try:
            ok, image = capture.read()
            if not ok:
                raise input_error(self.path, "holds no decodable frame", "give a video file")
            height, width = image.shape[:2]
            check_size(self.path, width, height)
            said = capture.get(cv2.CAP_PROP_FPS)
            count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
            if self.path.suffix.lower() not in INDEXED_ENDINGS:
                said, count = self._measure(capture, said, count)
        finally:
            capture.release()
        sane = _LEAST_FPS <= said <= _MOST_FPS  # False for NaN, too
        if fps is None and not sane:
            note(
                f"{self.path}: says no frame rate; {FALLBACK_FPS:g} is assumed "
                "(--set video.fps=N says otherwise)"
            )
        known = math.isfinite(count) and count >= 1
        rate = fps or (said if sane else FALLBACK_FPS)
        return VideoInfo(name, width, height, rate, int(count) if known else None)

    def _measure(
        self, capture: cv2.VideoCapture, fps: float, promised: float
    ) -> tuple[float, float]:
        """Mean frame rate and number of frames of a file that has no index, by going through it.

        Such containers promise duration times nominal rate, which is wrong for a rate that varies.
        Raises InputError if the file ends well before the duration it promises.
        """
        first = last = capture.get(cv2.CAP_PROP_POS_MSEC)
        count = 1
        while capture.grab():
            count += 1
            last = capture.get(cv2.CAP_PROP_POS_MSEC)
        seconds = (last - first) / 1000
        if count < 2 or not math.isfinite(seconds) or seconds <= 0:
            return fps, count
        rate = (count - 1) / seconds
        duration = promised / fps if fps > 0 else 0.0
        if duration - seconds - 1 / rate > max(1.0, _MISSING_SHARE * duration):
            raise input_error(
                self.path,
                f"decoding stopped at {seconds:.1f} s (frame {count}) of {duration:.1f} s",
                "the file is cut off or damaged; repair it",
            )
        return rate, count

    def __iter__(self) -> Iterator[Frame]:
        return self._decode() if self._images is None else self._load(self._images)

    def _load(self, images: list[Path]) -> Iterator[Frame]:
        for index, path in enumerate(images):
            if index in self.range:
                image = read_image(path)
                if image.shape[:2] != (self.info.height, self.info.width):
                    raise input_error(
                        path,
                        f"{image.shape[1]}x{image.shape[0]} pixels",
                        f"the folder's first image has {self.info.width}x{self.info.height}; "
                        "--stills takes images of any size, one document each",
                    )
                yield Frame(index, image)

    def _decode(self) -> Iterator[Frame]:
        capture = open_capture(self.path)
        index = 0
        try:
            while self.range.end is None or index < self.range.end:
                wanted = index in self.range
                ok, image = capture.read() if wanted else (capture.grab(), None)
                if not ok:
                    break
                if image is not None:
                    yield Frame(index, image)
                index += 1
        finally:
            capture.release()
        self._check_end(index)

    def _check_end(self, decoded: int) -> None:
        """Complain if decoding stopped before the end that the file promised."""
        promised = self.info.num_frames
        wanted = self.range.end if self.range.end is not None else promised
        if promised is not None and decoded > promised:  # indices are wrong at times
            note(f"{self.path}: promised {promised} frames and held {decoded}")
        if promised is None or wanted is None or decoded >= min(promised, wanted):
            return
        if promised - decoded > max(2, _MISSING_SHARE * promised):
            raise input_error(
                self.path,
                f"decoding stopped at frame {decoded} of {promised}",
                f"the file is cut off or damaged; repair it or use --frames :{decoded}",
            )
        note(f"{self.path}: promised {promised} frames and held {decoded}")


def _images(path: Path) -> list[Path] | None:
    """The images of an image folder, or the one image; None for a video file."""
    if path.is_dir():
        found = images_inside(path)
        if not found:
            raise input_error(path, "holds neither videos nor images", "give a folder of frames")
        return found
    return [path] if path.suffix.lower() in IMAGE_ENDINGS else None
