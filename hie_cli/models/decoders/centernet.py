"""From MultiPose's maps to people: CenterNet decoding (Zhou et al., Objects as Points, 2019).

A local maximum of the centre map is a person; there the regression heads give the box and a first
guess of each keypoint, which the keypoint heatmap near the guess and inside the box refines,
and the offset map places within its cell.

Unlike the original graph this one has no cut at six people; each person's keypoint score is their
own (the original lends the highest that any of the six has in that cell); and the Gaussian round a
guess grows with the person (``REACH``), where the original's depends on the image alone.
"""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.types import FloatArray

STRIDE = 4  # input pixels per cell of every map
NUM_KEYPOINTS = 17
# Standard deviation of the Gaussian round a guess, over the longer side of the person's box.
# Anything from 0.12 to 0.2 beat the original's rule at every long side from 192 to 768 on annotated
# stills (30 people of COCO, AIC, CrowdPose, OCHuman: OKS .790 -> .802 at 384, .749 -> .765 at 512).
REACH = 0.15
_ORIGINAL_SPREAD = 0.3  # the original: twice the variance, over the map's shorter side, in cells
_COUNTS = 0.127  # the original's: a keypoint scoring less does not count for the person's score


@dataclass(frozen=True)
class Instances:
    """People in input pixels: boxes (N, 4) xyxy, centre probability and score (N,), COCO keypoints
    (N, 17, 2) x, y with scores (N, 17).
    """

    boxes: FloatArray
    centers: FloatArray
    scores: FloatArray
    keypoints: FloatArray
    keypoint_scores: FloatArray


def decode(
    maps: list[FloatArray], floor: float, limit: int, reach: float | None = REACH
) -> Instances:
    """Everybody whose centre probability is at least ``floor``, at most ``limit``, by centre.

    ``maps`` are one image's outputs of ``MultiPose``, each (C, h, w). ``reach`` None is the rule
    of the original graph.
    """
    center, box_scale, box_offset, heatmap, regress, offset = maps
    _, height, width = center.shape
    peaks = np.flatnonzero((center >= floor) & (center > 0))
    peaks = peaks[np.argsort(-center.ravel()[peaks], kind="stable")[:limit]]
    rows, columns = np.divmod(peaks, width)
    centers = center.ravel()[peaks]

    cell = np.stack((rows, columns), 1).astype(np.float32)  # (N, 2) y, x
    middle = cell + box_offset[:, rows, columns].T
    half = np.maximum(box_scale[:, rows, columns].T, 0) / 2
    edge = np.array([height, width], np.float32)
    low, high = np.clip(middle - half, 0, edge), np.clip(middle + half, 0, edge)

    guess = cell[:, None] + regress[:, rows, columns].T.reshape(-1, NUM_KEYPOINTS, 2)
    # The Gaussian is separable and the box bounds it, so each person costs one small window.
    if reach is None:
        spread = np.full(len(peaks), _ORIGINAL_SPREAD * min(height, width), np.float32)
    else:
        spread = 2 * (reach * (high - low).max(1, initial=1.0)) ** 2
    window = np.ceil(np.concatenate((low, high), 1)).astype(int)  # cells with low <= cell < high
    steps_y, steps_x = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
    found = np.zeros((len(peaks), NUM_KEYPOINTS, 2), np.float32)  # y, x in cells
    heat = np.zeros((len(peaks), NUM_KEYPOINTS), np.float32)
    joint = np.arange(NUM_KEYPOINTS)
    for person, (top, left, bottom, right) in enumerate(window):
        if top >= bottom or left >= right:
            continue
        near_y = np.exp(-((steps_y[top:bottom] - guess[person, :, :1]) ** 2) / spread[person])
        near_x = np.exp(-((steps_x[left:right] - guess[person, :, 1:]) ** 2) / spread[person])
        weighted = heatmap[:, top:bottom, left:right] * near_y[:, :, None]
        weighted *= near_x[:, None]
        flat = weighted.reshape(NUM_KEYPOINTS, -1)
        best = flat.argmax(1)
        y, x = top + best // (right - left), left + best % (right - left)
        within = offset.reshape(NUM_KEYPOINTS, 2, height, width)[joint, :, y, x]
        found[person] = np.stack((y, x), 1) + within
        heat[person] = flat[joint, best]

    counts = heat > _COUNTS
    mean = np.where(counts, heat, 0).sum(1) / np.maximum(counts.sum(1), 1)
    return Instances(
        boxes=np.concatenate((low[:, ::-1], high[:, ::-1]), 1) * STRIDE,
        centers=centers,
        scores=centers * mean,
        keypoints=found[..., ::-1] * STRIDE,
        keypoint_scores=heat,
    )
