"""What of a tracklet its person can be told by: clear parts, and doubtful sightings around them.

Where people cover one another a track may go over to somebody else. Tracklets are cut where their
look changes; a little rest between two cuts, or what was seen of somebody behind others, is too
poor to tell whose it is and would only bridge two people. It is set aside until the clear parts are
linked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hie_cli.tracking.appearance_model import AppearanceModel, cut
from hie_cli.tracking.settings import TrackConfig
from hie_cli.tracking.tracklets import Tracklet

COVERED = 0.7  # share of a box under nearer people from which its sighting is doubtful
LEAST = 3  # sightings that a part keeps at least


@dataclass(frozen=True)
class Segment:
    """Sightings of one person, ``clear``, and the doubtful ones ``before`` and ``after`` them.

    ``goes_on``: the next part in order is of the same tracklet.
    """

    clear: Tracklet
    before: Tracklet | None = None
    after: Tracklet | None = None
    goes_on: bool = False


def part(
    track: Tracklet, model: AppearanceModel, width: int, config: TrackConfig, fps: float
) -> list[Segment]:
    """The parts of a tracklet with looks, in order of time; at least one.

    ``width`` sightings make a mean look. A part of a cut tracklet needs ``clear_seconds`` of view.
    """
    assert track.hidden is not None
    pieces = cut(track, model, width, config.cut_threshold)
    ends = np.cumsum([len(p) for p in pieces])
    views = np.array([np.sum(1 - p.hidden) for p in pieces if p.hidden is not None])
    good = np.flatnonzero(views >= config.clear_seconds * fps)
    if not len(good):
        good = np.array([np.argmax(views)])
    spans = [_clear(track, int(ends[k]) - len(pieces[k]), int(ends[k])) for k in good]
    parts = []
    for k, (a, b) in enumerate(spans):
        last = k + 1 == len(spans)
        next_one = len(track) if last else spans[k + 1][0]
        parts.append(
            Segment(
                track.rows(slice(a, b)),
                track.rows(slice(0, a)) if k == 0 and a > 0 else None,
                track.rows(slice(b, next_one)) if next_one > b else None,
                not last,
            )
        )
    return parts


def _clear(track: Tracklet, a: int, b: int) -> tuple[int, int]:
    """The span a to b without covered sightings at its ends, unless too few would be left."""
    assert track.hidden is not None
    seen = a + np.flatnonzero(track.hidden[a:b] <= COVERED)
    return (int(seen[0]), int(seen[-1]) + 1) if len(seen) >= LEAST else (a, b)


def chained(chain: Sequence[int], parts: Sequence[Segment]) -> list[Tracklet]:
    """The sightings of the parts ``chain``, with those doubtful ones for which there is room."""
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
