import itertools

import numpy as np
import pytest

from hie_cli.rendering.palette import BLACK, GREY, WHITE, identity_colour, ink, luminance

# Full deficiency of the red, green and blue cones on linear RGB (Machado, Oliveira and Fernandes,
# IEEE TVCG 15(6), 2009, severity 1.0).
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}  # fmt: skip


def lab(colours: np.ndarray, seen_with: np.ndarray) -> np.ndarray:
    """BGR colours (N, 3) as CIE L*a*b* (D65), as somebody with a deficiency sees them."""
    rgb = colours[:, ::-1] / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = (linear @ np.asarray(seen_with).T).clip(0, 1)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = linear @ to_xyz.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1
    )


@pytest.mark.parametrize("name", DEFICIENCIES)
def test_seven_people_are_told_apart_with_any_colour_vision(name):
    """A difference of 10 in L*a*b* is seen at a glance (2.3 is just noticeable)."""
    seen = lab(np.array([identity_colour(i) for i in range(7)], float), DEFICIENCIES[name])
    apart = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(apart) > 10


def test_neighbouring_numbers_differ_in_lightness():
    light = lab(np.array([identity_colour(i) for i in range(22)], float), np.eye(3))[:, 0]
    assert np.abs(np.diff(light[:7])).min() > 8


def test_twenty_one_colours_then_the_first_again():
    assert len({identity_colour(i) for i in range(21)}) == 21
    assert identity_colour(21) == identity_colour(0)


def test_nobodys_colour_is_nobody_elses():
    assert identity_colour(None) == identity_colour(-1) == GREY
    assert GREY not in {identity_colour(i) for i in range(21)}


def test_ink_can_be_read_on_every_colour():
    """WCAG 2 asks for a contrast of 4.5 for text: (lighter + .05) / (darker + .05)."""
    for i in range(21):
        bar, text = luminance(identity_colour(i)), luminance(ink(identity_colour(i)))
        assert (max(bar, text) + 0.05) / (min(bar, text) + 0.05) > 4.5
    assert ink(WHITE) == BLACK
    assert ink(BLACK) == WHITE
