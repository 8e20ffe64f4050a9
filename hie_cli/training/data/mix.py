"""``DATA.yaml``: which data to learn from, in which proportion, and what to validate on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from hie_cli.core import config
from hie_cli.core.config import above, between
from hie_cli.core.errors import ConfigError
from hie_cli.core.yaml_files import read_yaml
from hie_cli.video.frame_range import parse_range

_ONE_OF = "give each source one of truth, documents or simulate"


@dataclass(frozen=True)
class Source:
    """One source.

    name: for messages and cards (empty: of its path) · truth: ground truth of any layout ·
    documents: stage documents, whose people count as true from ``min_score`` on and whose joints
    from ``joint_score`` on; weaker ones are ignored, not taken for background · simulate: so many
    rendered crowds, numbered from ``first`` · images: videos, or folders of images, by name ·
    layout: of the truth, where it is not recognised · weight: share of the images drawn, over the
    sum of all sources' · every: every so many-th labelled frame · most: labelled frames of a video
    at most, spread evenly (0: all) · frames: "A:B:S" of each video · val: videos (of stills:
    pictures) to validate on, by name or pattern.
    """

    name: str = ""
    truth: Path | None = None
    documents: Path | None = None
    simulate: Annotated[int, between(0, 100_000)] = 0
    first: Annotated[int, between(0, 1_000_000)] = 0
    images: tuple[str, ...] = ()
    layout: str | None = None
    weight: Annotated[float, above(0)] = 1.0
    every: Annotated[int, between(1, 100_000)] = 1
    most: Annotated[int, between(0, 1_000_000)] = 0
    frames: str = ":"
    min_score: Annotated[float, between(0, 1)] = 0.5
    joint_score: Annotated[float, between(0, 1)] = 0.3
    val: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        given = (self.truth is not None, self.documents is not None, self.simulate > 0)
        if sum(given) != 1:
            raise ValueError(f"sources: {self.name or self.truth or self.documents}: {_ONE_OF}")
        if self.simulate == 0 and not self.images:
            raise ValueError(f"sources: {self.title}: images: missing; name its videos or images")
        try:
            parse_range(self.frames)
        except ConfigError as error:
            told = str(error).removeprefix("--")
            raise ValueError(f"sources: {self.title}: {told}") from None

    @property
    def title(self) -> str:
        """For messages: its name, or what it reads."""
        path = self.truth or self.documents
        return self.name or (str(path) if path else f"{self.simulate} simulated crowds")


@dataclass(frozen=True)
class Mix:
    """All sources; ``val``: patterns of videos to validate on, beside each source's own."""

    sources: tuple[Source, ...]
    val: tuple[str, ...] = ()

    def held_out(self, source: Source, video: str, image: str) -> bool:
        """Whether a video, or a still ``image`` of it, is there to validate on."""
        patterns = (*source.val, *self.val)
        return len(unfitting(patterns, names_of(video, image))) < len(patterns)


def names_of(video: str, image: str) -> tuple[str, ...]:
    """By which a video, or a still ``image`` of it, can be held out."""
    return (video, image, Path(image).name, Path(image).stem) if image else (video,)


def unfitting(patterns: Sequence[str], names: Collection[str]) -> list[str]:
    """The shell patterns (``*``, ``?``, ``[0-3]``) that fit none of the names."""
    return [p for p in patterns if not any(fnmatchcase(name, p) for name in names)]


def read_mix(path: Path | str) -> Mix:
    """The mixture in a YAML file; its relative paths count from the file's folder.

    Raises ConfigError naming file and key.
    """
    path = Path(path)
    values, origin = read_yaml(path)
    mix = config.build(Mix, values, origin)
    if not mix.sources:
        raise ConfigError(f"{path}: sources: empty; name at least one source")
    return Mix(tuple(_placed(source, path.parent) for source in mix.sources), mix.val)


def _placed(source: Source, folder: Path) -> Source:
    import dataclasses

    return dataclasses.replace(
        source,
        truth=None if source.truth is None else folder / source.truth,
        documents=None if source.documents is None else folder / source.documents,
        images=tuple(str(folder / each) for each in source.images),
    )
