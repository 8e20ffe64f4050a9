"""How much people shrink as they go up the picture on level ground, learned from the people in it.

Under a level camera somebody whose feet are ``e`` body heights below the horizon is seen from ``e``
body heights above the ground, whatever the distance (A. Criminisi et al., Single View Metrology,
2000): body height in pixels is (row of the feet - row of the horizon) / e, the same line for
all. Who moves up the picture faster than this line shrinks them climbs.
"""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.types import FloatArray

# Standard errors by which the line must rise to be known, and people-moments it needs.
SURE = 4.0
LEAST = 8
# Least and largest height of a camera, in body heights.
LOWEST, HIGHEST = 0.5, 30.0


@dataclass(frozen=True)
class GroundLine:
    """Sums over people: their number, feet's rows y and body heights h, and products, pixels."""

    sums: FloatArray

    @classmethod
    def empty(cls) -> "GroundLine":
        """Of nobody."""
        return cls(np.zeros(6))

    def with_people(self, feet: FloatArray, heights: FloatArray) -> "GroundLine":
        """The line with people whose feet are at rows (N,) and who are (N,) tall."""
        parts = (np.ones(len(feet)), feet, heights, feet * feet, feet * heights, heights * heights)
        return GroundLine(self.sums + np.array([part.sum() for part in parts]))

    @property
    def eye_height(self) -> float:
        """Of the camera above the ground, in body heights; NaN while too little is known."""
        n, y, h, yy, yh, hh = self.sums.tolist()
        if n < LEAST:
            return float("nan")
        vary, together, varh = yy - y * y / n, yh - y * h / n, hh - h * h / n
        if vary <= 0 or together <= 0:
            return float("nan")
        rise = together / vary
        error = np.sqrt(max(varh - rise * together, 0.0) / (n - 2) / vary)
        if rise < SURE * error:
            return float("nan")
        return float(np.clip(1 / rise, LOWEST, HIGHEST))
