"""Joining tracklets of one person across long gaps, by one global assignment of ends to starts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hie_cli.tracking.association import assign
from hie_cli.tracking.kalman import Floats, to_centres
from hie_cli.tracking.settings import TrackConfig
from hie_cli.tracking.tracklets import Tracklet, join

SPEED_WINDOW = 1.0  # s of a tracklet's end from which its speed is taken
POSITION_SPREAD = 0.25  # heights: how far off an extrapolation is at no distance in time
SPEED_SPREAD = 0.35  # heights / s: how far people's speed strays while out of sight
SIZE_SPREAD = 0.25  # of log height


@dataclass(frozen=True)
class Ends:
    """An end of N tracklets: frame (N,), centre (N, 2), height (N,) px, speed (N, 2) px/frame."""

    frame: Floats
    centre: Floats
    height: Floats
    speed: Floats


def _ends(tracklets: Sequence[Tracklet], window: int, last: bool) -> Ends:
    """The last (or first) moments of tracklets, by a line through ``window`` frames."""
    rows = []
    for t in tracklets:
        frame = t.last if last else t.first
        near = np.abs(t.frames - frame) <= window
        centres = to_centres(t.boxes[near])
        time = (t.frames[near] - frame).astype(np.float64)
        mean_time, mean = time.mean(), centres.mean(axis=0)
        spread = ((time - mean_time) ** 2).sum()
        # A few sightings make no speed: shrink it by what as long a stretch of jitter would give.
        trust = len(time) / (len(time) + 3.0)
        slope = ((time - mean_time)[:, None] * (centres - mean)).sum(axis=0) / max(spread, 1e-9)
        slope *= trust
        here = mean - mean_time * slope
        rows.append([frame, *here[:2], max(mean[3], 1.0), *slope[:2]])
    table = np.array(rows, np.float64).reshape(-1, 6)
    return Ends(table[:, 0], table[:, 1:3], table[:, 3], table[:, 4:6])


def link_scores(tracklets: Sequence[Tracklet], config: TrackConfig, fps: float) -> Floats:
    """How well tracklet j (column) goes on where tracklet i (row) ended, (N, N) in 0..1.

    Each is extrapolated half way through the gap; the distance between the two, in heights, against
    the spread to be expected after that time, the change of height, the appearance, and a longer
    gap's lower prior each give a factor. 0 outside ``link_seconds``.
    """
    window = max(2, round(SPEED_WINDOW * fps))
    end, start = _ends(tracklets, window, True), _ends(tracklets, window, False)
    gap = start.frame[None] - end.frame[:, None]
    seconds = gap / fps
    possible = (gap > 0) & (seconds <= config.link_seconds)
    i, j = np.nonzero(possible)
    half = gap[i, j][:, None] / 2
    apart = (end.centre[i] + half * end.speed[i]) - (start.centre[j] - half * start.speed[j])
    height = (end.height[i] + start.height[j]) / 2
    spread = np.hypot(POSITION_SPREAD, SPEED_SPREAD * seconds[i, j])
    distance = np.hypot(*apart.T) / height / spread
    size = np.log(end.height[i] / start.height[j]) / SIZE_SPREAD
    score = np.exp(-0.5 * (distance**2 + size**2) - seconds[i, j] / config.link_seconds)
    if all(t.look is not None for t in tracklets):
        looks = np.array([t.look for t in tracklets])
        score = score * np.einsum("kd,kd->k", looks[i], looks[j]) ** 2
    scores = np.zeros(gap.shape)
    scores[i, j] = score
    return scores


def link(tracklets: Sequence[Tracklet], config: TrackConfig, fps: float) -> list[Tracklet]:
    """The tracklets with those of one person joined, in order of their first frame."""
    if len(tracklets) < 2 or config.link_seconds <= 0:
        return list(tracklets)
    rows, columns = assign(link_scores(tracklets, config, fps), config.link_threshold)
    following = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    heads = sorted(set(range(len(tracklets))) - set(columns.tolist()))
    linked = []
    for head in heads:
        chain = [head]
        while chain[-1] in following:
            chain.append(following[chain[-1]])
        linked.append(join([tracklets[k] for k in chain]))
    return sorted(linked, key=lambda t: (t.first, t.boxes[0, 0]))
