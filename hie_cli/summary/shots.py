"""The shots of a sampled video, short enough to be chosen."""

import numpy as np
from numpy.typing import NDArray

from hie_cli.summary.samples import Samples
from hie_cli.summary.segmentation import KtsSettings, change_points
from hie_cli.summary.selection import divided, shots_of_points

LONGEST = 3.0  # seconds: an event of five is covered without a minute around it


def shots_of(samples: Samples, share: float, longest: float = LONGEST) -> NDArray[np.int64]:
    """Shots (S, 2) in frames, inclusive, each of at most ``longest`` seconds.

    None is longer than a summary of ``share`` may be, or nothing could be chosen of it.
    """
    stride = int(np.median(np.diff(samples.picks))) if len(samples) > 1 else samples.num_frames
    most = max(1, int(min(longest * samples.info.fps, share * samples.num_frames)))
    how = KtsSettings(longest=max(1, most // max(stride, 1)))
    points = change_points(samples.features, how).points
    return divided(shots_of_points(points, samples.picks, samples.num_frames), most)
