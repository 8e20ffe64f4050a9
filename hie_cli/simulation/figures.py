"""Drawing one person: limbs as tapered hulls in far-to-near order, clothes with bands that move."""

from dataclasses import dataclass

import cv2
import numpy as np

from hie_cli.core.geometry import Floats
from hie_cli.core.skeletons import (
    CHEST,
    LEFT_ANKLE,
    LEFT_ELBOW,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_WRIST,
    NOSE,
    RIGHT_ANKLE,
    RIGHT_ELBOW,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
)
from hie_cli.core.types import Image
from hie_cli.simulation import body as b

SHIFT = 4  # fractional bits of the coordinates given to OpenCV
_CIRCLE = np.stack([np.cos(a := np.linspace(0, 2 * np.pi, 12, endpoint=False)), np.sin(a)], -1)
Colour = tuple[float, float, float]


@dataclass(frozen=True)
class ClothesAndBuild:
    """Colours (BGR) and cut of one person's clothes."""

    skin: Colour
    hair: Colour
    shirt: Colour
    accent: Colour
    trousers: Colour
    shoes: Colour
    sleeves: bool
    shorts: bool
    bands: int


def draw_look(rng: np.random.Generator) -> ClothesAndBuild:
    """Clothes of any colour, mostly muted."""

    def colour(low: int, high: int) -> Colour:
        base = rng.uniform(low, high)
        tint = rng.normal(0, 35 if rng.random() < 0.6 else 80, 3)
        x, y, z = np.clip(base + tint, 8, 247)
        return float(x), float(y), float(z)

    tone = rng.uniform(0.35, 1.0)
    skin = (130 * tone + 15, 165 * tone + 15, 215 * tone + 20)
    hair = tuple(float(v) for v in np.array([30, 45, 60]) * rng.uniform(0.3, 2.2))
    return ClothesAndBuild(
        skin,
        (hair[0], hair[1], hair[2]),
        colour(40, 220),
        colour(20, 230),
        colour(25, 140),
        colour(15, 120),
        bool(rng.random() < 0.65),
        bool(rng.random() < 0.2),
        int(rng.integers(0, 6)),
    )


def fill(image: Image, polygon: Floats, colour: Colour) -> None:
    """Fill a convex polygon (K, 2) in pixels, antialiased, coordinates to 1/16 pixel."""
    if np.isfinite(polygon).all() and np.abs(polygon).max() < 30000:
        points = np.round((polygon - 0.5) * (1 << SHIFT)).astype(np.int32)
        cv2.fillConvexPoly(image, points, colour, cv2.LINE_AA, SHIFT)


def hull(points: Floats, radii: Floats) -> Floats:
    """Convex hull (K, 2) of circles at points (N, 2) with radii (N,), pixels."""
    rim = (points[:, None] + radii[:, None, None] * _CIRCLE).reshape(-1, 2).astype(np.float32)
    return np.asarray(cv2.convexHull(rim)[:, 0], np.float64)


def _shade(colour: Colour, factor: float) -> Colour:
    x, y, z = (min(255.0, c * factor) for c in colour)
    return x, y, z


def _limb(image: Image, p: Floats, q: Floats, rp: float, rq: float, colour: Colour) -> None:
    """A tapered limb with a lit side (light from the top left)."""
    ends, radii = np.stack([p, q]), np.array([rp, rq])
    fill(image, hull(ends, radii), _shade(colour, 0.82))
    if rp > 1.2:
        fill(image, hull(ends - 0.25 * radii[:, None], 0.6 * radii), colour)


def _bands(image: Image, p: Floats, q: Floats, rp: float, rq: float, look: ClothesAndBuild) -> None:
    """Stripes across a limb or trunk from p to q, in the accent colour."""
    along = q - p
    length = float(np.hypot(*along))
    if look.bands < 2 or length < 4:
        return
    unit = along / length
    across = np.array([-unit[1], unit[0]])
    thick = 0.35 * length / look.bands
    for k in range(look.bands):
        share = (k + 0.5) / look.bands
        middle, r = p + share * along, 0.92 * (rp + share * (rq - rp))
        corners = [middle + s * r * across + d * thick / 2 * unit for s, d in _CORNERS]
        fill(image, np.array(corners), look.accent)


_CORNERS = ((-1, -1), (1, -1), (1, 1), (-1, 1))


