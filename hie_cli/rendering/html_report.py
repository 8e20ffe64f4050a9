"""One self-contained HTML page of a results folder: pictures, counts, timelines, actions."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.core.action_classes import ACTIONS, NUM_ACTIONS
from hie_cli.core.errors import ConfigError, input_error
from hie_cli.core.text import printable
from hie_cli.core.types import FramePeople
from hie_cli.formats.documents.document import Document
from hie_cli.formats.files import atomic_write, file_name
from hie_cli.rendering.palette import identity_colour

RICHEST_FIRST = ("action", "track", "pose", "detect")
_WIDTH, _COUNT_HEIGHT, _ROW = 900, 90, 12
_MOST_ROWS = 60  # identities drawn; the longest lived
_BAR = 200  # pixels of an action's bar that would be every person
_TEMPLATE = "report.html.jinja"


@dataclass
class Story:
    """What a document says of its video, gathered frame by frame."""

    frames: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    lives: dict[int, list[int]] = field(default_factory=dict)
    actions: np.ndarray = field(default_factory=lambda: np.zeros(NUM_ACTIONS, np.int64))

    def add(self, item: FramePeople) -> None:
        """Take in the next frame."""
        people = item.people
        self.frames.append(item.index)
        self.counts.append(len(people))
        if people.track_ids is not None:
            for key in people.track_ids.tolist():
                self.lives.setdefault(key, []).append(item.index)
        if people.action_scores is not None:
            known = people.action_scores[np.isfinite(people.action_scores).all(-1)]
            self.actions += np.bincount(known.argmax(-1), minlength=NUM_ACTIONS)


def find_results(folder: Path) -> list[Path]:
    """The richest document of each video in a results folder, by name.

    Raises InputError if the folder holds none.
    """
    found: dict[str, Path] = {}
    for stage in RICHEST_FIRST:
        for path in sorted((folder / stage).glob("[!.]*.json")):
            found.setdefault(path.stem, path)
    if not found:
        raise input_error(folder, "holds no results", "give the folder that hie run -o wrote")
    return [found[name] for name in sorted(found)]


@dataclass(frozen=True)
class Curve:
    """How many people each frame has, as the points of an SVG line."""

    points: str
    caption: str
    width: int = _WIDTH
    height: int = _COUNT_HEIGHT + 10


@dataclass(frozen=True)
class Bar:
    """An unbroken stretch of one identity's life, as an SVG rectangle."""

    x: str
    y: int
    width: str
    fill: str
    title: str
    height: int = _ROW - 2


@dataclass(frozen=True)
class Lives:
    """The longest lived identities, a row each; ``left`` counts those not drawn."""

    bars: tuple[Bar, ...]
    height: int
    left: int
    width: int = _WIDTH


@dataclass(frozen=True)
class ActionRow:
    """How often an action came first."""

    name: str
    count: int
    share: str
    width: int


@dataclass(frozen=True)
class VideoSection:
    """What the page says of one video; ``picture``: its contact sheet as base64, empty if none."""

    name: str
    facts: tuple[tuple[str, str], ...]
    picture: str
    curve: Curve | None
    lives: Lives | None
    actions: tuple[ActionRow, ...]


def write_report(
    folder: Path | str, output: Path | str | None = None, *, overwrite: bool = False
) -> Path:
    """Write the page of the results in ``folder`` to ``output`` (default: ``report.html`` there).

    Returns its path. Raises InputError for missing or broken documents, ConfigError if the page
    exists already or cannot be written.
    """
    folder = Path(folder)
    path = folder / "report.html" if output is None else Path(output)
    if path.exists() and not overwrite:
        raise ConfigError(f"{path}: exists already; --overwrite replaces it")
    sections = [_section(document, folder) for document in find_results(folder)]
    text = _page(printable(folder.name or str(folder)), sections)
    with atomic_write(path) as file:
        file.write(text)
    return path


