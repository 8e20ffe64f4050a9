"""Linking tracklets of one person across gaps, with the whole video known.

All links are chosen together: the one-to-one assignment of tracklet ends to tracklet starts with
the greatest total evidence that both are one person.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.camera.path import CameraPath
from hie_cli.core.geometry import paired_iou, ranges
from hie_cli.core.types import VideoInfo
from hie_cli.tracking.appearance_model import (
    LARGEST,
    AppearanceModel,
    fit_appearance,
    mean_appearance,
)
from hie_cli.tracking.association import assign
from hie_cli.tracking.detections import touches_edge
from hie_cli.tracking.gaps import PRIOR_MISS, Crowd, Gaps
from hie_cli.tracking.kalman import Floats, to_centres
from hie_cli.tracking.segments import Segment, chained, parted, segments
from hie_cli.tracking.settings import LinkConfig
from hie_cli.tracking.tracklets import Ints, Tracklet, join, lengths, owners

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

    frame: Ints
    centre: Floats
    height: Floats
    speed: Floats
    edge: NDArray[np.bool_]
    box: Floats


def _ends(
    tracklets: Sequence[Tracklet], window: int, video: VideoInfo, camera: CameraPath | None
) -> tuple[Ends, Ends]:
    """The last and the first moments of tracklets, by a line through ``window`` frames."""
    count = lengths(tracklets)
    frames = np.concatenate([t.frames for t in tracklets])
    boxes = np.concatenate([t.boxes for t in tracklets])
    behind = np.cumsum(count)
    begin = behind - count
    key = owners(tracklets) * (frames.max() + 1) + frames

    def moment(row: Ints) -> Ends:
        """The moment of the rows (N,)."""
        low = np.maximum(key.searchsorted(key[row] - window), begin)
        high = np.minimum(key.searchsorted(key[row] + window, "right"), behind)
        owner, near = ranges(low, high)
        count, start = high - low, np.cumsum(high - low) - (high - low)
        seen, there = frames[near], boxes[near]
        values = to_centres(there if camera is None else camera.boxes(seen, there))
        time = (seen - frames[row][owner]).astype(np.float64)
        mean_time = np.add.reduceat(time, start) / count
        mean = np.add.reduceat(values, start) / count[:, None]
        time -= mean_time[owner]
        spread = np.add.reduceat(time**2, start)
        slope = np.add.reduceat(time[:, None] * values, start) / np.maximum(spread, 1e-9)[:, None]
        # A few observations make no speed: shrink it by what as much jitter would give.
        slope *= (count / (count + 3.0))[:, None]
        here = mean - mean_time[:, None] * slope
        return Ends(
            frames[row],
            here[:, :2],
            np.maximum(mean[:, 3], 1),
            slope[:, :2],
            touches_edge(boxes[row], video),
            boxes[row],
        )

    return moment(behind - 1), moment(begin)


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
) -> tuple[Ints, Ints, Floats]:
    """Tracklets i (K,) and j (K,), and the log odds (K,) that j is the person of i, seen again.

    Both are extrapolated half way through the gap. Where j begins has, for the person of i, a
    Gaussian density that widens with time, times the chance of coming back after so long; for a
    newcomer it is the density with which tracklets begin in this video. The change of height and
    the appearance add their own log ratios; time spent unseen in plain view counts against the
    link, and so does (``config.leaving``) that i ends and j begins at the edge of the picture,
    where people leave and others come. Pairs are left out where j does not follow i within
    ``config.seconds``, and hopeless ones; the two may overlap for a moment, but have -inf unless
    they lie on one another then: a covered person was seen twice. ``miss``: see ``miss_seconds``.
    """
    fps = video.fps
    window = max(2, round(config.speed_seconds * fps))
    end, start = _ends(tracklets, window, video, camera)
    i, j = _followers(end, start, config, fps)
    gap = start.frame[j] - end.frame[i]
    seconds, half = gap / fps, gap / 2
    # (2, K), x and y: NumPy takes a tenth of the time for long rows that it takes for pairs.
    ahead = end.centre.T.take(i, axis=1) + half * end.speed.T.take(i, axis=1)
    apart = ahead - (start.centre.T.take(j, axis=1) - half * start.speed.T.take(j, axis=1))
    height = (end.height.take(i) + start.height.take(j)) / 2
    variance = config.position**2 + (config.speed * seconds) ** 2
    size = np.log(end.height.take(i) / start.height.take(j)) / config.size
    newcomers = config.newcomers * newcomer_density(start, video)[start.edge.astype(np.int64)]
    odds = -np.log(2 * np.pi * variance * newcomers.take(j))
    odds -= 0.5 * ((apart**2).sum(axis=0) / (height**2 * variance) + size**2)
    odds -= 2 * np.log1p(np.maximum(seconds, 1 / fps))
    odds -= config.leaving * (end.edge.take(i) & start.edge.take(j))
    likely = np.flatnonzero(odds > HOPELESS - LARGEST)
    i, j, gap, odds = i[likely], j[likely], gap[likely], odds[likely]
    odds += _appearance_odds(tracklets, model, i, j)
    near = np.flatnonzero((odds > HOPELESS) & (gap > 1))
    odds[near] -= config.miss * np.log1p(
        _plain_view(tracklets, end, start, i[near], j[near], video, camera) / miss
    )
    beside = np.flatnonzero((odds > HOPELESS) & (gap <= 0))
    apart_there = shared_overlap(tracklets, i[beside], j[beside]) < SEEN_TWICE
    odds[beside[apart_there]] = -np.inf
    return i, j, odds


def _followers(end: Ends, start: Ends, config: LinkConfig, fps: float) -> tuple[Ints, Ints]:
    """Pairs of tracklets (K,), (K,), the second of which may follow the first."""
    order = np.argsort(start.frame, kind="stable")
    begins = start.frame[order]
    soonest = math.floor(-config.overlap_seconds * fps) + 1
    low = begins.searchsorted(end.frame + soonest)
    high = begins.searchsorted(end.frame + math.floor(config.seconds * fps), "right")
    i, place = ranges(low, high)
    j = order[place]
    later = (end.frame[j] > end.frame[i]) & (start.frame[j] > start.frame[i])
    return i[later], j[later]


def _appearance_odds(
    tracklets: Sequence[Tracklet],
    model: AppearanceModel,
    i: Ints,
    j: Ints,
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
    i: Ints,
    j: Ints,
    video: VideoInfo,
    camera: CameraPath | None,
) -> Floats:
    """For how long (K,) nobody was detected though in plain view, s, if j (K,) goes on from i."""
    crowd = Crowd.of(tracklets, video)
    before, after = end.frame[i], start.frame[j]
    here, there = end.box[i], start.box[j]
    if camera is not None:
        here, there = camera.boxes(before, here), camera.boxes(after, there)
    return crowd.in_view(Gaps(before, after, here, there, i, j), camera)


def shared_overlap(tracklets: Sequence[Tracklet], i: Ints, j: Ints) -> Floats:
    """Mean IoU (K,) of tracklets i and j (K,) in the frames they share; 1 where they share none."""
    count = lengths(tracklets)
    frames = np.concatenate([t.frames for t in tracklets])
    corners = np.concatenate([t.boxes for t in tracklets]).T
    span = frames.max() + 1
    key = owners(tracklets) * span + frames
    behind = np.cumsum(count)
    # Of i those rows that are not before the first frame of j, and where j would have these frames.
    pair, row = ranges(key.searchsorted(i * span + frames[(behind - count)[j]]), behind[i])
    there = key.searchsorted(j[pair] * span + frames[row])
    both = key.take(there, mode="clip") == j[pair] * span + frames[row]
    pair, row, there = pair[both], row[both], there[both]
    iou = paired_iou(corners.take(row, axis=1).T, corners.take(there, axis=1).T)
    shared = np.bincount(pair, minlength=len(i))
    return np.where(shared, np.bincount(pair, iou, len(i)) / np.maximum(shared, 1), 1.0)


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
    parts = parted(parts, config.gap_seconds * video.fps)
    i, j, odds = link_evidence([p.clear for p in parts], config, video, model, camera, miss)
    # A tracklet goes on as it did unless somebody else explains one of the two sides better.
    same = np.array([p.goes_on for p in parts])
    within = same[i] & (j == i + 1)
    going_on = np.full(len(parts), LEAST_GAIN)
    going_on[i[within]] = np.maximum(odds[within] + config.continuity, LEAST_GAIN)
    i, j = (np.append(x[~within], np.flatnonzero(same) + k) for k, x in enumerate((i, j)))
    odds = np.append(odds[~within], going_on[same])
    # The assignment maximises a sum of positive gains; a link must beat its threshold to be one.
    good = odds > config.threshold
    rows, columns = assign(i[good], j[good], odds[good] - config.threshold)
    following = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    chains = []
    for head in sorted(set(range(len(parts))) - set(columns.tolist())):
        chain = [head]
        while chain[-1] in following:
            chain.append(following[chain[-1]])
        chains.append(chained(chain, parts))
    return sorted(join(chains), key=lambda t: (t.first, t.boxes[0, 0]))
