"""Split a tracklet into segments with reliable appearance, and the occluded stretches between them.

Where people cover one another a track may go over to somebody else. Tracklets are cut where their
appearance changes, and where nobody was detected for long. What is too short or too much occluded
to tell whose it is would only bridge two people: it is set aside until the reliable segments are
linked, and then goes where it fits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from hie_cli.tracking.appearance_model import AppearanceModel, cut
from hie_cli.tracking.settings import LinkConfig
from hie_cli.tracking.tracklets import Tracklet, owners

OCCLUDED = 0.7  # share of a box under nearer people from which its appearance is not reliable
LEAST = 3  # observations that a segment keeps at least


@dataclass(frozen=True)
class Segment:
    """Reliable observations of one person, ``clear``, and occluded ones ``before`` and ``after``.

    ``goes_on``: the next segment in order is of the same tracklet.
    """

    clear: Tracklet
    before: Tracklet | None = None
    after: Tracklet | None = None
    goes_on: bool = False


def segments(
    track: Tracklet, model: AppearanceModel, width: int, config: LinkConfig, fps: float
) -> list[Segment]:
    """The segments of a tracklet with appearance, in order of time; at least one.

    ``width`` observations make a mean appearance. A segment of a cut tracklet needs
    ``clear_seconds`` of view.
    """
    assert track.occlusion is not None
    pieces = cut(track, model, width, config.cut)
    ends = np.cumsum([len(p) for p in pieces])
    views = np.array([np.sum(1 - p.occlusion) for p in pieces if p.occlusion is not None])
    good = np.flatnonzero(views >= config.clear_seconds * fps)
    if not len(good):
        good = np.array([np.argmax(views)])
    spans = [_clear(track, int(ends[k]) - len(pieces[k]), int(ends[k])) for k in good]
    found = []
    for k, (a, b) in enumerate(spans):
        last = k + 1 == len(spans)
        next_one = len(track) if last else spans[k + 1][0]
        found.append(
            Segment(
                track.rows(slice(a, b)),
                track.rows(slice(0, a)) if k == 0 and a > 0 else None,
                track.rows(slice(b, next_one)) if next_one > b else None,
                not last,
            )
        )
    return found


def parted(parts: Sequence[Segment], frames: float) -> list[Segment]:
    """The segments, cut where nobody was detected for more than ``frames``: who was found again
    after so long was the likeliest of those in sight, which the whole video may know better.
    """
    seen = np.concatenate([part.clear.frames for part in parts])
    owner = owners([part.clear for part in parts])
    long = (seen[1:] - seen[:-1] > frames) & (owner[1:] == owner[:-1])
    begins = np.flatnonzero(long) + 1
    rows = begins - np.searchsorted(owner, owner[begins])
    cuts: list[list[int]] = [[] for _ in parts]
    for k, row in zip(owner[begins].tolist(), rows.tolist(), strict=True):
        cuts[k].append(row)
    return [piece for part, places in zip(parts, cuts, strict=True) for piece in _cut(part, places)]


def _cut(part: Segment, begins: Sequence[int]) -> list[Segment]:
    """The segment, cut before the rows ``begins`` of its reliable observations."""
    if not begins:
        return [part]
    track = part.clear
    found = [
        Segment(track.rows(slice(a, b)), goes_on=True)
        for a, b in pairwise([0, *begins, len(track)])
    ]
    found[0] = replace(found[0], before=part.before)
    found[-1] = replace(found[-1], after=part.after, goes_on=part.goes_on)
    return found


def _clear(track: Tracklet, a: int, b: int) -> tuple[int, int]:
    """The span a to b without covered observations at its ends, unless too few would be left."""
    assert track.occlusion is not None
    seen = a + np.flatnonzero(track.occlusion[a:b] <= OCCLUDED)
    return (int(seen[0]), int(seen[-1]) + 1) if len(seen) >= LEAST else (a, b)


def chained(chain: Sequence[int], parts: Sequence[Segment]) -> list[Tracklet]:
    """The observations of the segments ``chain``, with occluded ones where there is room."""
    found: list[Tracklet] = []
    for k, following in zip(chain, [*chain[1:], None], strict=True):
        one = parts[k]
        if one.before is not None and not found:
            found.append(one.before)
        found.append(one.clear)
        room = following is None or (one.goes_on and following == k + 1)
        if one.after is not None and following is not None:
            room = room or one.after.last < parts[following].clear.first
        if one.after is not None and room:
            found.append(one.after)
    return found
