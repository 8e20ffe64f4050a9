"""Dense flow between two frames, and carrying points along it with a check by the way back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry

Floats = NDArray[np.floating]
Field = NDArray[np.float32]


@dataclass(frozen=True)
class FlowPair:
    """Flow between frame a and the next one b, at reduced size.

    forward, backward (h, w, 2) float32: displacement (x, y) in reduced pixels, from a to b and from
    b to a · scale: reduced pixels per frame pixel.
    """

    forward: Field
    backward: Field
    scale: float


def sample(field: Field, points: Floats) -> NDArray[np.float64]:
    """Bilinear values (..., 2) of ``field`` (h, w, 2) at ``points`` (..., 2), in field pixels.

    The centre of the top-left field pixel lies at (0.5, 0.5). Outside, the edge's value counts;
    NaN points give NaN.
    """
    height, width = field.shape[:2]
    known = geometry.known(points)
    at = np.where(known[..., None], points, 0.0) - 0.5
    x = np.clip(at[..., 0], 0, width - 1)
    y = np.clip(at[..., 1], 0, height - 1)
    x0 = np.minimum(x.astype(int), max(width - 2, 0))
    y0 = np.minimum(y.astype(int), max(height - 2, 0))
    x1, y1 = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1)
    u, v = (x - x0)[..., None], (y - y0)[..., None]
    top = field[y0, x0] * (1 - u) + field[y0, x1] * u
    bottom = field[y1, x0] * (1 - u) + field[y1, x1] * u
    value: NDArray[np.float64] = np.where(known[..., None], top * (1 - v) + bottom * v, np.nan)
    return value


def carry(
    points: Floats, pair: FlowPair, back: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Move ``points`` (..., 2), frame pixels, from frame a to b, or with ``back`` from b to a.

    Returns the moved points and the forward-backward error (...) in frame pixels: how far from its
    start a point lands after going there and back.
    """
    there, again = (pair.backward, pair.forward) if back else (pair.forward, pair.backward)
    start = np.asarray(points, np.float64) * pair.scale
    moved = start + sample(there, start)
    returned = moved + sample(again, moved)
    error: NDArray[np.float64] = np.linalg.norm(returned - start, axis=-1) / pair.scale
    return moved / pair.scale, error