def _trunk(image: Image, points: Floats, scale: float, girth: float, look: ClothesAndBuild) -> None:
    corners = points[[RIGHT_SHOULDER, LEFT_SHOULDER, LEFT_HIP, RIGHT_HIP, CHEST, b.PELVIS]]
    radii = scale * np.array([0.036, 0.036, 0.05, 0.05, 0.068 * girth, 0.066 * girth])
    fill(image, hull(corners, radii), _shade(look.shirt, 0.85))
    middle = hull(corners - 0.012 * scale, 0.62 * radii)
    fill(image, middle, look.shirt)
    wide = max(float(np.hypot(*(corners[0] - corners[1]))) / 2, 0.07 * scale)
    _bands(image, points[CHEST], points[b.PELVIS], wide, wide, look)
    hips = points[[RIGHT_HIP, LEFT_HIP, b.PELVIS]]
    fill(image, hull(hips, scale * np.array([0.052, 0.052, 0.06])), look.trousers)


def _head(image: Image, points: Floats, depth: Floats, scale: float, look: ClothesAndBuild) -> None:
    top, chest, nose = points[b.HEAD_TOP], points[CHEST], points[NOSE]
    axis = (top - chest) / max(float(np.hypot(*(top - chest))), 1e-6)
    skull = top - axis * 0.065 * scale
    chin = top - axis * 0.12 * scale
    fill(image, hull(np.stack([chest, chin]), scale * np.array([0.036, 0.03])), look.skin)
    shape = scale * np.array([0.052, 0.043])
    fill(image, hull(np.stack([skull, chin]), shape), _shade(look.hair, 1.0))
    if depth[NOSE] < depth[b.HEAD_TOP] + 0.06:  # the face is turned to the camera
        brow = 0.45 * nose + 0.55 * skull
        lower = 0.35 * nose + 0.65 * chin
        fill(image, hull(np.stack([brow, lower]), scale * np.array([0.038, 0.034])), look.skin)
        if scale > 110:
            side = np.array([-axis[1], axis[0]])
            for eye in (-0.017, 0.017):
                at = nose + axis * 0.018 * scale + side * eye * scale
                fill(image, hull(at[None], np.array([0.006 * scale])), (40, 40, 50))
            tip = hull(nose[None], np.array([0.008 * scale]))
            fill(image, tip, _shade(look.skin, 0.85))


def draw_person(
    image: Image, points: Floats, depth: Floats, body: b.Body, focal: float, look: ClothesAndBuild
) -> None:
    """Draw one person onto ``image`` in place: points (18, 2) px, depth (18,) metres."""
    scale = body.height * focal / float(depth[b.PELVIS])
    sleeve = look.shirt if look.sleeves else look.skin
    shank = look.skin if look.shorts else look.trousers
    parts: list[tuple[float, int, int, float, float, Colour, bool]] = []
    for start, end, colour, banded in (
        (RIGHT_SHOULDER, RIGHT_ELBOW, look.shirt, True),
        (LEFT_SHOULDER, LEFT_ELBOW, look.shirt, True),
        (RIGHT_ELBOW, RIGHT_WRIST, sleeve, False),
        (LEFT_ELBOW, LEFT_WRIST, sleeve, False),
        (RIGHT_HIP, RIGHT_KNEE, look.trousers, False),
        (LEFT_HIP, LEFT_KNEE, look.trousers, False),
        (RIGHT_KNEE, RIGHT_ANKLE, shank, False),
        (LEFT_KNEE, LEFT_ANKLE, shank, False),
        (RIGHT_ANKLE, b.RIGHT_TOE, look.shoes, False),
        (LEFT_ANKLE, b.LEFT_TOE, look.shoes, False),
    ):
        ra, rb = next((ra, rb) for p, q, ra, rb in b.FLESH if (p, q) == (start, end))
        parts.append((float(depth[[start, end]].mean()), start, end, ra, rb, colour, banded))
    parts.append((float(depth[[CHEST, b.PELVIS]].mean()), -1, 0, 0, 0, look.shirt, False))
    parts.append((float(depth[[NOSE, b.HEAD_TOP]].mean()), -2, 0, 0, 0, look.skin, False))
    for _, start, end, ra, rb, colour, banded in sorted(parts, key=lambda part: -part[0]):
        if start == -1:
            _trunk(image, points, scale, body.girth, look)
        elif start == -2:
            _head(image, points, depth, scale, look)
        else:
            p, q, rp, rq = points[start], points[end], ra * scale, rb * scale
            _limb(image, p, q, rp, rq, colour)
            if banded:
                _bands(image, p, q, rp, rq, look)
            if end in (RIGHT_WRIST, LEFT_WRIST):
                hand = q + 0.25 * (q - p)
                fill(image, hull(np.stack([q, hand]), np.full(2, 0.02 * scale)), look.skin)
