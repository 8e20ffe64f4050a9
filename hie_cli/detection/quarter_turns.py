"""Quarter turns of an image and of the people found in it.

Under a ceiling camera people lie on their side in the picture; networks trained on upright people
find them once the picture is turned.
"""

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import Image, People

# Counter-clockwise quarter turns other than none and a half.
TURNS = (1, 3)


def turned_image(image: Image, turns: int) -> Image:
    """``image`` (H, W, 3) turned counter-clockwise by ``turns`` quarters."""
    return image if turns % 4 == 0 else np.ascontiguousarray(np.rot90(image, turns))


def turned_back(people: People, turns: int, width: int, height: int) -> People:
    """``people`` found in an image turned by ``turns``, in the pixels of that of ``width`` x
    ``height`` before it was turned.
    """
    if turns % 4 == 0:
        return people
    corners = np.stack(
        [
            _point_back(people.boxes[:, :2], turns, width, height),
            _point_back(people.boxes[:, 2:], turns, width, height),
        ]
    )
    back = people.replace(boxes=np.concatenate([corners.min(0), corners.max(0)], 1))
    if people.keypoints is None:
        return back
    return back.replace(keypoints=_point_back(people.keypoints, turns, width, height))


def _point_back(
    points: NDArray[np.floating], turns: int, width: int, height: int
) -> NDArray[np.floating]:
    x, y = points[..., 0], points[..., 1]
    back = {1: (width - y, x), 2: (width - x, height - y), 3: (y, height - x)}[turns % 4]
    return np.stack(back, -1)
