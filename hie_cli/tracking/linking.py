"""Linking tracklets of one person across gaps, with the whole video known.

All links are chosen together: the one-to-one assignment of tracklet ends to tracklet starts with
the greatest total evidence that both are one person.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.camera.path import CameraPath
from hie_cli.core.geometry import paired_iou
from hie_cli.core.types import VideoInfo
from hie_cli.tracking.appearance_model import AppearanceModel, fit_appearance, mean_appearance
from hie_cli.tracking.association import assign
from hie_cli.tracking.detections import touches_edge
from hie_cli.tracking.gaps import PRIOR_MISS, Crowd, Gaps
from hie_cli.tracking.kalman import Floats, to_centres
from hie_cli.tracking.segments import Segment, chained, parted, segments
from hie_cli.tracking.settings import LinkConfig
from hie_cli.tracking.tracklets import Tracklet, join

VIEWS = 1.0  # clear views that make an appearance half as trustworthy as endless ones
LEAST_GAIN = 1e-3  # log odds: of going on as before, however unlikely, where nobody else fits
BAND = 0.5  # heights: width of the picture's edge, where people come and go
FIRST_MOMENT = 0.2  # s of a clip's beginning
SEEN_TWICE = 0.6  # mean IoU of two boxes of one person in the same frames
HOPELESS = -4.0  # log odds, before misses, under which a pair is not looked at further


@dataclass(frozen=True)
class Ends:
    """An end of N tracklets: frame (N,), centre (N, 2), height (N,) px, speed (N, 2) px/frame, edge
    (N,) whether it touches the edge of the picture, box (N, 4) px there.
    """

    frame: Floats
    centre: Floats
    height: Floats
    speed: Floats
    edge: NDArray[np.bool_]
    box: Floats


def _ends(
    tracklets: Sequence[Tracklet],
    window: int,
    last: bool,
    video: VideoInfo,
    camera: CameraPath | None,
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
    centres = to_centres(boxes if camera is None else camera.boxes(frames, boxes))
    time = (frames - np.repeat(frame, count)).astype(np.float64)
    mean_time = np.add.reduceat(time, start) / count
    mean = np.add.reduceat(centres, start) / count[:, None]
    time -= np.repeat(mean_time, count)
    spread = np.add.reduceat(time**2, start)
    slope = np.add.reduceat(time[:, None] * centres, start) / np.maximum(spread, 1e-9)[:, None]
    # A few observations make no speed: shrink it by what as long a stretch of jitter would give.
    slope *= (count / (count + 3.0))[:, None]
    here = mean - mean_time[:, None] * slope
    box = np.array([t.boxes[-1 if last else 0] for t in tracklets]).reshape(-1, 4)
    return Ends(
        frame.astype(np.float64),
        here[:, :2],
        np.maximum(mean[:, 3], 1),
        slope[:, :2],
        touches_edge(box, video),
        box,
    )


def newcomer_density(start: Ends, video: VideoInfo) -> Floats:
    """How many tracklets (2,) begin per second and square height: inside, and at the edge.

    Those who are there from the clip's first moment are no newcomers.
    """
    new = start.frame > start.frame.min() + FIRST_MOMENT * video.fps
    height = float(np.median(start.height))
    wide, tall = video.width / height, video.height / height
    band = 2 * BAND * (wide + tall)
    area = np.array([max(wide * tall - band, 0.2 * wide * tall), band])
    count = np.bincount(start.edge[new].astype(np.int64), minlength=2) + 0.5
    seconds = max(float(np.ptp(start.frame)), video.fps) / video.fps
    density: Floats = count / seconds / area
    return density


def link_evidence(
    tracklets: Sequence[Tracklet],
    config: LinkConfig,
    video: VideoInfo,
    model: AppearanceModel,
    camera: CameraPath | None = None,
    miss: float = PRIOR_MISS,
) -> Floats:
    """Log odds (N, N) that tracklet j (column) is the person of tracklet i (row), seen again.

    Both are extrapolated half way through the gap. Where j begins has, for the person of i, a
    Gaussian density that widens with time, times the chance of coming back after so long; for a
    newcomer it is the density with which tracklets begin in this video. The change of height and
    the appearance add their own log ratios; time spent unseen in plain view counts against the
    link, and so does (``config.leaving``) that i ends and j begins at the edge of the picture,
    where people leave and others come. -inf where j does not follow i within ``config.seconds``;
    they may overlap for a moment, if in the frames they share they lie on one another: a covered
    person was seen twice. ``miss``: see ``miss_seconds``.
    """
    fps = video.fps
    window = max(2, round(config.speed_seconds * fps))
    end = _ends(tracklets, window, True, video, camera)
    start = _ends(tracklets, window, False, video, camera)
    gap = start.frame[None] - end.frame[:, None]
    later = (end.frame > end.frame[:, None]) & (start.frame > start.frame[:, None])
    i, j = np.nonzero(later & (gap > -config.overlap_seconds * fps) & (gap <= config.seconds * fps))
    seconds = gap[i, j] / fps
    half = gap[i, j][:, None] / 2
    apart = (end.centre[i] + half * end.speed[i]) - (start.centre[j] - half * start.speed[j])
    height = (end.height[i] + start.height[j]) / 2
    spread = np.hypot(config.position, config.speed * np.abs(seconds))
    distance = np.hypot(*apart.T) / height / spread
    size = np.log(end.height[i] / start.height[j]) / config.size
    newcomers = config.newcomers * newcomer_density(start, video)[start.edge[j].astype(np.int64)]
    odds = -np.log(2 * np.pi * spread**2 * newcomers) - 0.5 * (distance**2 + size**2)
    odds -= 2 * np.log1p(np.maximum(seconds, 1 / fps))
    odds += _appearance_odds(tracklets, model, i, j)
    odds -= config.leaving * (end.edge[i] & start.edge[j])
    near = np.flatnonzero((odds > HOPELESS) & (gap[i, j] > 1))
    odds[near] -= config.miss * np.log1p(
        _plain_view(tracklets, end, start, i[near], j[near], video, camera) / miss
    )
    beside = np.flatnonzero((odds > HOPELESS) & (gap[i, j] <= 0))
    apart_there = shared_overlap(tracklets, i[beside], j[beside]) < SEEN_TWICE
    odds[beside[apart_there]] = -np.inf
    evidence = np.full(gap.shape, -np.inf)
    evidence[i, j] = odds
    return evidence


def _appearance_odds(
    tracklets: Sequence[Tracklet],
    model: AppearanceModel,
    i: NDArray[np.int64],
    j: NDArray[np.int64],
) -> Floats:
    """Log odds (K,) by appearance of pairs i, j (K,); 0 where there is none."""
    shown = [t.appearance for t in tracklets if t.appearance is not None]
    if len(shown) < len(tracklets):
        return np.zeros(len(i))
    means = np.array([mean_appearance(rows) for rows in shown])
    views = np.array([np.linalg.norm(rows, axis=1).sum() for rows in shown])
    trust = views / (views + VIEWS)
    similarity = np.einsum("kd,kd->k", means[i], means[j])
    odds: Floats = trust[i] * trust[j] * model.log_ratio(similarity)
    return odds


def _plain_view(
    tracklets: Sequence[Tracklet],
    end: Ends,
    start: Ends,
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    video: VideoInfo,
    camera: CameraPath | None,
) -> Floats:
    """For how long (K,) nobody was detected though in plain view, s, if j (K,) goes on from i."""
    crowd = Crowd.of(tracklets, video)
    before, after = end.frame[i].astype(np.int64), start.frame[j].astype(np.int64)
    here, there = end.box[i], start.box[j]
    if camera is not None:
        here, there = camera.boxes(before, here), camera.boxes(after, there)
    return crowd.in_view(Gaps(before, after, here, there, i, j), camera)


def shared_overlap(
    tracklets: Sequence[Tracklet], i: NDArray[np.int64], j: NDArray[np.int64]
) -> Floats:
    """Mean IoU (K,) of tracklets i and j (K,) in the frames they share; 1 where they share none."""
    overlap = np.ones(len(i))
    for k, (a, b) in enumerate(zip(i.tolist(), j.tolist(), strict=True)):
        one, other = tracklets[a], tracklets[b]
        _, r, c = np.intersect1d(one.frames, other.frames, True, return_indices=True)
        if len(r):
            overlap[k] = paired_iou(one.boxes[r], other.boxes[c]).mean()
    return overlap


def link(
    tracklets: Sequence[Tracklet],
    config: LinkConfig,
    video: VideoInfo,
    camera: CameraPath | None = None,
    miss: float = PRIOR_MISS,
) -> list[Tracklet]:
    """The tracklets of one person joined, in order of their first frame.

    They are first cut where nobody was detected for long, those with appearance also into segments
    that are surely of one person (``segments.py``). ``camera``: coordinates in which to judge
    motion, where the camera moves · ``miss``: seconds for which people in plain view go undetected.
    """
    if not tracklets:
        return []
    parts, model = [Segment(t) for t in tracklets], AppearanceModel()
    if all(t.appearance is not None for t in tracklets):
        width = max(3, round(config.appearance_seconds * video.fps))
        model = fit_appearance(tracklets, width)
        pieces = [segments(t, model, width, config, video.fps) for t in tracklets]
        parts = [p for piece in pieces for p in piece]
    parts = [p for part in parts for p in parted(part, config.gap_seconds * video.fps)]
    evidence = link_evidence([p.clear for p in parts], config, video, model, camera, miss)
    same = np.flatnonzero([p.goes_on for p in parts])
    # A tracklet goes on as it did unless somebody else explains one of the two sides better.
    going_on = evidence[same, same + 1] + config.continuity
    evidence[same, same + 1] = np.maximum(going_on, LEAST_GAIN)
    # The assignment maximises a sum of positive gains; a link must beat its threshold to be one.
    i, j = np.nonzero(evidence > config.threshold)
    rows, columns = assign(i, j, evidence[i, j] - config.threshold)
    following = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    linked = []
    for head in sorted(set(range(len(parts))) - set(columns.tolist())):
        chain = [head]
        while chain[-1] in following:
            chain.append(following[chain[-1]])
        linked.append(join(chained(chain, parts)))
    return sorted(linked, key=lambda t: (t.first, t.boxes[0, 0]))
