"""A simulated crowd as video frames: backdrop, shadows, props and persons from far to near."""

from collections.abc import Iterator

import cv2
import numpy as np

from hie_cli.core.geometry import Floats
from hie_cli.core.types import Frame, Image
from hie_cli.simulation.backdrop import draw_prop, fitted, plate
from hie_cli.simulation.body import FLESH, PELVIS
from hie_cli.simulation.camera import Camera
from hie_cli.simulation.crowd import Crowd
from hie_cli.simulation.figures import draw_look, draw_person, fill, hull

GRAIN = 3.0  # standard deviation of the camera's noise, grey levels


def render(crowd: Crowd, background: Image | None = None) -> Iterator[Frame]:
    """The crowd's frames, over ``background`` (any size) or a made-up place.

    Same seed, same pixels. Nearer persons cover farther ones, as the truth's visibility says.
    """
    rng = np.random.default_rng([crowd.config.seed, crowd.config.split == "test", 1])
    camera = crowd.camera
    still = (
        plate(rng, camera)
        if background is None
        else fitted(background, camera.width, camera.height_px)
    )
    for kind in ("road", "stairs"):
        for prop in crowd.props:
            if prop.kind == kind:
                draw_prop(still, camera, prop)
    looks = [draw_look(rng) for _ in crowd.actors]
    for t in range(crowd.config.frames):
        image = still.copy()
        _shadows(image, crowd, t)
        things: list[tuple[float, int, int]] = []
        for k, prop in enumerate(crowd.props):
            if prop.kind in ("bench", "pillar"):
                # A bench stands a little farther away than who sits on it.
                behind = 0.4 if prop.kind == "bench" else 0.0
                things.append((_depth(camera, prop.position) + behind, 0, k))
        things += [
            (float(crowd.depth[i, t, PELVIS]), 1, i)
            for i in range(len(looks))
            if (crowd.depth[i, t] > 0.3).all()
        ]
        for _, person, k in sorted(things, reverse=True):
            if not person:
                draw_prop(image, camera, crowd.props[k])
                continue
            actor = crowd.actors[k]
            if actor.vehicle:
                _bicycle(image, camera, actor.position[t], float(actor.heading[t]))
            points, depth = crowd.pixels[k, t], crowd.depth[k, t]
            draw_person(image, points, depth, actor.body, camera.focal, looks[k])
        yield Frame(t, _developed(image, rng))


def _depth(camera: Camera, position: tuple[float, float]) -> float:
    return float(camera.project(np.array([*position, 0.9]))[1])


def _developed(image: Image, rng: np.random.Generator) -> Image:
    """As a lens and a sensor would give it: slightly soft, with grain."""
    soft = cv2.GaussianBlur(image, (3, 3), 0.6)
    noise = rng.normal(0, GRAIN, image.shape[:2]).astype(np.float32)
    picture: Image = np.clip(soft + noise[..., None], 0, 255).astype(np.uint8)
    return picture


def _shadows(image: Image, crowd: Crowd, t: int) -> None:
    """Darken the ground where limbs shade it, the sun standing high on the left."""
    mask = np.zeros(image.shape[:2], np.uint8)
    for i in np.flatnonzero(crowd.present[:, t]):
        w = crowd.world[i, t]
        base = float(crowd.actors[i].position[t, 2])
        high = w[:, 2] - base
        shade = np.column_stack([w[:, 0] + 0.35 * high, w[:, 1] + 0.15 * high])
        pixels, depth = crowd.camera.project(np.column_stack([shade, np.full(len(shade), base)]))
        if not (depth > 0.3).all():
            continue
        scale = crowd.actors[i].body.height * crowd.camera.focal / depth
        for a, b, ra, rb in FLESH:
            radii = np.array([ra * scale[a], rb * scale[b]]) * 0.8
            fill(mask, hull(pixels[[a, b]], radii), (255, 255, 255))
    if mask.any():
        x, y, w_, h_ = cv2.boundingRect(mask)
        part = image[y : y + h_, x : x + w_]
        dark = 1 - 0.4 * (mask[y : y + h_, x : x + w_, None].astype(np.float32) / 255)
        part[:] = (part * dark).astype(np.uint8)


def _bicycle(image: Image, camera: Camera, position: Floats, heading: float) -> None:
    """Two wheels and a frame under a rider."""
    ahead = np.array([np.cos(heading), np.sin(heading), 0.0])
    up = np.array([0.0, 0.0, 1.0])
    thick = max(1, round(0.035 * camera.focal / max(1.0, float(camera.project(position)[1]))))
    hubs = [position + d * ahead + 0.33 * up for d in (-0.52, 0.52)]
    angle = np.linspace(0, 2 * np.pi, 24)[:, None]
    lines = [hub + 0.33 * (np.cos(angle) * ahead + np.sin(angle) * up) for hub in hubs]
    saddle, bars = position + 0.85 * up - 0.15 * ahead, position + 1.0 * up + 0.45 * ahead
    lines.append(np.stack([hubs[0], saddle, bars, hubs[1], position + 0.3 * up, saddle]))
    for line in lines:
        pixels, depth = camera.project(line)
        if (depth > 0.5).all() and np.abs(pixels).max() < 30000:
            points = np.round((pixels - 0.5) * 16).astype(np.int32)
            cv2.polylines(image, [points], False, (35, 30, 30), thick, cv2.LINE_AA, 4)
