"""Pictures of single persons, cut from a video's frames round their boxes."""

import cv2
import numpy as np

from hie_cli.core.types import FloatArray, Image
from hie_cli.recognition.learned.footage import FrameCrop, FrameRequest
from hie_cli.recognition.learned.pose_clips import Sampling
from hie_cli.recognition.window import Track, Window

SIDE = 48  # pixels of a crop
REACH = 1.3  # side of the square cut out, over the box's longer side: some of the surroundings
# Half a second before, now, half a second later; frames no larger than crops need.
WANTED = FrameRequest(Sampling(2.0, 3), 540)
_GREY = (114, 114, 114)


def crops_of(window: Window, look: FrameCrop) -> Image:
    """Crops (N, T, SIDE, SIDE, 3) uint8 BGR of the window's people in the T images of ``look``.

    Where a track has no box near an instant, the nearest in time stands in.
    """
    out = np.empty((len(window.tracks), len(look.images), SIDE, SIDE, 3), np.uint8)
    for person, track in enumerate(window.tracks):
        for k, (image, time) in enumerate(zip(look.images, WANTED.sampling.times, strict=True)):
            out[person, k] = cut(image, _box(track, float(time)) * look.scale)
    return out


def _box(track: Track, time: float) -> FloatArray:
    box: FloatArray = track.boxes[int(np.abs(track.times - time).argmin())]
    return box


def cut(image: Image, box: FloatArray) -> Image:
    """The square (SIDE, SIDE, 3) round an xyxy box; grey where it leaves the image."""
    centre = (box[:2] + box[2:]) / 2
    half = max(2.0, REACH / 2 * float(np.max(box[2:] - box[:2])))
    x1, y1 = np.floor(centre - half).astype(int)
    x2, y2 = np.ceil(centre + half).astype(int)
    height, width = image.shape[:2]
    part = image[max(0, y1) : max(0, y2), max(0, x1) : max(0, x2)]
    if not part.size:
        return np.full((SIDE, SIDE, 3), _GREY, np.uint8)
    margins = (max(0, -y1), max(0, y2 - height), max(0, -x1), max(0, x2 - width))
    whole = cv2.copyMakeBorder(part, *margins, cv2.BORDER_CONSTANT, value=_GREY)
    crop: Image = cv2.resize(whole, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.uint8)
    return crop
