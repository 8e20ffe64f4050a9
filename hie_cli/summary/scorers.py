"""Scores of a video's samples that need no training: features (n, D) in, (n,) out."""

import numpy as np

from hie_cli.core.types import FloatArray
from hie_cli.core.vectors import unit_rows

_ROWS = 1000
_NEAREST = 0.1  # share of the samples that a sample is compared with


def centred(features: FloatArray) -> FloatArray:
    """Features (n, D) of length 1 seen from the video's own mean; their mean square length is 1.

    Frames of a camera that stands still are alike but for what happens; this leaves that, and a
    frame unlike the others stays the longer one. Zeros where all frames are equal.
    """
    vectors = unit_rows(features)
    apart = vectors - vectors.mean(axis=0)
    length = float(np.sqrt((apart**2).sum(axis=1).mean()))
    made: FloatArray = apart / length if length > 1e-6 else np.zeros_like(apart)
    return made


def ctvsum(features: FloatArray) -> FloatArray:
    """Local dissimilarity times global consistency, 0..1, smoothed over neighbours.

    Z. Pang et al., Contrastive Losses Are Natural Criteria for Unsupervised Video Summarization
    (WACV 2023), without its network. Of unit features: l_i is the mean squared distance to the
    nearest tenth of the samples (itself among them), u_i the logarithm of the mean of
    exp(-2 distance squared) over all; both scaled to 0..1 and multiplied, then exp(score - 1), and
    a Gaussian of one sample. Rows are computed by the thousand, so that memory stays n x 1000.
    """
    from scipy.ndimage import gaussian_filter1d

    vectors = unit_rows(np.asarray(features, np.float64))
    count = len(vectors)
    near = max(1, round(_NEAREST * count))
    local, common = np.zeros(count), np.zeros(count)
    for first in range(0, count, _ROWS):
        apart = np.maximum(2 - 2 * vectors[first : first + _ROWS] @ vectors.T, 0)
        part = slice(first, first + len(apart))
        local[part] = np.partition(apart, near - 1, axis=1)[:, :near].mean(axis=1)
        common[part] = np.log(np.exp(-2 * apart).mean(axis=1))
    product = scaled(local) * scaled(common)
    smooth: FloatArray = gaussian_filter1d(np.exp(product - 1), 1.0)
    return smooth


def scaled(values: FloatArray) -> FloatArray:
    """Values (n,) scaled to 0..1; 0 where all are equal but for rounding, which is no signal."""
    low, span = values.min(), np.ptp(values)
    even = span <= 1e-9 * max(1.0, float(np.abs(values).max()))
    made: FloatArray = np.zeros(len(values)) if even else (values - low) / span
    return made
