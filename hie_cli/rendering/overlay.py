"""Overlay video, contact sheet and single frames of one document."""

import glob
import os
import secrets
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from hie_cli.core.errors import ConfigError
from hie_cli.core.types import FramePeople, FrameStream, Image, VideoInfo
from hie_cli.formats.files import atomic_write, write_error
from hie_cli.formats.locks import Lock
from hie_cli.rendering.draw import Painter, RenderConfig

_CAPTION_HEIGHT = 22


def painted(stream: Iterable[FramePeople], video: VideoInfo, config: RenderConfig) -> FrameStream:
    """Each frame with its people drawn on its image, at render size; the people stay in pixels."""
    scale = min(1.0, config.long_side / max(video.width, video.height))
    painter = Painter(config, video.fps, scale)
    # Even sizes: video encoders with subsampled colour need them.
    size = tuple(max(2, round(side * scale) // 2 * 2) for side in (video.width, video.height))
    for item in stream:
        if item.image is None:
            raise ValueError(f"frame {item.index}: drawing needs its image")
        image = (
            item.image.copy()
            if scale == 1
            else cv2.resize(item.image, size, interpolation=cv2.INTER_AREA)
        )
        image = painter.paint(image[: size[1], : size[0]], item.people, item.index)
        yield replace(item, image=image)


class OverlayWriter:
    """Writes painted frames to an mp4; publishes it only when ``close`` succeeds.

    Raises ConfigError if the place cannot be written, another process writes there, or the disk
    fills up.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self.path = path
        self._partial = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.partial{path.suffix}")
        self._lock: Lock | None = None
        self._fps = fps
        self._writer: cv2.VideoWriter | None = None
        self._count = 0

    def write(self, image: Image) -> None:
        """Append one frame (all of one size)."""
        if self._writer is None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._lock = Lock(self.path)
                pattern = f".{glob.escape(self.path.stem)}.*.partial{self.path.suffix}"
                for left in self.path.parent.glob(pattern):  # of processes that were killed
                    left.unlink(missing_ok=True)
            except OSError as error:
                raise write_error(self.path, error) from None
            size = (image.shape[1], image.shape[0])
            # MPEG-4 part 2 is the one mp4 encoder that every OpenCV wheel carries.
            codec = cv2.VideoWriter.fourcc(*"mp4v")
            self._writer = cv2.VideoWriter(str(self._partial), codec, self._fps, size)
            if not self._writer.isOpened():
                raise ConfigError(f"{self.path}: the overlay video cannot be opened for writing")
        self._writer.write(image)
        self._count += 1

    def close(self) -> None:
        """Finish and publish the file; nothing is published if no frame came."""
        if self._writer is None:
            return
        self._writer.release()
        check = cv2.VideoCapture(str(self._partial))
        held = int(check.get(cv2.CAP_PROP_FRAME_COUNT)) if check.isOpened() else 0
        check.release()
        if held < self._count:  # the encoder does not report a full disk
            self.discard()
            raise ConfigError(
                f"{self.path}: only {held} of {self._count} frames could be written (disk full?)"
            )
        os.replace(self._partial, self.path)
        self._release()

    def discard(self) -> None:
        """Drop what has been written."""
        if self._writer is not None:
            self._writer.release()
        self._partial.unlink(missing_ok=True)
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()


def sheet_indices(num_frames: int, tiles: int) -> list[int]:
    """Positions of ``tiles`` frames spread evenly over ``num_frames`` (or all)."""
    if num_frames <= tiles:
        return list(range(num_frames))
    return sorted({round(p) for p in np.linspace(0, num_frames - 1, tiles)})


class ContactSheet:
    """Collects evenly spaced painted frames into one picture."""

    def __init__(self, video: VideoInfo, num_frames: int, config: RenderConfig) -> None:
        tiles = config.sheet_columns * config.sheet_rows
        self._wanted = set(sheet_indices(num_frames, tiles))
        self._columns = min(config.sheet_columns, max(1, len(self._wanted)))
        self._video = video
        self._position = 0
        self._tiles: list[Image] = []

    def add(self, index: int, image: Image, people: int) -> None:
        """Offer the next painted frame; kept if its turn has come."""
        if self._position in self._wanted:
            seconds = index / self._video.fps
            self._tiles.append(_tile(image, f"frame {index}  {seconds:.1f} s  {people} people"))
        self._position += 1

    def save(self, path: Path) -> None:
        """Write the sheet as PNG. Raises ConfigError if that fails."""
        if self._tiles:
            save_png(path, _grid(self._tiles, self._columns))


def _tile(image: Image, caption: str) -> Image:
    width = 480
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    bar = np.full((_CAPTION_HEIGHT, width, 3), 32, np.uint8)
    cv2.putText(
        bar, caption, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (235, 235, 235), 1, cv2.LINE_AA
    )
    return np.vstack([bar, small])


def _grid(tiles: list[Image], columns: int) -> Image:
    blank = np.zeros_like(tiles[0])
    filled = tiles + [blank] * (-len(tiles) % columns)
    rows = [np.hstack(filled[i : i + columns]) for i in range(0, len(filled), columns)]
    return np.vstack(rows)


def save_png(path: Path, image: Image) -> None:
    """Write one PNG, whole or not at all. Raises ConfigError if the place cannot be written."""
    ok, data = cv2.imencode(".png", image)
    if not ok:
        raise ConfigError(f"{path}: the picture cannot be encoded")
    with atomic_write(path, "wb") as file:
        file.write(data.tobytes())
