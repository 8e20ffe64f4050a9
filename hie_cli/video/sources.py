"""A video file, an image folder or an image as a stream of frames."""

import math
from collections.abc import Iterator
from pathlib import Path

import cv2

from hie_cli.core.errors import InputError, input_error
from hie_cli.core.progress import note
from hie_cli.core.types import Frame, VideoInfo
from hie_cli.video.containers import check_path, open_capture
from hie_cli.video.frame_range import ALL_FRAMES, FrameRange
from hie_cli.video.images import IMAGE_ENDINGS, check_size, images_inside, read_image
from hie_cli.video.timestamps import frame_times
from hie_cli.video.video_files import video_name

# Containers that keep a table of their frames: what they say of their number can be believed.
INDEXED_ENDINGS = frozenset(".avi .m4v .mov .mp4".split())
FALLBACK_FPS = 25.0
_LEAST_FPS, _MOST_FPS = 1e-4, 1000.0  # one frame in three hours; beyond, the header is wrong
# A container may promise a few frames more than it holds; beyond this share the file is cut off.
_MISSING_SHARE = 0.05


class VideoSource:
    """One opened video file, image folder or image: ``info``, and its frames, decoded once.

    ``fps`` overrides what the file says (images say nothing: 25), ``name`` the file's name;
    ``info``: what an earlier opening has found out, which is not looked for again. Rotation flags
    are applied by the decoder. Raises InputError for a missing, empty or undecodable file.
    """

    def __init__(
        self,
        path: Path,
        frames: FrameRange = ALL_FRAMES,
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
