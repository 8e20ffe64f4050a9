"""What is indexed of a video: its shots, and if asked for single frames and people in them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import input_error
from hie_cli.core.progress import progress
from hie_cli.core.types import FloatArray, Frame, FramePeople, Image, VideoInfo
from hie_cli.formats.documents.document import Document
from hie_cli.retrieval.clips import ClipCollector, ClipLayers, ClipSampling, filled
from hie_cli.retrieval.features import Describer, mean_direction, telling
from hie_cli.retrieval.shots import Shot, ShotCutter, ShotSettings
from hie_cli.retrieval.statistics import CrowdStatistics, crowd_statistics
from hie_cli.video.images import reduced
from hie_cli.video.sources import VideoSource

Level = Literal["shots", "frames", "persons"]
LEVELS: tuple[Level, ...] = ("shots", "frames", "persons")
_THUMBNAIL = 192  # longer side in pixels
_BATCH = 16


@dataclass(frozen=True)
class Sampling:
    """What of a video is looked at.

    rate: frames a second that are described · every: with an encoder of clips instead, seconds from
    the beginning of one clip to that of the next · levels: what becomes an item.
    """

    rate: float = 2.0
    every: float = 2.0
    levels: tuple[Level, ...] = ("shots",)
    shots: ShotSettings = field(default_factory=ShotSettings)


@dataclass(frozen=True, eq=False)
class Item:
    """A part of a video that can be found: frames start <= index < end, and what they look like.

    vector: (D,) of length 1 · box: (4,) xyxy of a person, else None · statistics: of the crowd
    where a document says who is there · thumbnail: JPEG.
    """

    level: Level
    start: int
    end: int
    vector: FloatArray
    box: tuple[float, float, float, float] | None
    statistics: CrowdStatistics | None
    thumbnail: bytes


@dataclass(frozen=True, eq=False)
class _Sample:
    index: int
    vector: FloatArray
    thumbnail: bytes


def describe_video(
    path: Path,
    describer: Describer,
    sampling: Sampling,
    document: Document | None = None,
    clip: ClipLayers | None = None,
) -> tuple[VideoInfo, list[Item]]:
    """The video and its items; it is decoded once.

    document: whose people are the crowd's statistics, and the items of the level persons · clip: of
    an encoder of clips, which describes shots. Raises InputError for a video that cannot be read.
    """
    source = VideoSource(path)
    info = source.info
    people = _people_by_frame(document, info) if document is not None else {}
    cutter = ShotCutter(info.fps, sampling.shots)
    # Single frames are gone through as clips are, a batch at a time.
    stride = max(1, round(info.fps / sampling.rate))
    single = ClipSampling(_BATCH, stride / info.fps)
    collector = (
        ClipCollector(info.fps, single, 0.0)
        if clip is None
        else ClipCollector(info.fps, clip.sampling, sampling.every)
    )
    samples: list[_Sample] = []
    persons: list[Item] = []
    shots: list[Shot] = []

    def look(frames: list[Frame]) -> None:
        with telling(path):
            vectors = describer.images([frame.image for frame in frames])
        if clip is not None:
            middle = frames[len(frames) // 2]
            vector = clip.vectors(filled(vectors, clip.sampling.frames)[None])[0]
            samples.append(_Sample(middle.index, vector, thumbnail(middle.image)))
            return
        for frame, vector in zip(frames, vectors, strict=True):
            samples.append(_Sample(frame.index, vector, thumbnail(frame.image)))
            crowd = people.get(frame.index)
            if crowd is not None and "persons" in sampling.levels:
                persons.extend(_persons(crowd, frame.image, describer))

    for frame in progress(source, info.name, len(source) or None, "frame"):
        shots.extend(cutter.add(frame.image))
        if complete := collector.add(frame):
            look(complete)
    shots.extend(cutter.finish())
    if rest := collector.finish(all_of_it=clip is None):
        look(rest)
    if not samples:
        raise input_error(path, "no frame can be decoded", "repair or remove the video")
    items: list[Item] = []
    if "shots" in sampling.levels:
        items += [_shot(shot, samples, people, info) for shot in shots]
    if "frames" in sampling.levels:
        items += [
            Item("frames", s.index, s.index + 1, s.vector, None, None, s.thumbnail) for s in samples
        ]
    return info, items + persons


def _shot(
    shot: Shot, samples: list[_Sample], people: dict[int, FramePeople], info: VideoInfo
) -> Item:
    """A shot by the samples inside it, or the nearest one where it is shorter than their stride."""
    inside = [s for s in samples if shot.start <= s.index < shot.end]
    if not inside:
        inside = [min(samples, key=lambda s: abs(s.index - (shot.start + shot.end) / 2))]
    vectors = np.stack([s.vector for s in inside])
    crowd = None
    if people:
        frames = [people[i] for i in range(shot.start, shot.end) if i in people]
        crowd = crowd_statistics(frames, info.height, info.fps)
    middle = inside[len(inside) // 2]
    return Item(
        "shots", shot.start, shot.end, mean_direction(vectors), None, crowd, middle.thumbnail
    )


def _persons(frame: FramePeople, image: Image, describer: Describer) -> list[Item]:
    height, width = image.shape[:2]
    boxes = np.clip(frame.people.boxes, 0, [width, height, width, height])
    large = np.flatnonzero((boxes[:, 2] - boxes[:, 0] >= 8) & (boxes[:, 3] - boxes[:, 1] >= 16))
    if not len(large):
        return []
    boxes = boxes[large]
    vectors = describer.crops(image, boxes)
    items = []
    for box, vector in zip(boxes, vectors, strict=True):
        x1, y1, x2, y2 = (float(v) for v in box)
        crop = image[int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))]
        items.append(
            Item("persons", frame.index, frame.index + 1, vector, (x1, y1, x2, y2), None,
                 thumbnail(crop))
        )  # fmt: skip
    return items


def _people_by_frame(document: Document, info: VideoInfo) -> dict[int, FramePeople]:
    frames = {frame.index: frame for frame in document}
    if document.header is not None and document.header.video.name != info.name:
        raise input_error(document.label, "is of another video", f"expected one of {info.name}")
    return frames


def thumbnail(image: Image) -> bytes:
    """A small JPEG of an image (H, W, 3)."""
    import cv2

    small = reduced(image, _THUMBNAIL)
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return bytes(data)


def items_of_image(
    path: Path, describer: Describer, clip: ClipLayers | None = None
) -> Iterator[Item]:
    """An image file as a query: one item of the level frames; for ``clip`` a clip at rest."""
    from hie_cli.video.images import read_image

    vectors = describer.image(path)[None]
    image = read_image(path)
    if clip is not None:
        vectors = clip.vectors(filled(vectors, clip.sampling.frames)[None])
    vector: NDArray[np.float32] = vectors[0]
    yield Item("frames", 0, 1, vector, None, None, thumbnail(image))
