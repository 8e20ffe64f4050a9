"""One self-contained HTML page of a results folder: pictures, counts, timelines, actions."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from pathlib import Path

import numpy as np

from hie_cli.core.action_classes import ACTIONS, NUM_ACTIONS
from hie_cli.core.errors import ConfigError, input_error
from hie_cli.core.types import FramePeople
from hie_cli.formats.documents.document import Document
from hie_cli.formats.files import atomic_write
from hie_cli.rendering.draw import identity_colour

RICHEST_FIRST = ("action", "track", "pose", "detect")
_WIDTH, _COUNT_HEIGHT, _ROW = 900, 90, 12
_MOST_ROWS = 60  # identities drawn; the longest lived

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:960px;margin:2rem auto;padding:0 1rem;color:#222}
h2{margin-top:2.5rem;border-bottom:1px solid #ccc}table{border-collapse:collapse}
td,th{padding:.15rem .8rem .15rem 0;text-align:left;font-variant-numeric:tabular-nums}
img{max-width:100%}svg{display:block;background:#f6f6f6;margin:.4rem 0}small{color:#666}
.bar{display:inline-block;height:.7em;background:#4a7dbf}
"""


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
    head = f"<meta charset='utf-8'><title>hie: {escape(folder.name)}</title>"
    style = f"<style>{_STYLE}</style>"
    with atomic_write(path) as file:
        file.write(f"<!doctype html><html lang='en'><head>{head}{style}</head><body>\n")
        file.write(f"<h1>{escape(folder.name or str(folder))}</h1>\n" + "\n".join(sections))
        file.write("\n</body></html>\n")
    return path


def _section(path: Path, folder: Path) -> str:
    document, story = Document(path), Story()
    for item in document:
        story.add(item)
    header = document.header
    name = path.stem if header is None else header.video.name
    fps = 25.0 if header is None else header.video.fps
    parts = [f"<h2>{escape(name)}</h2>", _facts(document, story), _picture(folder, name)]
    parts += ["<h3>People over time</h3>", count_curve(story.frames, story.counts, fps)]
    if story.lives:
        parts += ["<h3>Identities</h3>", lifelines(story.lives, story.frames)]
    if story.actions.any():
        parts += ["<h3>Actions</h3>", _action_table(story.actions)]
    return "\n".join(parts)


def _facts(document: Document, story: Story) -> str:
    header = document.header
    rows = [("frames", str(len(story.frames))), ("boxes", str(sum(story.counts)))]
    if story.lives:
        rows.append(("identities", str(len(story.lives))))
    if header is not None:
        video = header.video
        rows.insert(0, ("video", f"{video.width}×{video.height}, {video.fps:g} frames/s"))
        names = dict.fromkeys(model["name"] for model in header.models)
        rows.append(("networks", ", ".join(names) or "none"))
    cells = "".join(f"<tr><th>{k}</th><td>{escape(v)}</td></tr>" for k, v in rows)
    return f"<table>{cells}</table>"


def _picture(folder: Path, name: str) -> str:
    path = folder / "render" / f"{name}.png"
    if not path.is_file():
        return "<p><small>No contact sheet: hie render draws it.</small></p>"
    data = base64.b64encode(path.read_bytes()).decode()
    return f"<img alt='contact sheet' src='data:image/png;base64,{data}'>"


def count_curve(frames: Sequence[int], counts: Sequence[int], fps: float) -> str:
    """An SVG line of how many people each frame has."""
    if not frames:
        return "<p><small>No frames.</small></p>"
    most = max(1, *counts) if len(counts) > 1 else max(1, counts[0])
    span = max(1, frames[-1] - frames[0])
    points = " ".join(
        f"{(t - frames[0]) / span * _WIDTH:.1f},{_COUNT_HEIGHT * (1 - n / most) + 5:.1f}"
        for t, n in zip(frames, counts, strict=True)
    )
    caption = f"0 to {most} people, {frames[0] / fps:.1f} to {frames[-1] / fps:.1f} s"
    return (
        f"<svg width='100%' viewBox='0 0 {_WIDTH} {_COUNT_HEIGHT + 10}'>"
        f"<polyline points='{points}' fill='none' stroke='#4a7dbf' stroke-width='1.5'/></svg>"
        f"<small>{caption}</small>"
    )


def lifelines(lives: dict[int, list[int]], frames: Sequence[int]) -> str:
    """An SVG with one bar per identity from where it is seen to where it is not; gaps show."""
    shown = sorted(lives, key=lambda key: (-len(lives[key]), key))[:_MOST_ROWS]
    shown.sort(key=lambda key: lives[key][0])
    stride = min((b - a for a, b in pairwise(frames)), default=1)
    scale = _WIDTH / max(1, frames[-1] - frames[0] + stride)
    bars = []
    for row, key in enumerate(shown):
        b, g, r = identity_colour(key)
        for first, last in runs(lives[key], stride):
            x, width = (first - frames[0]) * scale, (last - first + stride) * scale
            bars.append(
                f"<rect x='{x:.1f}' y='{row * _ROW + 1}' width='{width:.1f}' height='{_ROW - 2}' "
                f"fill='rgb({r},{g},{b})'><title>{key}: frames {first}–{last}</title></rect>"
            )
    left = len(lives) - len(shown)
    note = f"<small>and {left} shorter ones</small>" if left else ""
    height = len(shown) * _ROW
    body = "".join(bars)
    return f"<svg width='100%' viewBox='0 0 {_WIDTH} {height}'>{body}</svg>{note}"


def runs(frames: Sequence[int], stride: int) -> list[tuple[int, int]]:
    """First and last frame of every unbroken run of ascending ``frames``."""
    found: list[tuple[int, int]] = []
    for t in frames:
        if found and t - found[-1][1] <= stride:
            found[-1] = (found[-1][0], t)
        else:
            found.append((t, t))
    return found


def _action_table(counts: np.ndarray) -> str:
    total = counts.sum()
    rows = []
    for i in np.argsort(-counts, kind="stable"):
        if counts[i]:
            share = counts[i] / total
            bar = f"<span class='bar' style='width:{200 * share:.0f}px'></span>"
            rows.append(
                f"<tr><td>{ACTIONS[i]}</td><td>{counts[i]}</td><td>{bar} {share:.0%}</td></tr>"
            )
    return f"<table>{''.join(rows)}</table>"
