"""A clip of each identity: a window that follows them, with them alone drawn."""

import os
import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.partial_files import partial_path
from hie_cli.core.types import FramePeople, VideoInfo
from hie_cli.formats.files import write_error
from hie_cli.rendering.draw import Painter
from hie_cli.rendering.encoder import OverlayWriter
from hie_cli.rendering.settings import Layer, RenderConfig
from hie_cli.rendering.view import View

_SHORTEST = 1.0  # seconds: shorter sightings have no clip
_ROOM = 1.25  # window over the largest box
_STEADY = 0.5  # seconds over which the window's way is averaged
_LEAST_HEIGHT = 240  # pixels: of smaller people the clip is enlarged, at most 4 times
_LARGEST = 4.0


@dataclass(frozen=True)
class Cutout:
    """One clip: of whom, and the window's size in pixels and centres (T, 2).

    frames: the numbers (T,) of its frames, ascending: all from the first to the last sighting.
    """

    track_id: int
    frames: NDArray[np.int64]
    centres: NDArray[np.float64]
    width: int
    height: int
    scale: float

    def view(self, index: int) -> View:
        """What the clip shows of a frame."""
        x, y = self.centres[int(np.searchsorted(self.frames, index))]
        size = [2 * round(side * self.scale / 2) for side in (self.width, self.height)]
        left, top = round(x - self.width / 2), round(y - self.height / 2)
        return View(left, top, self.width, self.height, self.scale, size[0], size[1])


def plan_cutouts(
    frames: Sequence[FramePeople], video: VideoInfo, config: RenderConfig
) -> tuple[list[Cutout], int]:
    """The clips of a document's identities, and how many are too short for one.

    ``config.only`` names those that are wanted; ``config.scale`` enlarges.
    """
    indices = np.array([item.index for item in frames])
    tracks: dict[int, list[tuple[int, NDArray[np.float64]]]] = defaultdict(list)
    for item in frames:
        if item.people.track_ids is not None:
            for key, box in zip(item.people.track_ids.tolist(), item.people.boxes, strict=True):
                if not config.only or key in config.only:
                    tracks[key].append((item.index, box.astype(np.float64)))
    found, short = [], 0
    for key in sorted(tracks):
        when = np.array([index for index, _ in tracks[key]])
        if (when[-1] - when[0]) / video.fps < _SHORTEST:
            short += 1
            continue
        boxes = np.array([box for _, box in tracks[key]])
        spanned = indices[(indices >= when[0]) & (indices <= when[-1])]
        middle = (boxes[:, :2] + boxes[:, 2:]) / 2
        centres = np.stack([np.interp(spanned, when, middle[:, axis]) for axis in (0, 1)], axis=1)
        size = (boxes[:, 2:] - boxes[:, :2]).max(axis=0) * _ROOM
        width, height = (max(16, 2 * round(side / 2)) for side in size.tolist())
        scale = config.scale * min(_LARGEST, max(1.0, _LEAST_HEIGHT / height))
        half = round(_STEADY * video.fps / 2)
        found.append(Cutout(key, spanned, _averaged(centres, half), width, height, scale))
    return found, short


def _averaged(path: NDArray[np.float64], half: int) -> NDArray[np.float64]:
    """Means over a window of 2 * half + 1 rows, the path's ends repeated."""
    padded = np.pad(path, ((half, half), (0, 0)), mode="edge")
    sums = np.cumsum(np.vstack([np.zeros((1, 2)), padded]), axis=0)
    means: NDArray[np.float64] = (sums[2 * half + 1 :] - sums[: -2 * half - 1]) / (2 * half + 1)
    return means


class CutoutWriter:
    """Writes all clips of one video to a folder, ``ID.mp4`` each; there when ``close`` succeeds.

    Clips of an earlier run that are not written anew are removed. Raises ConfigError where the
    folder cannot be written.
    """

    def __init__(
        self, folder: Path, cutouts: Sequence[Cutout], config: RenderConfig, fps: float, rate: float
    ) -> None:
        self.folder = folder
        self._partial = partial_path(folder)
        self._cutouts = list(cutouts)
        self._rate = rate
        self._painters = {
            cutout.track_id: Painter(
                replace(config, only=(cutout.track_id,), legend=False, show=_shown(config)), fps
            )
            for cutout in cutouts
        }
        self._open: dict[int, tuple[OverlayWriter, float]] = {}
        self._done: list[str] = []

    def write(self, item: FramePeople, seconds: float) -> None:
        """Take in the next frame, with its image, which is shown at ``seconds``."""
        assert item.image is not None
        for cutout in self._cutouts:
            if not cutout.frames[0] <= item.index <= cutout.frames[-1]:
                continue
            key = cutout.track_id
            if key not in self._open:
                writer = OverlayWriter(self._partial / f"{key}.mp4", self._rate)
                self._open[key] = writer, seconds
            writer, start = self._open[key]
            painter = self._painters[key]
            painter.view = cutout.view(item.index)
            picture = painter.view.picture(item.image)
            painter.paint(picture, item.people, item.index, item.camera)
            writer.write(picture, seconds - start)
            if item.index == cutout.frames[-1]:
                self._open.pop(key)[0].close()
                self._done.append(f"{key}.mp4")

    def close(self) -> None:
        """Publish the clips."""
        try:
            for writer, _ in self._open.values():
                writer.close()
            if self._partial.exists():
                self.folder.mkdir(parents=True, exist_ok=True)
                for old in self.folder.glob("*.mp4"):
                    if old.stem.isdigit() and old.name not in self._done:
                        old.unlink()
                for path in self._partial.glob("[!.]*.mp4"):
                    os.replace(path, self.folder / path.name)
        except OSError as error:
            raise write_error(self.folder, error) from None
        finally:
            self.discard()

    def discard(self) -> None:
        """Drop what is not published."""
        for writer, _ in self._open.values():
            writer.discard()
        self._open.clear()
        shutil.rmtree(self._partial, ignore_errors=True)


def _shown(config: RenderConfig) -> tuple[Layer, ...]:
    """Of the layers those that mean something in a window that follows somebody."""
    return tuple(layer for layer in config.show if layer in ("boxes", "poses", "ids", "actions"))
