"""Which detection goes to which track, in the order of trust.

Three rounds of assignment a frame: confident detections to tracks seen more than once; weak
detections to those lately seen (Zhang et al., ByteTrack, 2022); remaining confident detections to
tracks just begun.
"""

import numpy as np
from numpy.typing import NDArray

from hie_cli.tracking.association import (
    Ints,
    assign,
    buffered_overlaps,
    motion_likeness,
    pose_similarity,
)
from hie_cli.tracking.detections import Detections
from hie_cli.tracking.kalman import Floats
from hie_cli.tracking.settings import TrackConfig
from hie_cli.tracking.tracks import Tracks

# Where boxes are given, the share of the least similarity that counts for nothing: of every track,
# and how much more of one unseen for longer than a moment (s).
GIVEN, UNSEEN, MOMENT = 0.5, 0.45, 0.1


def matched(
    tracks: Tracks,
    found: Detections,
    lately: NDArray[np.bool_],
    config: TrackConfig,
    doubtful: bool,
) -> Ints:
    """The detection (N,) of each track, -1 = none; weak ones for those seen ``lately`` (N,).

    A weak detection more similar to somebody already found is a second view of them: between
    two who cross there are many, and one would draw the hidden person's track to the other.
    """
    tracked, detected, similarity = _similarity(tracks, found, config)
    high = found.scores >= config.high_score
    low = ~high & (found.scores >= config.low_score)
    settled = tracks.hits > 1
    match = np.full(len(tracks), -1, np.int64)
    worthless: Floats | None = None
    if not doubtful:
        # Given boxes hardly jitter: two poor matches must not cost somebody a sure one. Nor
        # do they miss many: who was there a moment ago still is, newcomer or not, and a
        # hidden one, whose uncertain place reaches far, must not take their box.
        worthless = GIVEN + UNSEEN * (tracks.seen < tracks.seen.max() - MOMENT)
        settled = np.ones(len(tracks), bool)
    for rows, columns, least in (
        (settled, high, config.min_similarity),
        (settled & lately, low, config.min_low_similarity),
        (~settled, high, config.min_similarity),
    ):
        free = rows & (match < 0)
        if not np.count_nonzero(free) or not np.count_nonzero(columns):
            continue
        wanted = columns[detected]
        good = free[tracked] & wanted & (similarity >= least)
        if columns is low and np.count_nonzero(good):
            explained = np.zeros(len(low))  # how well those found explain each detection
            found_already = wanted & (match >= 0)[tracked]
            np.maximum.at(explained, detected[found_already], similarity[found_already])
            good &= similarity >= explained[detected]
        if np.count_nonzero(good):
            track, gain = tracked[good], similarity[good]
            if worthless is not None:
                gain -= worthless[track] * least
            i, j = assign(track, detected[good], gain)
            match[i] = j
            high[j] = False
    return match


def _similarity(
    tracks: Tracks, found: Detections, config: TrackConfig
) -> tuple[Ints, Ints, Floats]:
    """Track, detection and similarity (0..1) of the pairs (K,) within reach of one another."""
    motion = tracks.motion
    unsure = config.slack * np.sqrt(motion.vv[:, 0])
    slack = np.minimum(unsure, config.max_slack * np.maximum(motion.value[:, 3], 1.0))
    together = tracks.chunk[:, None] == found.chunk
    boxes = motion.boxes()
    rows, columns, total, upright = buffered_overlaps(boxes, found.boxes, slack, together)
    if config.height_weight > 0:
        total *= upright**config.height_weight
    total *= (1 - config.score_weight * (1 - found.scores))[columns]
    weight: Floats | float = 1.0
    if found.poses is not None and config.pose_weight > 0:
        size = np.prod(motion.value[:, 2:], axis=1)
        alike = pose_similarity(tracks.poses()[rows], found.poses[columns], size[rows])
        known = np.isfinite(alike)
        total += config.pose_weight * np.where(known, alike, 0)
        weight = weight + config.pose_weight * known
    if found.appearance is not None and config.appearance_weight > 0:
        alike = np.einsum("kd,kd->k", tracks.appearance[rows], found.appearance[columns])
        total += config.appearance_weight * np.clip(2 * alike - 1, 0, 1)
        weight = weight + config.appearance_weight
    if found.speed is not None and config.flow_weight > 0:
        alike = motion_likeness(motion[rows], found.speed[columns])
        known = np.isfinite(alike)
        total += config.flow_weight * np.where(known, alike, 0)
        weight = weight + config.flow_weight * known
    total /= weight
    return rows, columns, total
