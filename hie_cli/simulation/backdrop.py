"""The still picture behind a crowd and the props in it: ground, sky or wall, stairs, benches."""

import cv2
import numpy as np

from hie_cli.core.geometry import Floats
from hie_cli.core.types import Image
from hie_cli.simulation.camera import NEAR, Camera
from hie_cli.simulation.figures import fill, hull
from hie_cli.simulation.paths import Prop

_COLOURS = {"bench": (60, 95, 140), "stairs": (150, 155, 160), "pillar": (120, 125, 130)}


def _noise(rng: np.random.Generator, height: int, width: int, grain: int) -> Floats:
    """Smooth noise (H, W) of about unit spread with blobs of ``grain`` pixels."""
    small = rng.normal(size=(height // grain + 2, width // grain + 2)).astype(np.float32)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))


def plate(rng: np.random.Generator, camera: Camera) -> Image:
    """A made-up place (H, W, 3): tiled ground to the horizon, houses or a wall, sky."""
    w, h = camera.width, camera.height_px
    v, u = np.mgrid[0:h, 0:w] + 0.5
    ground = camera.ground(np.stack([u, v], -1))
    tile = rng.uniform(0.5, 2.0)
    with np.errstate(invalid="ignore"):
        x, y = ground[..., 0], ground[..., 1]
        fade = np.clip(1.5 - y / (12 * tile * camera.height), 0, 1)
        seam = ((np.mod(x / tile, 1) < 0.05) | (np.mod(y / tile, 1) < 0.05)) * fade
        odd = (np.mod(np.floor(x / tile) + np.floor(y / tile), 2)) * fade
    base = rng.uniform(90, 170) + rng.normal(0, 10, 3)
    picture = np.zeros((h, w, 3))
    picture += base + (14 * np.nan_to_num(odd) - 30 * np.nan_to_num(seam))[..., None]
    top = int(np.clip(camera.horizon, 0, h))
    sky = np.linspace(1.0, 0.85, max(top, 1))[:, None, None] * rng.uniform(150, 245)
    picture[:top] = sky[:top] + np.array([20.0, 5.0, 0.0])
    right = 0
    while top > 4 and right < w:
        wide, tall = int(rng.uniform(0.06, 0.25) * w), int(rng.uniform(0.4, 1.3) * top)
        colour = rng.uniform(60, 200) + rng.normal(0, 15, 3)
        picture[max(0, top - tall) : top, right : right + wide] = colour
        step = max(6, wide // 8)
        for row in range(max(0, top - tall) + step // 2, top - step // 2, step):
            for column in range(right + step // 2, min(w, right + wide) - step // 2, step):
                picture[row : row + step // 2, column : column + step // 2] = 0.55 * colour
        right += wide
    picture += 5 * _noise(rng, h, w, 6)[..., None] + 6 * _noise(rng, h, w, 40)[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8)


def fitted(image: Image, width: int, height: int) -> Image:
    """``image`` scaled to cover the size and cut at its middle."""
    scale = max(width / image.shape[1], height / image.shape[0])
    size = (max(width, round(image.shape[1] * scale)), max(height, round(image.shape[0] * scale)))
    big = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    x, y = (size[0] - width) // 2, (size[1] - height) // 2
    return np.ascontiguousarray(big[y : y + height, x : x + width])


def _block(
    image: Image, camera: Camera, centre: Floats, yaw: float, size: Floats, low: float, prop: str
) -> None:
    """A cuboid standing on ``low`` metres: its outline in shade, its top lit."""
    ahead, left = np.array([np.cos(yaw), np.sin(yaw)]), np.array([-np.sin(yaw), np.cos(yaw)])
    flat = np.array(
        [
            centre + a * size[0] / 2 * ahead + s * size[1] / 2 * left
            for a, s in ((1, 1), (1, -1), (-1, -1), (-1, 1))
        ]
    )
    levels = [np.column_stack([flat, np.full(4, z)]) for z in (low, low + size[2])]
    pixels, depth = camera.project(np.concatenate(levels))
    if depth.min() < 4 * NEAR:
        return
    colour = _COLOURS[prop]
    fill(image, hull(pixels, np.zeros(8)), (0.6 * colour[0], 0.6 * colour[1], 0.6 * colour[2]))
    fill(image, pixels[4:], colour)


def _road(image: Image, camera: Camera, prop: Prop) -> None:
    """A strip of asphalt with a dashed middle line, drawn in pieces that lie before the camera."""
    ahead = np.array([np.cos(prop.yaw), np.sin(prop.yaw)])
    left = np.array([-ahead[1], ahead[0]])
    half, edges = prop.size[1] / 2, np.arange(-prop.size[0] / 2, prop.size[0] / 2, 1.0)
    for wide, colour, keep in ((half, (95, 92, 90), 1), (0.07, (215, 220, 225), 3)):
        for k, start in enumerate(edges):
            if k % keep:
                continue
            corners = np.array(
                [
                    prop.position + (start + d) * ahead + s * wide * left
                    for d, s in ((0, -1), (1.02, -1), (1.02, 1), (0, 1))
                ]
            )
            pixels, depth = camera.project(np.column_stack([corners, np.zeros(4)]))
            if depth.min() > 0.5:
                fill(image, pixels, colour)


def draw_prop(image: Image, camera: Camera, prop: Prop) -> None:
    """Draw a prop onto ``image`` in place."""
    centre, (long, wide, tall) = np.array(prop.position), prop.size
    if prop.kind == "road":
        _road(image, camera, prop)
    elif prop.kind == "stairs":
        ahead = np.array([np.cos(prop.yaw), np.sin(prop.yaw)])
        steps = max(1, round(long / 0.3))
        blocks = [
            (centre + ahead * (k + 0.5) * long / steps, long / steps, (k + 1) * tall / steps)
            for k in range(steps)
        ]
        blocks.append((centre + ahead * (long + 2.5), 5.0, tall))  # the landing
        for place, run, rise in sorted(blocks, key=lambda block: -block[0][1]):
            _block(image, camera, place, prop.yaw, np.array([run, wide, rise]), 0.0, "stairs")
    elif prop.kind == "bench":
        _block(image, camera, centre, prop.yaw, np.array([long, wide, 0.06]), tall - 0.06, "bench")
        left = np.array([-np.sin(prop.yaw), np.cos(prop.yaw)])
        for side in (-1, 1):
            foot = centre + side * (wide / 2 - 0.1) * left
            _block(
                image, camera, foot, prop.yaw, np.array([0.8 * long, 0.06, tall - 0.06]), 0, "bench"
            )
    else:
        _block(image, camera, centre, prop.yaw, np.array([long, wide, tall]), 0.0, "pillar")
