"""The tracks behind one interface: what a sequence contributes, and the figures made of it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.types import FramePeople, People
from hie_cli.evaluation.crowd_weights import crowd_indices
from hie_cli.evaluation.matching import aligned
from hie_cli.evaluation.settings import EvalConfig

Part = TypeVar("Part")
Times = NDArray[np.int64]
# Scalar figures of B draws, each of which takes the sequences as often as its row of (B, R) says.
Resampler = Callable[[Times], list[dict[str, float]]]


@dataclass(frozen=True)
class Loaded:
    """One sequence in memory: its truth and its predictions."""

    truth: TruthSequence
    people: tuple[FramePeople, ...]
    # Parts that two tracks share, by name.
    shared: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def frames(self) -> list[tuple[Annotations, People]]:
        """Truth and predictions of every frame (InputError: see ``matching.aligned``)."""
        return aligned(self.truth, self.people)

    @cached_property
    def crowd(self) -> NDArray[np.float64]:
        """The Crowd Index (T,) of every frame."""
        return crowd_indices(self.truth.frames)


@dataclass(frozen=True)
class Figures:
    """What a track reports of one or several sequences.

    scalars: fractions by name, NaN where undefined; ``name/x`` is the figure of joint or class x.
    counts: whole numbers by name. series: lists by name (over HOTA's alphas, confusion rows).
    formulas: of the weighted figures, which are never official.
    """

    scalars: dict[str, float]
    counts: dict[str, int] = field(default_factory=dict)
    series: dict[str, list[Any]] = field(default_factory=dict)
    formulas: dict[str, str] = field(default_factory=dict)


class Metric(ABC, Generic[Part]):
    """One track. ``collect`` keeps little of a sequence; ``figures`` pools what was kept."""

    key: ClassVar[str]
    title: ClassVar[str]
    # The figures of the table and of the comparison, best known first.
    headline: ClassVar[tuple[str, ...]]
    # What a sequence has to hold, for messages.
    needs: ClassVar[str]
    # The figure compared joint by joint or class by class, if there is one.
    by_part: ClassVar[str] = ""
    # Whether it scores boxes alone, whose truth a HiEve release keeps in files of their own.
    scores_boxes: ClassVar[bool] = False
    scores_poses: ClassVar[bool] = False
    lower_is_better: ClassVar[tuple[str, ...]] = ()
    # The values of ``EvalConfig.compat`` that change its figures.
    reproduces: ClassVar[tuple[str, ...]] = ()

    def __init__(self, config: EvalConfig) -> None:
        self.config = config

    @abstractmethod
    def in_truth(self, truth: Annotations) -> bool:
        """Whether the truth of a frame holds what this track scores."""

    @abstractmethod
    def in_results(self, people: People) -> bool:
        """Whether the predictions of a frame hold what this track scores."""

    @abstractmethod
    def collect(self, sequence: Loaded) -> Part:
        """What one sequence contributes."""

    @abstractmethod
    def figures(self, parts: Sequence[Part]) -> Figures:
        """The figures of one or several sequences, pooled."""

    def resampler(self, parts: Sequence[Part]) -> Resampler:
        """The same figures for any resampling of ``parts``, fast enough for a bootstrap."""

        return lambda times: [self.figures(drawn(parts, row)).scalars for row in times]


def drawn(parts: Sequence[Part], times: Times) -> list[Part]:
    """Each part as often as ``times`` (R,) says."""
    return [part for part, n in zip(parts, times, strict=True) for _ in range(n)]
