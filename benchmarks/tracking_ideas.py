"""Ideas of other trackers on our own, tried on development sequences and left out.

    python benchmarks/tracking_ideas.py DATA [--cache FOLDER] [--only NAME] [--idea NAME ...]

boost: a detection where a track is expected is surer than its score (BoostTrack++, soft form).
size: who shrinks at once is partly covered, so the size follows by four tenths (occluboost).
merge: after linking, tracks that never share a frame and look most alike are merged, nearest first,
while their mean cosine distance over all pairs is below .2 (GTA-Link).
Figures: HOTA / IDF1 / MOTA, offline and online.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import suite_sequences
from suite_tracking import FIGURES, figures

from hie_cli.core.geometry import iou
from hie_cli.tracking import stage, tracker
from hie_cli.tracking.detections import Detections
from hie_cli.tracking.kalman import Floats
from hie_cli.tracking.linking import link
from hie_cli.tracking.matching import matched
from hie_cli.tracking.tracklets import Tracklet, collect, join
from hie_cli.tracking.tracks import Tracks

SHRUNK, FOLLOWED = 0.75, 0.4  # share of the expected area; of the change that the size takes over
ALIKE = 0.2  # cosine distance up to which tracks are merged
REACH = 3.0  # heights between their ends
LEAST = 6  # observations of each


def boosted(match: Any) -> Any:
    """``matched`` with scores raised by how well a settled track predicts the box."""

    def work(tracks: Tracks, found: Detections, *arguments: Any) -> Any:
        settled = tracks.hits > 1
        if settled.any() and len(found.boxes):
            together = tracks.chunk[settled, None] == found.chunk
            best = (together * iou(tracks.motion.boxes()[settled], found.boxes)).max(axis=0)
            raised = np.maximum(found.scores, 0.65 * found.scores + 0.35 * best**1.5)
            found = replace(found, scores=raised)
        return match(tracks, found, *arguments)

    return work


def sized(update: Any) -> Any:
    """``Tracks.update`` whose sizes follow boxes that shrink at once only in part."""

    def work(self: Tracks, found: Detections, seen: Any, chosen: Any, now: float) -> None:
        expected, centres = self.motion.value[seen], found.centres[chosen]
        area = centres[:, 2:].prod(axis=1) / expected[:, 2:].prod(axis=1)
        small = (area < SHRUNK) & (self.hits[seen] > 3)
        size = expected[:, 2:] + FOLLOWED * (centres[:, 2:] - expected[:, 2:])
        measured = found.measured.copy()
        measured[0, chosen[small], 2:] = size[small]
        update(self, replace(found, measured=measured), seen, chosen, now)

    return work


def merged(tracks: Sequence[Tracklet], looks: dict[tuple[int, float], Floats]) -> list[Tracklet]:
    """Tracks merged while the most similar two are alike; ``looks`` by frame and left side."""
    left = list(tracks)
    while True:
        means = [_mean_look(t, looks) for t in left]
        pairs = [
            (1 - float(means[i] @ means[j]), i, j)
            for i, a in enumerate(left)
            for j, b in enumerate(left)
            if a.last < b.first and min(len(a), len(b)) >= LEAST and _near(a, b)
        ]
        if not pairs or min(pairs)[0] >= ALIKE:
            return left
        _, i, j = min(pairs)
        (both,) = join([[left[i], left[j]]])
        left = [t for k, t in enumerate(left) if k not in (i, j)] + [both]


def _mean_look(track: Tracklet, looks: dict[tuple[int, float], Floats]) -> Floats:
    """The mean of unit vectors: the product of two is the mean cosine over all pairs."""
    keys = zip(track.frames.tolist(), track.boxes[:, 0].tolist(), strict=True)
    mean: Floats = np.mean([looks[key] for key in keys], axis=0)
    return mean


def _near(a: Tracklet, b: Tracklet) -> bool:
    end, start = a.boxes[-1], b.boxes[0]
    return bool(np.abs(end - start).max() <= REACH * (end[3] - end[1]))


def merging(collecting: Any, linking: Any) -> tuple[Any, Any]:
    """Both functions, with ``merged`` after the linking; without appearance nothing changes."""
    looks: dict[tuple[int, float], Floats] = {}

    def collected(*arguments: Any) -> list[Tracklet]:
        tracklets: list[Tracklet] = collecting(*arguments)
        looks.clear()
        for t in tracklets:
            for row in () if t.appearance is None else range(len(t)):
                look = t.appearance[row]
                unit = look / max(float(np.linalg.norm(look)), 1e-9)
                looks[int(t.frames[row]), float(t.boxes[row, 0])] = unit
        return tracklets

    def linked(*arguments: Any) -> list[Tracklet]:
        tracks: list[Tracklet] = linking(*arguments)
        return merged(tracks, looks) if looks else tracks

    return collected, linked


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path(".suite"))
    parser.add_argument("--only", default="")
    parser.add_argument("--idea", nargs="+", default=["none", "boost", "size", "merge"])
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    collected, linked = merging(collect, link)
    ideas = {
        "none": [],
        "boost": [patch.object(tracker, "matched", boosted(matched))],
        "size": [patch.object(Tracks, "update", sized(Tracks.update))],
        "merge": [patch.object(stage, "collect", collected), patch.object(stage, "link", linked)],
    }
    for name, load in suite_sequences.sequences(args.data, args.cache):
        if args.only not in name:
            continue
        clip = load()
        for idea in args.idea:
            for change in ideas[idea]:
                change.start()
            rows = [figures(clip, m) for m in ("hie", "hie online")]
            for change in ideas[idea]:
                change.stop()
            cells = ("/".join(f"{row[f]:.3f}" for f in FIGURES) for row in rows)
            print(f"{name:<20}{idea:<8}", *cells, flush=True)


if __name__ == "__main__":
    main()
