"""Joining tracklets of one person across gaps, by a global assignment of ends to starts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.tracking.association import assign
from hie_cli.tracking.kalman import Floats, to_centres
from hie_cli.tracking.looks import LookModel, cut, fit_looks, mean_look
from hie_cli.tracking.settings import TrackConfig
from hie_cli.tracking.steady import Steady
from hie_cli.tracking.tracker import touches_edge
from hie_cli.tracking.tracklets import Tracklet, join
from hie_cli.types import VideoInfo

SPEED_WINDOW = 1.0  # s of a tracklet's end from which its speed is taken
LOOK_WINDOW = 1.0  # s that make one mean look
POSITION_SPREAD = 0.2  # heights: how far off an extrapolation is at no distance in time
SPEED_SPREAD = 0.35  # heights / s: how far people's speed strays while out of sight
SIZE_SPREAD = 0.25  # of log height
RETURN = 3.0  # log odds against a newcomer being one certain person who left long ago
VIEWS = 1.0  # clear views that make a look half as trustworthy as endless ones
CROWD = 0.05  # strangers' starts to expect on a square height
CROWD_EDGE = 2.0  # the same at the picture's edge, where people come and go
CONTINUITY = 2.0  # log odds: what the forward pass knew when it joined what was cut later
UNSEEN, UNSEEN_AFTER = 2.0, 0.5  # log odds against missing somebody in view, reached in s


@dataclass(frozen=True)
class Ends:
    """An end of N tracklets: frame (N,), centre (N, 2), height (N,) px, speed (N, 2) px/frame, edge
    (N,) whether it touches the edge of the picture.
    """

    frame: Floats
    centre: Floats
    height: Floats
    speed: Floats
    edge: NDArray[np.bool_]


def _ends(
    tracklets: Sequence[Tracklet], window: int, last: bool, video: VideoInfo, steady: Steady | None
) -> Ends:
    """The last (or first) moments of tracklets, by a line through ``window`` frames."""
    rows = []
    for t in tracklets:
        frame = t.last if last else t.first
        near = np.abs(t.frames - frame) <= window
        boxes = t.boxes[near]
        centres = to_centres(boxes if steady is None else steady.boxes(t.frames[near], boxes))
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
    outer = np.array([t.boxes[-1 if last else 0] for t in tracklets]).reshape(-1, 4)
    edge = touches_edge(outer, video)
    return Ends(table[:, 0], table[:, 1:3], table[:, 3], table[:, 4:6], edge)


def link_evidence(
    tracklets: Sequence[Tracklet],
    config: TrackConfig,
    video: VideoInfo,
    model: LookModel,
    steady: Steady | None = None,
) -> Floats:
    """Log odds (N, N) that tracklet j (column) is the person of tracklet i (row), seen again.

    Each is extrapolated half way through the gap. The distance between the two has, for one
    person, a Gaussian density that widens with time; for strangers it is even. The change of
    height and the looks add their own log ratios. After ``link_seconds`` only looks count, against
    the odds of a newcomer. -inf where j does not follow i in time.
    """
    fps = video.fps
    window = max(2, round(SPEED_WINDOW * fps))
    end = _ends(tracklets, window, True, video, steady)
    start = _ends(tracklets, window, False, video, steady)
    gap = start.frame[None] - end.frame[:, None]
    longest = max(config.link_seconds, config.return_seconds)
    i, j = np.nonzero((gap > 0) & (gap <= longest * fps))
    half = gap[i, j][:, None] / 2
    apart = (end.centre[i] + half * end.speed[i]) - (start.centre[j] - half * start.speed[j])
    height = (end.height[i] + start.height[j]) / 2
    spread = np.hypot(POSITION_SPREAD, SPEED_SPREAD * gap[i, j] / fps)
    distance = np.hypot(*apart.T) / height / spread
    size = np.log(end.height[i] / start.height[j]) / SIZE_SPREAD
    strangers = np.where(end.edge[i] & start.edge[j], CROWD_EDGE, CROWD)
    odds = -np.log(2 * np.pi * spread**2 * strangers) - 0.5 * (distance**2 + size**2)
    odds -= UNSEEN * (1 - np.exp(-gap[i, j] / fps / UNSEEN_AFTER))
    likely = np.zeros(len(i))
    if all(t.looks is not None for t in tracklets):
        shown = [t.looks for t in tracklets if t.looks is not None]
        looks = np.array([mean_look(rows) for rows in shown])
        views = np.array([np.linalg.norm(rows, axis=1).sum() for rows in shown])
        trust = views / (views + VIEWS)
        likeness = np.einsum("kd,kd->k", looks[i], looks[j])
        likely = trust[i] * trust[j] * model.log_ratio(likeness)
    # Beyond link_seconds motion says nothing more: only looks can tell who came back.
    odds = np.where(gap[i, j] > config.link_seconds * fps, likely - RETURN, odds + likely)
    evidence = np.full(gap.shape, -np.inf)
    evidence[i, j] = odds
    return evidence


def link(
    tracklets: Sequence[Tracklet],
    config: TrackConfig,
    video: VideoInfo,
    steady: Steady | None = None,
) -> list[Tracklet]:
    """The tracklets of one person joined, in order of their first frame; those with looks are first
    cut where the look tells that the track went over to somebody else. ``steady``: coordinates in
    which to judge motion, where the camera moves.
    """
    if not tracklets:
        return []
    parts = list(tracklets)
    model, last = LookModel(), np.arange(len(parts))
    if all(t.looks is not None for t in parts):
        width = max(3, round(LOOK_WINDOW * video.fps))
        model = fit_looks(parts, width)
        pieces = [cut(t, model, width, config.cut_threshold) for t in parts]
        parts = [p for piece in pieces for p in piece]
        last = np.cumsum([len(piece) for piece in pieces]) - 1
    evidence = link_evidence(parts, config, video, model, steady)
    inner = np.setdiff1d(np.arange(len(parts) - 1), last)
    evidence[inner, inner + 1] += CONTINUITY
    # The assignment maximises a sum of positive gains; a link must beat its threshold to be one.
    rows, columns = assign(evidence - config.link_threshold, 1e-9)
    following = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    heads = sorted(set(range(len(parts))) - set(columns.tolist()))
    linked = []
    for head in heads:
        chain = [head]
        while chain[-1] in following:
            chain.append(following[chain[-1]])
        linked.append(join([parts[k] for k in chain]))
    return sorted(linked, key=lambda t: (t.first, t.boxes[0, 0]))
