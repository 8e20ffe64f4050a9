"""Pictures for a page, out of a video's overlay: events, the empty scene, the camera's motion."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import Image
from hie_cli.reporting.events import Event
from hie_cli.reporting.people_table import PeopleTable
from hie_cli.video.containers import open_capture

_SCENE_FRAMES = 15  # whose median is the scene without people
_SCENE_WIDTH = 640
_THUMB_WIDTH = 240
_PAIRS = 8  # of frames half a second apart, to see whether the camera moves
_QUALITY = 72  # of JPEG


@dataclass(eq=False)
class Stills:
    """JPEG and PNG pictures as ``data:`` addresses; empty where there was nothing to draw.

    ``thumbs``: one for each event · ``scene``: the background · ``poster``: the fullest frame ·
    ``shift``: how far the picture moves in half a second, as a share of its width; None if unknown.
    """

    thumbs: list[str] = field(default_factory=list)
    scene: str = ""
    poster: str = ""
    shift: float | None = None


def read_stills(path: Path, table: PeopleTable, events: Sequence[Event]) -> Stills:
    """Everything a page shows of the overlay at ``path``, in one pass over it.

    Raises InputError if it is no video.
    """
    count = len(table.frames)
    spread = np.linspace(0, count - 1, min(count, _SCENE_FRAMES)).round().astype(int)
    step = max(1, round(table.rate / 2))
    starts = np.linspace(0, max(0, count - 1 - step), _PAIRS).round().astype(int)
    pairs = {int(a): int(a) + step for a in starts if a + step < count}
    fullest = int(table.counts.argmax())
    wanted = {fullest, *spread.tolist(), *pairs, *pairs.values(), *(event.at for event in events)}
    found = Stills(thumbs=[""] * len(events))
    scene: list[Image] = []
    greys: dict[int, Image] = {}
    for row, image in frames_at(path, sorted(wanted)):
        small = narrowed(image, _SCENE_WIDTH)
        if row in spread:
            scene.append(small)
        if row == fullest:
            found.poster = jpeg(small)
        if row in pairs or row in pairs.values():
            greys[row] = cv2.cvtColor(narrowed(image, _SCENE_WIDTH // 2), cv2.COLOR_BGR2GRAY)
        for i, event in enumerate(events):
            if event.at == row:
                found.thumbs[i] = jpeg(narrowed(_around(image, event, table), _THUMB_WIDTH))
    if scene:
        found.scene = jpeg(np.median(np.stack(scene), axis=0).astype(np.uint8))
    shifts = [_shift(greys[a], greys[b]) for a, b in pairs.items() if a in greys and b in greys]
    if shifts:
        found.shift = float(np.median(shifts))
    return found


def frames_at(path: Path, rows: Sequence[int]) -> Iterator[tuple[int, Image]]:
    """The frames of a video at ascending ``rows``, as far as it reaches."""
    capture = open_capture(path)
    try:
        at = -1
        for row in rows:
            while at < row and capture.grab():
                at += 1
            ok, image = capture.retrieve() if at == row else (False, None)
            if not ok or image is None:
                return
            yield row, image
    finally:
        capture.release()


def narrowed(image: Image, width: int) -> Image:
    """``image`` at most ``width`` wide."""
    if image.shape[1] <= width:
        return image
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))


def _around(image: Image, event: Event, table: PeopleTable) -> Image:
    """The part of an overlay's frame that shows an event's people: 4 to 3, and room around them."""
    scale = np.array([image.shape[1] / table.width, image.shape[0] / table.height] * 2)
    x1, y1, x2, y2 = np.array(event.box) * scale
    height = max(1.6 * (y2 - y1), 1.6 * 0.75 * (x2 - x1), 60.0)
    height = min(height, float(image.shape[0]), 0.75 * image.shape[1])
    width = height / 0.75
    left = round(float(np.clip((x1 + x2 - width) / 2, 0, image.shape[1] - width)))
    top = round(float(np.clip((y1 + y2 - height) / 2, 0, image.shape[0] - height)))
    return image[top : top + max(1, round(height)), left : left + max(1, round(width))]


def _shift(one: Image, other: Image) -> float:
    """How far the background moves between two grey pictures, as a share of the width.

    The median of the optical flow where there is texture: people and labels are the lesser part.
    """
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(one, other, None)  # type: ignore[call-overload] # OpenCV's stubs want an array
    texture = np.abs(cv2.Laplacian(one, cv2.CV_32F))
    strong = texture >= np.median(texture)
    return float(np.hypot(*np.median(flow[strong], axis=0))) / float(one.shape[1])


def jpeg(image: Image) -> str:
    """A picture as the address of a JPEG that the page holds itself."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return inlined(data.tobytes(), "image/jpeg")


def heat_picture(grid: NDArray[np.float32]) -> str:
    """A heat map (rows, columns) as a see-through PNG; nothing is drawn where nobody was."""
    share = np.sqrt(grid / max(float(grid.max()), 1e-9))  # else one queue hides all the others
    colours = cv2.applyColorMap((255 * share).astype(np.uint8), cv2.COLORMAP_INFERNO)
    alpha = (255 * np.clip(1.4 * share, 0, 0.85)).astype(np.uint8)
    large = cv2.resize(np.dstack([colours, alpha]), None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    _, data = cv2.imencode(".png", large)
    return inlined(data.tobytes(), "image/png")


def inlined(data: bytes, kind: str) -> str:
    """Bytes as a ``data:`` address."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
