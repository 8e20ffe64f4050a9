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
    looked = any(item.appearance is not None or item.camera is not None for item in seen)
    chunks = 1
    if scale.doubtful and not looked:
        boxes = np.concatenate([item.people.boxes for item in seen])
        scores = np.concatenate([item.people.scores for item in seen])
        used = scale.shares(scores, boxes[:, 3] - boxes[:, 1]) >= config.least_score
        frames = [item.index for item in seen]
        chunks = _chunks(frames, int(np.count_nonzero(used)), overlap)
    own = -(-(len(seen) - overlap) // chunks)  # frames that are a chunk's alone
    parts = [seen[c * own : (c + 1) * own + overlap] for c in range(chunks)]
    steps = [[part[t] for part in parts if t < len(part)] for t in range(len(parts[0]))]
    tracker = Tracker(config, video, scale, chunks)
    found = tracker.steps(steps)
    joined: list[Association] = []
    for c, part in enumerate(parts):
        following = [found[t][c] for t in range(len(part))]
        if joined:
            following = _continued(joined[-overlap:], following, tracker.births)
        joined += following
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
    before: Sequence[Association], after: Sequence[Association], numbers: int
) -> list[Association]:
    """What the chunk ``after`` adds to the frames that end the one before it and begin this one,
    by the numbers, up to ``numbers``, that tracks have there: the chunk before knows better.
    """
    overlap = len(before)
    known, again = _numbers(before), _numbers(after[:overlap])
    both = (known >= 0) & (again >= 0)
    ago = np.repeat(np.arange(overlap)[::-1], [len(a.numbers) for a in before])
    # Both numbers as one, so that pairs are told apart.
    pairs, which = np.unique(known[both] * (numbers + 1) + again[both], return_inverse=True)
    gain = np.bincount(which, np.exp(-ago[both] / (LATELY * overlap))).astype(np.float64)
    one, other = assign(pairs // (numbers + 1), pairs % (numbers + 1), gain)
    name = np.arange(-1, numbers + 1)
    name[other + 1] = one
    return [replace(a, numbers=name[a.numbers + 1]) for a in after[overlap:]]


def _numbers(joined: Sequence[Association]) -> NDArray[np.int64]:
    return np.concatenate([association.numbers for association in joined])
