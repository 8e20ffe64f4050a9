"""What a reference evaluator gives, and how its figures are held against ours."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from hie_cli.evaluation.settings import EvalConfig
from hie_cli.evaluation.tracks import Loaded

# All are computed in float64; what differs by more was counted differently.
TOLERANCE = 1e-9
POOLED = "pooled"

# (sequence or ``POOLED``, figures by our names) of the named sequences, each read once.
Figures = Iterator[tuple[str, dict[str, float]]]
Run = Callable[[Iterable[tuple[str, Loaded]], EvalConfig], Figures]


@dataclass(frozen=True)
class Reference:
    """``package`` as it is imported, the key of the ``track`` it scores, and how to run it."""

    package: str
    track: str
    run: Run


@dataclass(frozen=True)
class Check:
    """One figure by both. ``sequence`` is ``POOLED`` for that of all together."""

    package: str
    track: str
    sequence: str
    figure: str
    ours: float
    theirs: float

    @property
    def equal(self) -> bool:
        """Whether both agree to ``TOLERANCE``, or are both undefined."""
        if math.isnan(self.ours) or math.isnan(self.theirs):
            return math.isnan(self.ours) and math.isnan(self.theirs)
        return abs(self.ours - self.theirs) <= TOLERANCE


@dataclass(frozen=True)
class Verification:
    """Every figure that was computed twice, and which references were not run."""

    checks: tuple[Check, ...]
    skipped: tuple[str, ...]

    @property
    def differences(self) -> tuple[Check, ...]:
        """The figures on which the two do not agree."""
        return tuple(check for check in self.checks if not check.equal)
