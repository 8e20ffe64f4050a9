"""What a benchmark gives: records of plain values, and the whole as a dictionary."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class ChainSpeed:
    """The chain on one input with one preset.

    input: the video's name, or ``rendered N`` · people: mean number of people with an identity a
    frame · seconds, frames_per_second: by the clock, end to end · cpu_seconds: processor time of
    all threads · stages: seconds per stage; they overlap · shares: of the stages' seconds together,
    what networks, decoding, writing and the rest (``glue``) take · peak_memory_mb: the most this
    process had held until then (None: not told).
    """

    input: str
    preset: str
    precision: str
    people: float
    frames: int
    seconds: float
    frames_per_second: float
    cpu_seconds: float
    stages: Mapping[str, float]
    shares: Mapping[str, float]
    peak_memory_mb: int | None


@dataclass(frozen=True)
class LoopSpeed:
    """A simple loop on the same frames: boxes and poses only, no identities.

    weights: ``same`` as the chain's, or ``random``: then its time counts and nothing else.
    """

    name: str
    input: str
    weights: str
    frames: int
    seconds: float
    frames_per_second: float


@dataclass(frozen=True)
class Benchmark:
    """All that was measured, and on what."""

    machine: str
    cpus: int
    chains: tuple[ChainSpeed, ...]
    loops: tuple[LoopSpeed, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as JSON holds them."""
        return asdict(self)
