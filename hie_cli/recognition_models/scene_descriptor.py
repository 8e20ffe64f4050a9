"""What a place looks like and how it is used, told without any trained network.

The still picture behind the people is the temporal median of a few frames. Its colours and edges,
and how densely people walk, wait, come in and go out there, are averaged over the band under each
person's feet, over the band around the person, and over the frame.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from hie_cli.recognition.window import frames_per_second
from hie_cli.types import FloatArray, Frame, FramePeople, Image, VideoInfo

WIDTH = 320  # pixels of the shrunk background
FRAMES = 15  # of which the median is taken
ORIENTATIONS = 4  # of edges: 0, 45, 90, 135 degrees
LOOKS = 3 + ORIENTATIONS + 1  # lightness, green-red, blue-yellow; edges by orientation; contrast
USES = 4  # walking, waiting, coming in, going out
BANDS = 2  # under the feet, around the person
ROWS = 3  # of the frame
BAND = BANDS * 2 * LOOKS + USES  # numbers per person
FRAME = ROWS * LOOKS + 3  # numbers per frame
STILL = 0.25  # body heights a second below which a person waits
EDGE = 1.0  # seconds at the video's ends where tracks start and stop for no reason of the place


@dataclass(frozen=True)
class Scene:
    """One video's place, ``scale`` times the video's size.

    looks (h, w, 8) of the background · uses (h, w, 4): persons walking, waiting, coming in and
    going out there, in persons per body area, averaged over time.
    """

    looks: FloatArray
    uses: FloatArray
    scale: float


def background(frames: Iterable[Frame | Image]) -> Image:
    """The median picture (h, w, 3) uint8 BGR of some frames, ``WIDTH`` wide.

    Whoever stays for less than half of the frames vanishes. Raises ValueError without a frame.
    """
    small = []
    for frame in frames:
        image = frame.image if isinstance(frame, Frame) else frame
        size = (WIDTH, max(1, round(image.shape[0] * WIDTH / image.shape[1])))
        small.append(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    if not small:
        raise ValueError("no frame to take a background from")
    middle: Image = np.median(np.stack(small), axis=0).astype(np.uint8)
    return middle


def sampled(count: int, wanted: int = FRAMES) -> list[int]:
    """At most ``wanted`` frame indices spread over ``count`` frames."""
    return sorted({int(i) for i in np.linspace(0, max(count - 1, 0), wanted)} if count else set())


def looks(picture: Image) -> FloatArray:
    """Colour and edges (h, w, 8) of a BGR picture, each about 0..1 or -1..1."""
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
    colour = lab / np.array([100.0, 60.0, 60.0])
    light = cv2.GaussianBlur(lab[..., 0], (3, 3), 0) / 100
    dx, dy = cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)
    strength, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
    # A half turn of angles over the bins, each edge shared by the two nearest.
    place = np.mod(angle / np.pi, 1) * ORIENTATIONS
    apart = np.abs(place[..., None] - np.arange(ORIENTATIONS))
    share = np.clip(1 - np.minimum(apart, ORIENTATIONS - apart), 0, 1)
    contrast = np.abs(light - cv2.blur(light, (15, 15)))
    return np.concatenate([colour, strength[..., None] * share, contrast[..., None]], -1)


def uses(people: Sequence[FramePeople], video: VideoInfo, size: tuple[int, int]) -> FloatArray:
    """How people use the place (h, w, 4), from the feet of all tracks; ``size`` is (h, w).

    People without an identity count as waiting nowhere and walking nowhere: they have no motion.
    """
    out = np.zeros((*size, USES), np.float32)
    if not people:
        return out
    scale, rate = size[1] / video.width, frames_per_second(video)
    first, last = people[0].frame_index, people[-1].frame_index
    seconds = (last - first + 1) / rate
    for track in _tracks(people).values():
        frames, feet, heights = track
        time = (frames - first) / rate
        moved = np.hypot(*np.gradient(feet, axis=0).T) if len(feet) > 1 else np.zeros(1)
        passed = np.gradient(time) if len(time) > 1 else np.ones(1)
        slow = moved / np.maximum(passed * heights, 1e-6) < STILL
        share = 1 / (rate * max(seconds, 1 / rate))
        for t in range(0, len(frames), max(1, round(rate / 4))):
            weight = share * max(1, round(rate / 4))
            _splat(out[..., int(slow[t])], feet[t] * scale, heights[t] * scale, weight)
        if time[0] > EDGE:
            _splat(out[..., 2], feet[0] * scale, heights[0] * scale, 1 / max(seconds, 1.0))
        if seconds - time[-1] > EDGE:
            _splat(out[..., 3], feet[-1] * scale, heights[-1] * scale, 1 / max(seconds, 1.0))
    return out


def _tracks(
    people: Sequence[FramePeople],
) -> dict[int, tuple[FloatArray, FloatArray, FloatArray]]:
    """Frames (T,), feet (T, 2) and heights (T,) in pixels of every identity."""
    rows: dict[int, list[tuple[int, FloatArray]]] = {}
    for item in people:
        ids = item.people.track_ids
        if ids is not None:
            for identity, box in zip(ids, item.people.boxes, strict=True):
                if identity >= 0:
                    rows.setdefault(int(identity), []).append((item.frame_index, box))
    out: dict[int, tuple[FloatArray, FloatArray, FloatArray]] = {}
    for identity, seen in rows.items():
        boxes = np.array([box for _, box in seen], np.float64)
        feet = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], -1)
        heights = np.maximum(boxes[:, 3] - boxes[:, 1], 1)
        out[identity] = (np.array([t for t, _ in seen], np.float64), feet, heights)
    return out


def _splat(plane: FloatArray, at: FloatArray, height: float, weight: float) -> None:
    """Add ``weight`` around ``at``, as wide as half a body and a quarter as high (the ground is
    seen at a slant); the peak is ``weight`` whatever the size of the body.
    """
    wide, tall = max(1.0, 0.5 * height), max(1.0, 0.25 * height)
    h, w = plane.shape
    x1, x2 = int(max(0, at[0] - 2 * wide)), int(min(w, at[0] + 2 * wide + 1))
    y1, y2 = int(max(0, at[1] - 2 * tall)), int(min(h, at[1] + 2 * tall + 1))
    if x1 >= x2 or y1 >= y2:
        return
    x = (np.arange(x1, x2) + 0.5 - at[0]) / wide
    y = (np.arange(y1, y2) + 0.5 - at[1]) / tall
    plane[y1:y2, x1:x2] += weight * np.exp(-(y[:, None] ** 2 + x**2))


def scene_of(
    frames: Iterable[Frame | Image], people: Sequence[FramePeople], video: VideoInfo
) -> Scene:
    """The place of one video: ``frames`` spread over it (see ``sampled``), all its people."""
    picture = background(frames)
    size = (picture.shape[0], picture.shape[1])
    return Scene(looks(picture), uses(people, video, size), size[1] / video.width)


def frame_vector(scene: Scene) -> FloatArray:
    """The frame as a whole (27,): looks by thirds from top to bottom; walkable share; the densest
    spots of walking and waiting.
    """
    thirds = [part.mean((0, 1)) for part in np.array_split(scene.looks, ROWS)]
    walked, waited = scene.uses[..., 0], scene.uses[..., 1]
    spots = [float((walked + waited > 0.01).mean()), _dense(walked.max()), _dense(waited.max())]
    return np.concatenate([*thirds, spots])


def _dense(density: FloatArray | np.floating) -> FloatArray:
    """A density on a scale on which a person there all the time is 1 and none is 0."""
    squeezed: FloatArray = np.log1p(20 * np.asarray(density)) / np.log(21)
    return squeezed


def band_vectors(scene: Scene, boxes: FloatArray) -> FloatArray:
    """The place under and around people (N, 36), boxes (N, 4) xyxy pixels of the video.

    Looks under the feet, and on both sides of the person; the same less the average of the frame's
    lower two thirds; uses at the feet.
    """
    n = len(boxes)
    b = np.asarray(boxes, np.float64).reshape(n, 4) * scene.scale
    tall = b[:, 3] - b[:, 1]
    under = np.stack(
        [b[:, 0] - 0.3 * tall, b[:, 3] - 0.08 * tall, b[:, 2] + 0.3 * tall, b[:, 3] + 0.2 * tall], 1
    )
    around = np.stack(
        [b[:, 0] - 0.5 * tall, b[:, 1] + 0.3 * tall, b[:, 2] + 0.5 * tall, b[:, 3]], 1
    )
    sums = integral(scene.looks)
    own = np.stack([b[:, 0], b[:, 1] + 0.3 * tall, b[:, 2], b[:, 3]], 1)
    beside = box_sums(sums, around) - box_sums(sums, own)
    usual = scene.looks[len(scene.looks) // ROWS :].mean((0, 1))
    parts = []
    for total in (box_sums(sums, under), beside):
        mean = total[:, :-1] / np.maximum(total[:, -1:], 1.0)
        mean = np.where(total[:, -1:] >= 1, mean, usual)
        parts += [mean, mean - usual]
    feet = np.stack([(b[:, 0] + b[:, 2]) / 2, b[:, 3]], 1)
    h, w = scene.uses.shape[:2]
    column = np.clip(feet[:, 0], 0, w - 1).astype(int)
    row = np.clip(feet[:, 1], 0, h - 1).astype(int)
    return np.concatenate([*parts, _dense(scene.uses[row, column])], 1)


def integral(planes: FloatArray) -> FloatArray:
    """Sums (h + 1, w + 1, C + 1) of planes (h, w, C) and of ones over all above and left."""
    h, w, _ = planes.shape
    ones = np.ones((h, w, 1))
    sums = np.concatenate([planes, ones], -1).cumsum(0).cumsum(1)
    return np.pad(sums, ((1, 0), (1, 0), (0, 0)))


def box_sums(sums: FloatArray, boxes: FloatArray) -> FloatArray:
    """Sums (N, C + 1) over whole pixels of boxes (N, 4), cut at the picture."""
    h, w = sums.shape[0] - 1, sums.shape[1] - 1
    edges = np.round(np.clip(boxes, 0, [w, h, w, h])).astype(int)
    x1, y1, x2, y2 = edges.T
    x2, y2 = np.maximum(x1, x2), np.maximum(y1, y2)
    total: FloatArray = sums[y2, x2] - sums[y1, x2] - sums[y2, x1] + sums[y1, x1]
    return total
