"""What a file layout is: one record says how its files are recognised, read and written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from hie_cli.core.annotations import TruthSequence
from hie_cli.formats.sequence import ResultSequence, VideoSequence
from hie_cli.formats.sources import Source

T = TypeVar("T")
Kind = Literal["truth", "results"]
KINDS: tuple[Kind, ...] = ("truth", "results")
Size = tuple[int, int]
# What files do not say of themselves: one value for all videos, or a function of the video's name.
SizeOf = Size | Callable[[str], Size | None] | None
RateOf = float | Callable[[str], float | None] | None


@dataclass(frozen=True)
class ReadOptions:
    """What some layouts do not say: image size (width, height) and frame rate of AVA csv, and the
    COCO file of the ``images`` that a COCO list of results is for.
    """

    size: SizeOf = None
    fps: RateOf = None
    images: Path | None = None


@dataclass(frozen=True)
class Fit:
    """How well a file fits a layout: ``share`` 1 is a fit; below, ``why`` says what is missing.

    Of the layouts that do not fit, the one with the largest share is the likeliest.
    """

    share: float
    why: str = ""

    @property
    def fits(self) -> bool:
        """Whether the file has this layout."""
        return self.share >= 1


FITS = Fit(1.0)
Loaders = Mapping[str, Callable[[], T]]
TruthReader = Callable[[list[Source], ReadOptions], Loaders[TruthSequence]]
ResultReader = Callable[[list[Source], ReadOptions], Loaders[ResultSequence]]
Writer = Callable[[Sequence[VideoSequence], Path, bool], list[Path]]


@dataclass(frozen=True)
class Layout:
    """One file layout.

    name, title: as ``--from``/``--to`` and messages name it · endings: of its files, the first is
    written · sniff: how well a file fits by its content; None where a layout is only written, or
    recognised as another · read_truth, read_results: sequences of files by name, each behind a
    function that reads it when it is asked for; None where the layout cannot hold that · is_truth:
    which of the two some files hold, None where one score that is neither 0 nor 1 decides · write:
    (sequences, folder or file, overwrite) -> files written; None where it is only read · holds:
    what a written file keeps, in the words of ``sequence.contents`` · drops: what of that it does
    not keep of one sequence.
    """

    name: str
    title: str
    endings: tuple[str, ...]
    sniff: Callable[[Source], Fit] | None = None
    read_truth: TruthReader | None = None
    read_results: ResultReader | None = None
    is_truth: Callable[[list[Source]], bool | None] | None = None
    write: Writer | None = None
    holds: frozenset[str] = frozenset()
    drops: Callable[[VideoSequence], frozenset[str]] | None = None

    def reads(self, kind: Kind | None) -> bool:
        """Whether files of this layout can be read as ``kind`` (None: as either)."""
        return (kind != "results" and self.read_truth is not None) or (
            kind != "truth" and self.read_results is not None
        )

    def kept(self, sequence: VideoSequence) -> frozenset[str]:
        """What a written file keeps of this sequence."""
        return self.holds if self.drops is None else self.holds - self.drops(sequence)
