"""A video as a summariser sees it: a few frames a second, described by a backbone."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import InputError, input_error
from hie_cli.core.progress import progress
from hie_cli.core.types import FloatArray, Frame, Image, People, VideoInfo
from hie_cli.retrieval.features import Describer
from hie_cli.video.frame_range import FrameRange
from hie_cli.video.images import reduced
from hie_cli.video.sources import VideoSource

RATE = 2.0  # samples a second, as the field has it
_BATCH = 16
_SIDE = 160  # of the small grey picture that motion is measured in
_NOISE = 6.0  # grey levels of change that a still scene shows


@dataclass(frozen=True, eq=False)
class Samples:
    """n sampled frames of a video of T frames.

    picks (n,): their indices · features (n, D) float32, each of length 1 · motion (n,): share of
    the picture that changed since the sample before, 0..1; the first has the second's · people:
    who was detected in each, None where nobody looked.
    """

    info: VideoInfo
    num_frames: int
    picks: NDArray[np.int64]
    features: FloatArray
    motion: FloatArray
    people: tuple[People, ...] | None = None

    def __len__(self) -> int:
        return len(self.picks)


def sample_video(
    path: Path,
    describer: Describer,
    rate: float = RATE,
    detect: Callable[[Image], People] | None = None,
) -> Samples:
    """The samples of a video file; frames between them are passed over, not decoded in full.

    detect: asked who is in each sampled picture. InputError for a video that cannot be read.
    """
    info = VideoSource(path).info
    stride = max(1, round(info.fps / rate))
    source = VideoSource(path, FrameRange(0, None, stride))
    frames = progress(source, info.name, len(source) or None, "frame")
    samples = sample_frames(frames, info, describer, detect)
    if not len(samples):
        raise input_error(path, "no frame can be decoded", "repair or remove the video")
    return samples


def sample_frames(
    frames: Iterable[Frame],
    info: VideoInfo,
    describer: Describer,
    detect: Callable[[Image], People] | None = None,
) -> Samples:
    """The samples of frames that are all to be looked at, ascending."""
    picks: list[int] = []
    motion: list[float] = []
    people: list[People] = []
    features: list[FloatArray] = []
    before: NDArray[np.float32] | None = None
    for batch in _batches(frames):
        features.append(describer.images([frame.image for frame in batch]))
        for frame in batch:
            small = _grey(frame.image)
            changed = 0.0 if before is None else _changed(before, small)
            motion.append(changed)
            picks.append(frame.index)
            before = small
            if detect is not None:
                people.append(detect(frame.image))
    vectors = np.concatenate(features) if features else np.zeros((0, 1), np.float32)
    if not np.isfinite(vectors).all():
        raise InputError(f"{info.name}: its features are no numbers; choose another --model")
    if len(motion) > 1:
        motion[0] = motion[1]
    count = max(info.num_frames or 0, picks[-1] + 1 if picks else 0)
    found = tuple(people) if detect is not None else None
    return Samples(info, count, np.array(picks, np.int64), vectors, np.array(motion), found)


def _batches(frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    batch: list[Frame] = []
    for frame in frames:
        batch.append(frame)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _grey(image: Image) -> NDArray[np.float32]:
    import cv2

    return cv2.cvtColor(reduced(image, _SIDE), cv2.COLOR_BGR2GRAY).astype(np.float32)


def _changed(before: NDArray[np.float32], now: NDArray[np.float32]) -> float:
    """Share of pixels that differ by more than noise, the picture's mean brightness apart."""
    if before.shape != now.shape:
        return 1.0
    difference = now - before
    return float((np.abs(difference - np.median(difference)) > 2 * _NOISE).mean())
