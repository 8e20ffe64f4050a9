"""Labelled stills seen by a moving camera, and once more with somebody walking past."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from image_changes import paste
from pose_clips import Chain, Scene, Truth
from stills import Still, pose_stills

from hie_cli.core import geometry
from hie_cli.core.types import Frame, Image
from hie_cli.posing.calibration import HALF_HEAD


def moving_stills(
    root: Path, frames: int, chain: Chain, only: Sequence[str] = ()
) -> Iterator[Scene]:
    """Every labelled still (or those of the data sets ``only``) as a clip of 25 fps, and once more
    with somebody walking past.
    """
    stills = [_fitted(still) for still in pose_stills(root)]
    for number, still in enumerate(stills):
        if only and still.group not in only:
            continue
        rng = np.random.default_rng(number)
        views = _camera_path(still.image.shape, frames, rng)
        truths = [_seen_by(view, still) for view in views]
        images = [Frame(t, _photo(still.image, view, rng)) for t, view in enumerate(views)]
        name = f"still{number}-{frames}"
        yield Scene("moving camera", truths, chain(f"{name}-moving", images, 25.0), 25.0)
        passing = [_with_walker(still, stills[number - 1], t / (frames - 1)) for t in range(frames)]
        images = [
            Frame(t, _photo(image, view, rng))
            for t, ((image, _), view) in enumerate(zip(passing, views, strict=True))
        ]
        truths = [
            replace(truth, pasted=_moved_boxes(walker[None], view))
            for truth, (_, walker), view in zip(truths, passing, views, strict=True)
        ]
        yield Scene("passer-by", truths, chain(f"{name}-passer-by", images, 25.0), 25.0)


def _fitted(still: Still) -> Still:
    """``still`` with its longer side reduced to 960 pixels."""
    scale = min(1.0, 960 / max(still.image.shape[:2]))
    return replace(
        still,
        image=cv2.resize(still.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA),
        boxes=still.boxes * scale,
        keypoints=still.keypoints * scale,
        half_heads=still.half_heads * scale,
    )


def _camera_path(shape: tuple[int, ...], frames: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Matrices (2, 3) of a pan, a zoom and a roll at even speed, and of a hand that shakes."""
    height, width = shape[:2]
    pan = rng.uniform(-0.04, 0.04, 2) * (width, height)
    zoom, roll = rng.uniform(-0.06, 0.06), rng.uniform(-2, 2)
    shake = cv2.GaussianBlur(rng.normal(0, 0.003 * width, (frames, 2)), (1, 5), 0)
    views = []
    for t, at in enumerate(np.linspace(-1, 1, frames)):
        view = cv2.getRotationMatrix2D((width / 2, height / 2), roll * at, 1.06 + zoom * at)
        view[:, 2] += pan * at + shake[t]
        views.append(view)
    return views


def _seen_by(view: np.ndarray, still: Still) -> Truth:
    """The labels as ``view`` moves them."""
    boxes = _moved_boxes(still.boxes, view)
    scale = np.sqrt(np.linalg.det(view[:, :2]))
    tall = still.half_heads * scale / HALF_HEAD
    joints = still.keypoints @ view[:, :2].T + view[:, 2]
    keep = ~still.ignore & geometry.known(joints).any(1)
    return Truth(boxes[keep], joints[keep], np.flatnonzero(keep), tall[keep])


def _moved_boxes(boxes: np.ndarray, view: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) around what ``view`` makes of ``boxes``."""
    x1, y1, x2, y2 = boxes.T
    corners = np.stack([x1, y1, x2, y1, x1, y2, x2, y2], 1).reshape(-1, 4, 2)
    moved = corners @ view[:, :2].T + view[:, 2]
    return np.concatenate([moved.min(1), moved.max(1)], axis=1)


def _with_walker(still: Still, other: Still, time: float) -> tuple[Image, np.ndarray]:
    """The picture with the largest person of ``other`` at ``time`` (0..1) of a walk across its own
    largest person, and the walker's box (4,).
    """
    image = still.image.copy()
    x1, y1, x2, y2 = still.boxes[int(np.argmax(geometry.area(still.boxes)))]
    a1, b1, a2, b2 = np.maximum(other.boxes[int(np.argmax(other.half_heads))], 0).astype(int)
    height = int(min(1.1 * (y2 - y1), image.shape[0]))
    width = max(2, int(height * 0.4))
    left, top = int(x1 - width + time * (x2 - x1 + width)), int(y1)
    paste(image, cv2.resize(other.image[b1:b2, a1:a2], (width, height)), left, top)
    return image, np.array([left, top, left + width, top + height], float)


def _photo(image: Image, view: np.ndarray, rng: np.random.Generator) -> Image:
    """``image`` as ``view`` sees it: a noisy, compressed video frame."""
    size = image.shape[1::-1]
    image = cv2.warpAffine(image, view, size, borderMode=cv2.BORDER_REFLECT)
    noisy = np.clip(image + rng.normal(0, 4, image.shape), 0, 255).astype(np.uint8)
    return cv2.imdecode(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], 1)
