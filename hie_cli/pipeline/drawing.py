"""One image with its people drawn on it."""

from hie_cli.core.config import Files, Sets, load
from hie_cli.core.types import Image, People
from hie_cli.pipeline.settings import ChainConfig
from hie_cli.rendering.draw import Painter


def draw(image: Image, people: People, *, config: Files = None, set: Sets = None) -> Image:
    """A copy of ``image`` (H, W, 3) BGR uint8 with boxes, skeletons, identities and actions.

    config, set: settings, of which the section ``render`` counts, such as
    ``set={"render.boxes": False}``. Raises ConfigError for wrong settings.
    """
    settings = load(ChainConfig(), config, set).render
    return Painter(settings, fps=1.0).paint(image.copy(), people, 0)
