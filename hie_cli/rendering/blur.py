"""Make people unrecognisable: coarse mosaics over faces, heads or whole people.

What is hidden is what a document holds. Where people go on but the document has nobody for a
moment (a gap of a track, a frame before the first or after the last sighting), they are hidden as
well; who was never found is not.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FramePeople, Image, People
from hie_cli.rendering.heads import head_boxes
from hie_cli.rendering.settings import Blur

Regions = Mapping[int, NDArray[np.float64]]  # boxes (N, 4) in pixels by frame
# Width and height of what is hidden over that of the head, or of the person's box.
_GROWN: dict[Blur, float] = {"faces": 1.25, "heads": 1.8, "people": 1.12}
_GAP = 2.0  # seconds that somebody may be missing between two sightings
_HELD = 0.5  # seconds that they are hidden before the first and after the last sighting
_AROUND = 2  # frames: what is hidden in one is hidden in so many before and after it as well
_CELLS = 5  # a mosaic of so many cells across: nothing of a face is left in it
_NOBODY = np.zeros((0, 4))


def hidden_regions(frames: Sequence[FramePeople], mode: Blur, fps: float) -> Regions:
    """What to hide in each frame of a document: boxes (N, 4) in pixels by frame number.

    frames: all of them, ascending; their images are not looked at. Everybody in them counts,
    whatever their score.
    """
    indices = [item.index for item in frames]
    found: dict[int, list[NDArray[np.float64]]] = defaultdict(list)
    tracks: dict[int, list[tuple[int, NDArray[np.float64]]]] = defaultdict(list)
    for position, item in enumerate(frames):
        regions = _regions(item.people, mode)
        found[position].extend(regions)
        if item.people.track_ids is not None:
            for key, region in zip(item.people.track_ids.tolist(), regions, strict=True):
                if key >= 0:
                    tracks[key].append((position, region))
    seconds = np.array(indices) / fps
    for track in tracks.values():
        _fill(track, seconds, found)
    hidden: dict[int, NDArray[np.float64]] = {}
    for position, index in enumerate(indices):
        near = range(max(0, position - _AROUND), min(len(indices), position + _AROUND + 1))
        boxes = [box for other in near for box in found[other]]
        hidden[index] = np.array(boxes) if boxes else _NOBODY
    return hidden


def _regions(people: People, mode: Blur) -> NDArray[np.float64]:
    """What to hide of each person (N, 4)."""
    boxes = people.boxes.astype(np.float64) if mode == "people" else head_boxes(people)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]) / 2 * _GROWN[mode]
    return np.concatenate([centre - half, centre + half], axis=1)


def _fill(
    track: Sequence[tuple[int, NDArray[np.float64]]],
    seconds: NDArray[np.float64],
    found: dict[int, list[NDArray[np.float64]]],
) -> None:
    """Add the regions of one identity where it is missing: in gaps, before, and after."""
    for (start, first), (end, last) in pairwise(track):
        if end - start > 1 and seconds[end] - seconds[start] <= _GAP:
            for position in range(start + 1, end):
                share = (position - start) / (end - start)
                found[position].append(first + (last - first) * share)
        elif end - start > 1:
            _hold(start, first, seconds, found, 1)
            _hold(end, last, seconds, found, -1)
    _hold(*track[0], seconds, found, -1)
    _hold(*track[-1], seconds, found, 1)


def _hold(
    position: int,
    region: NDArray[np.float64],
    seconds: NDArray[np.float64],
    found: dict[int, list[NDArray[np.float64]]],
    step: int,
) -> None:
    other = position + step
    while 0 <= other < len(seconds) and abs(seconds[other] - seconds[position]) <= _HELD:
        found[other].append(region)
        other += step


def hide(image: Image, regions: Iterable[NDArray[np.float64]], mode: Blur) -> Image:
    """A copy of ``image`` with a mosaic over each region: an ellipse, for people a rectangle."""
    result, height, width = image.copy(), image.shape[0], image.shape[1]
    for region in regions:
        low, high = np.floor(region[:2]).astype(int), np.ceil(region[2:]).astype(int)
        x1, y1 = np.clip(low, 0, [width, height]).tolist()
        x2, y2 = np.clip(high, 0, [width, height]).tolist()
        if x2 - x1 < 1 or y2 - y1 < 1:
            continue
        # From the picture as it was: a mosaic of a mosaic would let its border through.
        part = image[y1:y2, x1:x2]
        rows = max(1, round(_CELLS * (y2 - y1) / max(x2 - x1, 1)))
        cells = cv2.resize(
            part, (min(_CELLS, x2 - x1), min(rows, y2 - y1)), interpolation=cv2.INTER_AREA
        )
        mosaic = cv2.resize(cells, (x2 - x1, y2 - y1), interpolation=cv2.INTER_LINEAR)
        if mode == "people":
            result[y1:y2, x1:x2] = mosaic
            continue
        mask = np.zeros(part.shape[:2], np.uint8)
        centre = ((region[:2] + region[2:]) / 2 - [x1, y1]).round().astype(int).tolist()
        axes = np.ceil((region[2:] - region[:2]) / 2).astype(int).tolist()
        cv2.ellipse(mask, centre, axes, 0, 0, 360, 255, -1)
        target = result[y1:y2, x1:x2]
        target[mask > 0] = mosaic[mask > 0]
    return result
