"""The forward pass over chunks of a video side by side.

With few people in a frame, the pass takes its time for the number of operations on arrays, hardly
for their size. Where all frames are known, chunks of the video therefore go through it in step, as
if they were one frame. Each begins in frames that end the chunk before, for as long as an unseen
track is remembered: there, the detections that both gave to a track tell which tracks are one.

Where pixels were looked at, which takes longer than all of this, there is one pass: a track's
appearance is the surer the longer it was seen. So it is for given boxes, of which all can be right.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import VideoInfo
from hie_cli.tracking.association import assign
from hie_cli.tracking.score_scale import ScoreScale
from hie_cli.tracking.settings import Observation, TrackConfig
from hie_cli.tracking.tracker import Association, Tracker

DETECTIONS = 36  # in all chunks together: from so many on, their number is what takes the time
LATELY = 0.1  # overlaps: before these, who was who counts for little


def forward(
    seen: Sequence[Observation], config: TrackConfig, video: VideoInfo, scale: ScoreScale
) -> list[Association]:
    """Join the people of all frames to tracks; ``scale``: what the video's scores mean."""
    overlap = max(1, round(config.lost_seconds * video.fps))
    boxes = np.concatenate([item.people.boxes for item in seen])
    scores = np.concatenate([item.people.scores for item in seen])
    used = scale.shares(scores, boxes[:, 3] - boxes[:, 1]) >= config.least_score
    looked = any(item.appearance is not None or item.camera is not None for item in seen)
    frames, detections = [item.index for item in seen], int(np.count_nonzero(used))
    whole = looked or not scale.doubtful
    chunks = 1 if whole else _chunks(frames, detections, overlap)
    own = -(-(len(seen) - overlap) // chunks)  # frames that are a chunk's alone
    parts = [seen[c * own : (c + 1) * own + overlap] for c in range(chunks)]
    steps = [[part[t] for part in parts if t < len(part)] for t in range(len(parts[0]))]
    tracker = Tracker(config, video, scale, chunks)
    found = tracker.steps(steps)
    joined = [association for (association,) in found] if chunks == 1 else []
    if not joined:
        for c, part in enumerate(parts):
            following = [found[t][c] for t in range(len(part))]
            joined = _continued(joined, following, overlap) if c else following
    return joined


def _chunks(frames: Sequence[int], detections: int, overlap: int) -> int:
    """How many chunks that share ``overlap`` frames are worth it, of ``frames`` with so many
    detections in all. Frames that do not follow one another regularly cannot go in step.
    """
    if len(np.unique(np.diff(frames))) > 1:
        return 1
    most = (len(frames) - overlap) / overlap  # no chunk's own frames are fewer than the shared ones
    return max(1, int(min(most, DETECTIONS / max(detections / len(frames), 1.0))))


def _continued(
    before: list[Association], after: list[Association], overlap: int
) -> list[Association]:
    """Two chunks as one, ``overlap`` frames of which are the last of one and the first of the
    other: there, the first knows better.
    """
    known, again = _numbers(before[-overlap:]), _numbers(after[:overlap])
    both = (known >= 0) & (again >= 0)
    ago = np.repeat(np.arange(overlap)[::-1], [len(a.numbers) for a in after[:overlap]])
    # Both numbers as one, so that pairs are told apart.
    last = int(max(_numbers(before).max(initial=0), _numbers(after).max(initial=0))) + 1
    pairs, which = np.unique(known[both] * last + again[both], return_inverse=True)
    gain = np.bincount(which, np.exp(-ago[both] / (LATELY * overlap))).astype(np.float64)
    one, other = assign(pairs // last, pairs % last, gain)
    name = np.arange(-1, last)
    name[other + 1] = one
    new = [replace(a, numbers=name[a.numbers + 1]) for a in after[overlap:]]
    return before + new


def _numbers(joined: Sequence[Association]) -> NDArray[np.int64]:
    return np.concatenate([association.numbers for association in joined])
