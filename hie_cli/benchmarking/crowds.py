"""Rendered crowds as input: as many people as asked for, the same pixels everywhere."""

from hie_cli.core.types import Image
from hie_cli.simulation.crowd import CrowdConfig, simulate
from hie_cli.simulation.render import render

FPS = 25.0
_WIDTH, _HEIGHT = 1280, 720


def crowd_images(people: int, frames: int) -> list[Image]:
    """The frames (H, W, 3) uint8 BGR of a crowd of about ``people``, who stay in view."""
    crowd = simulate(
        CrowdConfig(7, people, frames, FPS, width=_WIDTH, height=_HEIGHT, returning=0.0)
    )
    return [frame.image.copy() for frame in render(crowd)]
