"""Crowd Index of a frame: how much its people's joints intrude on each other's boxes.

arXiv 2005.04490, after CrowdPose (Li et al. 2019).
"""

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.annotations import Annotations
from hie_cli.core.types import BoolArray
from hie_cli.evaluation.matching import decimals


def crowd_index(truth: Annotations) -> float:
    """Mean over persons of N_b / N_a; 0 for a frame without labelled joints.

    N_a: the person's own labelled joints; N_b: labelled joints of all others inside its box, edges
    included, without a cap. Labelled means visible or invisible; persons without a labelled joint
    do not take part, ignored persons do (they are in the picture).
    """
    if truth.keypoints is None:
        return 0.0
    labelled = geometry.known(truth.keypoints)
    if truth.visibility is not None:
        labelled &= truth.visibility >= 0
    own = labelled.sum(axis=1)
    people = np.flatnonzero(own)
    if len(people) == 0:
        return 0.0
    boxes = decimals(truth.boxes[people])
    points = decimals(truth.keypoints[labelled])
    owner = np.repeat(np.arange(len(people)), own[people])
    everybody = np.count_nonzero(_inside(points, boxes[:, None]), axis=1)
    itself = np.bincount(owner, _inside(points, boxes[owner]), len(people))
    return float(((everybody - itself) / own[people]).mean())


def _inside(points: NDArray[np.float64], boxes: NDArray[np.float64]) -> BoolArray:
    """Whether points (K, 2) lie in boxes (K, 4) or (N, 1, 4), edges included."""
    x, y = points.T
    x1, y1, x2, y2 = np.moveaxis(boxes, -1, 0)
    inside: BoolArray = (x1 <= x) & (x <= x2) & (y1 <= y) & (y <= y2)
    return inside