def _page(title: str, videos: Sequence[VideoSection]) -> str:
    """The page as HTML; whatever stands in a document is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(_TEMPLATE).render(title=title, videos=videos)


def _section(path: Path, folder: Path) -> VideoSection:
    document, story = Document(path), Story()
    for item in document:
        story.add(item)
    header = document.header
    name = path.stem if header is None else header.video.name
    fps = 25.0 if header is None else header.video.fps
    return VideoSection(
        printable(name),
        tuple((what, printable(value)) for what, value in _facts(document, story)),
        _picture(folder, name),
        count_curve(story.frames, story.counts, fps),
        lifelines(story.lives, story.frames),
        _action_rows(story.actions),
    )


def _facts(document: Document, story: Story) -> list[tuple[str, str]]:
    header = document.header
    rows = [("frames", str(len(story.frames))), ("boxes", str(sum(story.counts)))]
    if story.lives:
        rows.append(("identities", str(len(story.lives))))
    if header is not None:
        video = header.video
        rows.insert(0, ("video", f"{video.width}×{video.height}, {video.fps:g} frames/s"))
        names = dict.fromkeys(str(model["name"]) for model in header.models)
        rows.append(("networks", ", ".join(names) or "none"))
    return rows


def _picture(folder: Path, name: str) -> str:
    """The contact sheet as base64, if it lies in ``folder``: a link may lead elsewhere."""
    path = folder / "render" / f"{file_name(name)}.png"
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        return ""
    try:
        return base64.b64encode(path.read_bytes()).decode()
    except OSError as error:
        raise input_error(path, f"cannot be read ({error.strerror})", "check it") from None


def count_curve(frames: Sequence[int], counts: Sequence[int], fps: float) -> Curve | None:
    """How many people each frame has; None without frames."""
    if not frames:
        return None
    most = max(1, *counts)
    span = max(1, frames[-1] - frames[0])
    points = " ".join(
        f"{(t - frames[0]) / span * _WIDTH:.1f},{_COUNT_HEIGHT * (1 - n / most) + 5:.1f}"
        for t, n in zip(frames, counts, strict=True)
    )
    caption = f"0 to {most} people, {frames[0] / fps:.1f} to {frames[-1] / fps:.1f} s"
    return Curve(points, caption)


def lifelines(lives: dict[int, list[int]], frames: Sequence[int]) -> Lives | None:
    """A row per identity from where it is seen to where it is not; gaps show. None of none."""
    if not lives:
        return None
    shown = sorted(lives, key=lambda key: (-len(lives[key]), key))[:_MOST_ROWS]
    shown.sort(key=lambda key: lives[key][0])
    stride = min((b - a for a, b in pairwise(frames)), default=1)
    scale = _WIDTH / max(1, frames[-1] - frames[0] + stride)
    bars = []
    for row, key in enumerate(shown):
        b, g, r = identity_colour(key)
        for first, last in runs(lives[key], stride):
            bars.append(
                Bar(
                    f"{(first - frames[0]) * scale:.1f}",
                    row * _ROW + 1,
                    f"{(last - first + stride) * scale:.1f}",
                    f"rgb({r},{g},{b})",
                    f"{key}: frames {first}–{last}",
                )
            )
    return Lives(tuple(bars), len(shown) * _ROW, len(lives) - len(shown))


def runs(frames: Sequence[int], stride: int) -> list[tuple[int, int]]:
    """First and last frame of every unbroken run of ascending ``frames``."""
    found: list[tuple[int, int]] = []
    for t in frames:
        if found and t - found[-1][1] <= stride:
            found[-1] = (found[-1][0], t)
        else:
            found.append((t, t))
    return found


def _action_rows(counts: np.ndarray[Any, Any]) -> tuple[ActionRow, ...]:
    """The actions that came first, the commonest on top."""
    total = int(counts.sum())
    return tuple(
        ActionRow(
            ACTIONS[i],
            int(counts[i]),
            f"{counts[i] / total:.0%}",
            round(_BAR * float(counts[i]) / total),
        )
        for i in np.argsort(-counts, kind="stable")
        if counts[i]
    )
