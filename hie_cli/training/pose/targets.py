"""What MoveNet's maps should be for one window (X. Zhou et al., Objects as Points, section 4.2).

All in cells of 4 pixels. Joints are COCO's 17, of which HiEve's labels give thirteen: eyes and ears
are not trained, and the chest, which COCO lacks, is the mean of the shoulders anyway.
"""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.geometry import known
from hie_cli.core.skeletons import COCO17, LEFT_HIP, LEFT_SHOULDER, RIGHT_HIP, RIGHT_SHOULDER
from hie_cli.core.types import FloatArray
from hie_cli.models.decoders.centernet import NUM_KEYPOINTS, STRIDE
from hie_cli.training.data.augment import Floats
from hie_cli.training.data.samples import Sample

# Standard deviations of the targets' Gaussians: the packaged networks' own peaks fall to .65 a cell
# beside a joint and to .2 two cells away.
JOINT_SPREAD, CENTRE_SPREAD = 1.1, 2.0
_NEAR = 0.5  # of a centre's Gaussian: cells that learn where the joints are
_OTHERS = 0.1  # of other people's Gaussians: cells of which nothing is asked
_TORSO = [RIGHT_SHOULDER, LEFT_SHOULDER, RIGHT_HIP, LEFT_HIP]


# COCO's joint and HiEve's.
PAIRS = tuple((source[0], j) for j, source in enumerate(COCO17.sources) if len(source) == 1)


@dataclass(frozen=True)
class Targets:
    """Of one window of h x w cells.

    centre (h, w), heat (17, h, w): Gaussians · centre_known (h, w), heat_known (17, h, w): where
    they count · points (17, 2): x, y, labelled (17,) · near (K, 2): x, y of the cells that say
    where the joints are · area: of the person's box, in cells.
    """

    centre: FloatArray
    centre_known: FloatArray
    heat: FloatArray
    heat_known: FloatArray
    points: FloatArray
    labelled: FloatArray
    near: FloatArray
    area: float


def targets(sample: Sample) -> Targets:
    """The maps for the person whom ``sample`` is round."""
    size = sample.image.shape[0] // STRIDE, sample.image.shape[1] // STRIDE
    people = sample.keypoints / STRIDE  # (N, 14, 2)
    points, labelled = as_coco(people[sample.person])
    heat = np.zeros((NUM_KEYPOINTS, *size), np.float32)
    heat_known = np.zeros_like(heat)
    others = np.delete(people, sample.person, 0)
    for k in np.flatnonzero(labelled):
        heat[k] = gaussian(size, points[k], JOINT_SPREAD)
        heat_known[k] = 1
    for other in others:  # theirs are neither right nor wrong
        at, there = as_coco(other)
        for k in np.flatnonzero(there * labelled):
            crowd = gaussian(size, at[k], JOINT_SPREAD) > _OTHERS
            heat_known[k] *= ~crowd | (heat[k] > _OTHERS)
    centre = gaussian(size, middle(people[sample.person]), CENTRE_SPREAD)
    centre_known = np.ones_like(centre)
    for other in others:
        if known(other).any():
            crowd = gaussian(size, middle(other), CENTRE_SPREAD) > _OTHERS
            centre_known *= ~crowd | (centre > _OTHERS)
    y, x = np.nonzero(centre > _NEAR)
    near = np.stack((x, y), 1).astype(np.float32)
    width, height = (sample.boxes[sample.person, 2:] - sample.boxes[sample.person, :2]) / STRIDE
    area = float(width * height)
    return Targets(centre, centre_known, heat, heat_known, points, labelled, near, area)


def as_coco(joints: Floats) -> tuple[FloatArray, FloatArray]:
    """COCO's joints (17, 2), 0 where not labelled, and which are (17,), of HiEve's (14, 2)."""
    points = np.zeros((NUM_KEYPOINTS, 2), np.float32)
    labelled = np.zeros(NUM_KEYPOINTS, np.float32)
    there = known(joints)
    for coco, hieve in PAIRS:
        if there[hieve]:
            points[coco], labelled[coco] = joints[hieve], 1
    return points, labelled


def middle(joints: Floats) -> FloatArray:
    """Where a person's centre (2,) is: between shoulders and hips, or the mean of what is labelled.

    joints (14, 2): NaN where not labelled.
    """
    torso = joints[_TORSO]
    chosen = torso if known(torso).all() else joints[known(joints)]
    return np.asarray(chosen.mean(0), np.float32)


def gaussian(size: tuple[int, int], point: FloatArray, spread: float) -> FloatArray:
    """A Gaussian of ``size`` (h, w) whose cell that holds ``point`` (x, y) is 1; all in cells."""
    x, y = np.floor(point)
    rows, columns = np.mgrid[: size[0], : size[1]]
    distance = (columns - x) ** 2 + (rows - y) ** 2
    return np.asarray(np.exp(-distance / (2 * spread**2)), np.float32)
