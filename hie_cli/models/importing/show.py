"""A picture of what a model saw, for whoever imports it to judge."""

import numpy as np

from hie_cli.core.skeletons import BONES
from hie_cli.core.types import FloatArray, Image, People
from hie_cli.models.images import cropped

_LEAST = 0.3  # score from which a box or joint is drawn
_CROP_WH = (48, 96)


def people(image: Image, seen: People) -> Image:
    """The picture with boxes, their scores, and the joints where there are any."""
    import cv2

    drawn = np.array(image)
    for index in np.flatnonzero(seen.scores >= _LEAST):
        x1, y1, x2, y2 = (round(float(v)) for v in seen.boxes[index])
        cv2.rectangle(drawn, (x1, y1), (x2, y2), (0, 200, 0), 2)
        text = f"{seen.scores[index]:.2f}"
        cv2.putText(drawn, text, (x1, y1 - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 200, 0), 1)
        if seen.keypoints is not None and seen.keypoint_scores is not None:
            _joints(drawn, seen.keypoints[index])
    return drawn


def poses(image: Image, points: FloatArray) -> Image:
    """The picture with poses (N, 14, 2)."""
    drawn = np.array(image)
    for pose in points:
        _joints(drawn, pose)
    return drawn


def _joints(drawn: Image, pose: FloatArray) -> None:
    import cv2

    for one, other in BONES:
        if np.isfinite(pose[[one, other]]).all():
            start, end = ((round(float(x)), round(float(y))) for x, y in pose[[one, other]])
            cv2.line(drawn, start, end, (0, 160, 255), 1)
    for x, y in pose[np.isfinite(pose).all(1)]:
        cv2.circle(drawn, (round(float(x)), round(float(y))), 2, (0, 0, 255), -1)


def likeness(now: Image, boxes: FloatArray, before: Image, earlier: FloatArray,
             alike: FloatArray) -> Image:  # fmt: skip
    """Everybody in one picture by row, in the other by column, and how alike (N, N) they are."""
    import cv2

    wide, high = _CROP_WH
    count = len(boxes)
    drawn = np.full(((count + 1) * high, (count + 1) * wide, 3), 255, np.uint8)
    for i in range(count):
        start = (i + 1) * high, (i + 1) * wide
        drawn[start[0] : start[0] + high, :wide] = cropped(now, boxes[i], _CROP_WH)
        drawn[:high, start[1] : start[1] + wide] = cropped(before, earlier[i], _CROP_WH)
        for j in range(count):
            best = alike[i, j] >= alike[i].max()
            place = ((j + 1) * wide + 4, start[0] + high // 2)
            colour = (0, 140, 0) if best else (120, 120, 120)
            text = f"{alike[i, j]:.2f}"
            cv2.putText(drawn, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1 + best)
    return drawn


def png(image: Image) -> bytes:
    """A picture as the bytes of a PNG file."""
    import cv2

    return bytes(cv2.imencode(".png", image)[1])
