"""Settings of the analysis (``configs/analyse.yaml`` explains them)."""

from dataclasses import dataclass
from typing import Annotated

from hie_cli.core.config import above, between


@dataclass(frozen=True)
class AnalysisConfig:
    """Lengths are in the people's own body heights, times in seconds."""

    bin_seconds: Annotated[float, above(0)] = 1.0  # of the timeline
    speed_seconds: Annotated[float, above(0)] = 1.0  # over which a speed is taken
    line_margin: Annotated[float, between(0, 5)] = 0.1  # beyond a line to have crossed it
    leave_seconds: Annotated[float, between(0, 3600)] = 0.5  # outside, that is no leaving
    group_distance: Annotated[float, above(0)] = 1.0  # between the feet of a group's members
    group_seconds: Annotated[float, between(0, 3600)] = 1.0  # side by side, to be a group
    min_action_score: Annotated[float, between(0, 1)] = 0.4  # below: nobody knows


DEFAULTS = AnalysisConfig()
