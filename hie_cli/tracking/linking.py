"""Joining tracklets of one person across gaps, by a global assignment of ends to starts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import VideoInfo
from hie_cli.tracking.appearance_model import AppearanceModel, fit_looks, mean_look
from hie_cli.tracking.association import assign
from hie_cli.tracking.camera_compensation import CameraCompensation
from hie_cli.tracking.kalman import Floats, to_centres
from hie_cli.tracking.segments import Segment, chained, part
from hie_cli.tracking.settings import TrackConfig
from hie_cli.tracking.tracker import touches_edge
from hie_cli.tracking.tracklets import Tracklet, join

SPEED_WINDOW = 1.0  # s of a tracklet's end from which its speed is taken
LOOK_WINDOW = 1.0  # s that make one mean look
POSITION_SPREAD = 0.2  # heights: how far off an extrapolation is at no distance in time
SPEED_SPREAD = 0.35  # heights / s: how far people's speed strays while out of sight
SIZE_SPREAD = 0.25  # of log height
RETURN = 3.0  # log odds against a newcomer being one certain person who left long ago
VIEWS = 1.0  # clear views that make a look half as trustworthy as endless ones
CROWD = 0.03  # strangers' starts to expect on a square height
CROWD_EDGE = 2.0  # the same at the picture's edge, where people come and go
CONTINUITY = 2.0  # log odds: what the forward pass knew when it joined what was cut later
LEAST_GAIN = 1e-3  # log odds: of going on as before, however unlikely, where nobody else fits
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
    tracklets: Sequence[Tracklet],
    window: int,
    last: bool,
    video: VideoInfo,
    steady: CameraCompensation | None,
) -> Ends:
    """The last (or first) moments of tracklets, by a line through ``window`` frames."""
    frame = np.array([t.last if last else t.first for t in tracklets], np.int64)
    near = [
        t.rows_between(f - window, f + window)
        for t, f in zip(tracklets, frame.tolist(), strict=True)
    ]
    count = np.array([n.stop - n.start for n in near])
    start = np.cumsum(count) - count
    frames = np.concatenate([t.frames[n] for t, n in zip(tracklets, near, strict=True)])
    boxes = np.concatenate([t.boxes[n] for t, n in zip(tracklets, near, strict=True)])
    centres = to_centres(boxes if steady is None else steady.boxes(frames, boxes))
    time = (frames - np.repeat(frame, count)).astype(np.float64)
    mean_time = np.add.reduceat(time, start) / count
    mean = np.add.reduceat(centres, start) / count[:, None]
    time -= np.repeat(mean_time, count)
    spread = np.add.reduceat(time**2, start)
    slope = np.add.reduceat(time[:, None] * centres, start) / np.maximum(spread, 1e-9)[:, None]
    # A few sightings make no speed: shrink it by what as long a stretch of jitter would give.
    slope *= (count / (count + 3.0))[:, None]
    here = mean - mean_time[:, None] * slope
    outer = np.array([t.boxes[-1 if last else 0] for t in tracklets]).reshape(-1, 4)
    edge = touches_edge(outer, video)
    return Ends(
        frame.astype(np.float64), here[:, :2], np.maximum(mean[:, 3], 1), slope[:, :2], edge
    )


def link_evidence(
    tracklets: Sequence[Tracklet],
    config: TrackConfig,
    video: VideoInfo,
    model: AppearanceModel,
    steady: CameraCompensation | None = None,
) -> Floats:
    """Log odds (N, N) that tracklet j (column) is the person of tracklet i (row), seen again.

    Each is extrapolated half way through the gap. The distance between the two has, for one
    person, a Gaussian density that widens with time; for strangers it is even. The change of
    height and the looks add their own log ratios. After ``link_seconds`` only looks count, against
    the odds of a newcomer. -inf where j does not follow i in time; they may overlap for a moment,
    in which a covered person was seen twice.
    """
    fps = video.fps
    window = max(2, round(SPEED_WINDOW * fps))
    end = _ends(tracklets, window, True, video, steady)
    start = _ends(tracklets, window, False, video, steady)
    gap = start.frame[None] - end.frame[:, None]
    longest = max(config.link_seconds, config.return_seconds)
    later = (end.frame > end.frame[:, None]) & (start.frame > start.frame[:, None])
    i, j = np.nonzero(later & (gap > -config.overlap_seconds * fps) & (gap <= longest * fps))
    half = gap[i, j][:, None] / 2
    apart = (end.centre[i] + half * end.speed[i]) - (start.centre[j] - half * start.speed[j])
    height = (end.height[i] + start.height[j]) / 2
    spread = np.hypot(POSITION_SPREAD, SPEED_SPREAD * np.abs(gap[i, j]) / fps)
    distance = np.hypot(*apart.T) / height / spread
    size = np.log(end.height[i] / start.height[j]) / SIZE_SPREAD
    strangers = np.where(end.edge[i] & start.edge[j], CROWD_EDGE, CROWD)
    odds = -np.log(2 * np.pi * spread**2 * strangers) - 0.5 * (distance**2 + size**2)
    odds -= UNSEEN * (1 - np.exp(-np.maximum(gap[i, j], 0) / fps / UNSEEN_AFTER))
    likely = np.zeros(len(i))
    if all(t.looks is not None for t in tracklets):
        shown = [t.looks for t in tracklets if t.looks is not None]
        looks = np.array([mean_look(rows) for rows in shown])
        views = np.array([np.linalg.norm(rows, axis=1).sum() for rows in shown])
        trust = views / (views + VIEWS)
        similarity = np.einsum("kd,kd->k", looks[i], looks[j])
        likely = trust[i] * trust[j] * model.log_ratio(similarity)
    # Beyond link_seconds motion says nothing more: only looks can tell who came back.
    odds = np.where(gap[i, j] > config.link_seconds * fps, likely - RETURN, odds + likely)
    evidence = np.full(gap.shape, -np.inf)
    evidence[i, j] = odds
    return evidence


def link(
    tracklets: Sequence[Tracklet],
    config: TrackConfig,
    video: VideoInfo,
    steady: CameraCompensation | None = None,
) -> list[Tracklet]:
    """The tracklets of one person joined, in order of their first frame; those with looks are first
    cut into parts that are surely of one person (``parts.py``). ``steady``: coordinates in which to
    judge motion, where the camera moves.
    """
    if not tracklets:
        return []
    parts, model = [Segment(t) for t in tracklets], AppearanceModel()
    if all(t.looks is not None for t in tracklets):
        width = max(3, round(LOOK_WINDOW * video.fps))
        model = fit_looks(tracklets, width)
        pieces = [part(t, model, width, config, video.fps) for t in tracklets]
        parts = [p for piece in pieces for p in piece]
    evidence = link_evidence([p.clear for p in parts], config, video, model, steady)
    same = np.flatnonzero([p.goes_on for p in parts])
    # A tracklet goes on as it did unless somebody else explains one of the two sides better.
    evidence[same, same + 1] = np.maximum(evidence[same, same + 1] + CONTINUITY, LEAST_GAIN)
    # The assignment maximises a sum of positive gains; a link must beat its threshold to be one.
    i, j = np.nonzero(evidence > config.link_threshold)
    rows, columns = assign(i, j, evidence[i, j] - config.link_threshold)
    following = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    linked = []
    for head in sorted(set(range(len(parts))) - set(columns.tolist())):
        chain = [head]
        while chain[-1] in following:
            chain.append(following[chain[-1]])
        linked.append(join(chained(chain, parts)))
    return sorted(linked, key=lambda t: (t.first, t.boxes[0, 0]))
