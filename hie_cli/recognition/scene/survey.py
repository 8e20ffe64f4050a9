"""One look over a video before its people are scored: its scene, as numbers for each person."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hie_cli.core.errors import ModelError
from hie_cli.core.types import FloatArray, Frame, FramePeople, Image, VideoInfo
from hie_cli.recognition.scene.areas import (
    KINDS,
    band_areas,
    frame_areas,
    kind_of,
    surfaces,
)
from hie_cli.recognition.scene.descriptor import (
    BAND,
    SceneDescriptor,
    background,
    band_vectors,
    looks,
    shrunk,
)
from hie_cli.recognition.scene.uses import uses

if TYPE_CHECKING:
    from torch import nn

FRAMES = 15  # of which the background is taken, at least
SEGMENTED = 640  # pixels of the width in which a segmentation network sees the background


@dataclass(frozen=True)
class Segmenter:
    """A segmentation network with its number of classes, in eval mode on ``device``."""

    network: "nn.Module"
    classes: int
    device: str = "cpu"

    @classmethod
    def of(cls, name: str, path: Path, device: str = "cpu") -> "Segmenter":
        """The network ``name`` with the user's weights. Raises ModelError."""
        from hie_cli.recognition.scene.segmentation import load_segmentation

        network, classes = load_segmentation(name, path)
        try:
            kind_of(classes)
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from None
        return cls(network.to(device), classes, device)


@dataclass(frozen=True)
class Survey:
    """The scene of ``video``; ``kinds`` (h, w, 17): surfaces, where a network told them."""

    video: VideoInfo
    scene: SceneDescriptor
    kinds: FloatArray | None

    def vectors(self, boxes: FloatArray) -> FloatArray:
        """The scene around people with boxes (N, 4) xyxy pixels: (N, ``vector_size``)."""
        bands = band_vectors(self.scene, boxes)
        if self.kinds is None:
            return bands
        under = band_areas(self.kinds, boxes, self.video.width, self.video.height)
        frame = np.tile(frame_areas(self.kinds), (len(bands), 1))
        return np.concatenate([bands, under, frame], axis=1)


def vector_size(segmented: bool) -> int:
    """Numbers per person: the band's 36; with a segmentation also its 17 areas and the frame's."""
    return BAND + 2 * len(KINDS) * segmented


def survey(
    frames: Iterable[Frame],
    people: Iterable[FramePeople],
    video: VideoInfo,
    segmenter: Segmenter | None = None,
) -> Survey:
    """Look over all frames and all people of a video once, holding few of them.

    Raises ValueError for a video without a frame.
    """
    pictures = thinned(frames)
    picture = background(pictures)
    size = (picture.shape[0], picture.shape[1])
    scene = SceneDescriptor(looks(picture), uses(people, video, size), size[1] / video.width)
    if segmenter is None:
        return Survey(video, scene, None)
    large = background(pictures, SEGMENTED)
    kinds = surfaces(segmenter.network, segmenter.classes, large, segmenter.device)
    return Survey(video, scene, kinds)


def thinned(frames: Iterable[Frame], wanted: int = FRAMES) -> list[Image]:
    """``wanted`` to ``2 * wanted - 1`` pictures (all, if fewer) evenly spread over the frames.

    Their number need not be known ahead: whenever twice as many are held, every other one goes.
    """
    held: list[Image] = []
    step = 1
    for count, frame in enumerate(frames):
        if count % step == 0:
            held.append(shrunk(frame.image, min(SEGMENTED, frame.image.shape[1])))
        if len(held) == 2 * wanted:
            held, step = held[::2], 2 * step
    return held
