"""Crowd Index of a frame: how much its people's joints intrude on each other's boxes.

arXiv 2005.04490, after CrowdPose (Li et al. 2019).
"""

import numpy as np

from hie_cli.evaluation.matching import decimals
from hie_cli.types import Annotations


def crowd_index(truth: Annotations) -> float:
    """Mean over persons of N_b / N_a; 0 for a frame without labelled joints.

    N_a: the person's own labelled joints; N_b: labelled joints of all others inside its box, edges
    included, without a cap. Labelled means visible or invisible; persons without a labelled joint
    do not take part, ignored persons do (they are in the picture).
    """
    if truth.keypoints is None:
        return 0.0
    labelled = np.isfinite(truth.keypoints).all(axis=-1)
    if truth.visibility is not None:
        labelled &= truth.visibility >= 0
    own = labelled.sum(axis=1)
    people = np.flatnonzero(own)
    if len(people) == 0:
        return 0.0
    boxes = decimals(truth.boxes[people])[:, None]
    points = decimals(truth.keypoints[labelled])[None]
    owner = np.repeat(np.arange(len(people)), own[people])
    inside = ((points >= boxes[..., :2]) & (points <= boxes[..., 2:])).all(axis=-1)
    inside &= owner != np.arange(len(people))[:, None]
    return float((inside.sum(axis=1) / own[people]).mean())
