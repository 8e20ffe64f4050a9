"""Colours that eyes with any kind of colour vision tell apart.

The seven hues are those of Okabe and Ito (Color Universal Design, 2008: jfly.uni-koeln.de/color),
without black. Their order puts light beside dark: people whose numbers follow each other are told
apart in grey as well.
"""

from functools import lru_cache

import numpy as np

Colour = tuple[int, int, int]  # blue, green, red

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
GREY: Colour = (200, 200, 200)  # of somebody without an identity
# Okabe-Ito, as red, green, blue.
_OKABE_ITO = (
    (0, 114, 178),  # blue
    (240, 228, 66),  # yellow
    (213, 94, 0),  # vermilion
    (86, 180, 233),  # sky blue
    (0, 158, 115),  # bluish green
    (230, 159, 0),  # orange
    (204, 121, 167),  # reddish purple
)
_SHADES = (0.0, 0.45, -0.35)  # as they are, towards white, towards black


@lru_cache(maxsize=4096)
def identity_colour(track_id: int | None) -> Colour:
    """The BGR colour of an identity: the same id has the same colour in every frame and video.

    Seven hues, then their tints, then their shades; the 22nd identity has the first one's again, as
    there are no more colours that everybody tells apart. The number beside a box says who it is.
    """
    if track_id is None or track_id < 0:
        return GREY
    red, green, blue = _OKABE_ITO[track_id % len(_OKABE_ITO)]
    shade = _SHADES[track_id // len(_OKABE_ITO) % len(_SHADES)]
    target = 255 if shade > 0 else 0
    channels = [round(c + (target - c) * abs(shade)) for c in (blue, green, red)]
    return channels[0], channels[1], channels[2]


def ink(colour: Colour) -> Colour:
    """Black or white, whichever is read better on ``colour`` (contrast of WCAG 2)."""
    light = luminance(colour)
    return BLACK if (light + 0.05) ** 2 > 0.05 * 1.05 else WHITE


def luminance(colour: Colour) -> float:
    """Relative luminance of a BGR colour, 0..1 (IEC 61966-2-1)."""
    channels = np.array(colour[::-1]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))
