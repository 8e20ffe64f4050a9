"""The 14 HiEve joints and how other keypoint sets map onto them.

Order and names: humaninevents.org/format.html.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

JOINTS: tuple[str, ...] = (
    "nose",
    "chest",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "right_hip",
    "right_knee",
    "right_ankle",
    "left_hip",
    "left_knee",
    "left_ankle",
)
NUM_JOINTS = 14
NOSE, CHEST = 0, 1
RIGHT_SHOULDER, RIGHT_ELBOW, RIGHT_WRIST = 2, 3, 4
LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST = 5, 6, 7
RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE = 8, 9, 10
LEFT_HIP, LEFT_KNEE, LEFT_ANKLE = 11, 12, 13

# The site spells the joints with capitals and hyphens; its files are read with these names.
HIEVE_NAMES: tuple[str, ...] = tuple(
    "-".join(part for part in name.split("_")).capitalize() for name in JOINTS
)

BONES: tuple[tuple[int, int], ...] = (
    (NOSE, CHEST),
    (CHEST, RIGHT_SHOULDER),
    (RIGHT_SHOULDER, RIGHT_ELBOW),
    (RIGHT_ELBOW, RIGHT_WRIST),
    (CHEST, LEFT_SHOULDER),
    (LEFT_SHOULDER, LEFT_ELBOW),
    (LEFT_ELBOW, LEFT_WRIST),
    (RIGHT_SHOULDER, RIGHT_HIP),
    (RIGHT_HIP, RIGHT_KNEE),
    (RIGHT_KNEE, RIGHT_ANKLE),
    (LEFT_SHOULDER, LEFT_HIP),
    (LEFT_HIP, LEFT_KNEE),
    (LEFT_KNEE, LEFT_ANKLE),
    (RIGHT_HIP, LEFT_HIP),
)

# joints[FLIP] is the pose of the mirrored image with left and right named correctly.
FLIP: NDArray[np.int64] = np.array([0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10])

# Per-joint OKS constants (sigma). COCO's published values; the chest, which COCO lacks, takes the
# shoulder's, as CrowdPose's evaluator does for its neck (0.079).
OKS_SIGMAS: NDArray[np.float64] = np.array(
    [
        0.026,
        0.079,
        0.079,
        0.072,
        0.062,
        0.079,
        0.072,
        0.062,
        0.107,
        0.087,
        0.089,
        0.107,
        0.087,
        0.089,
    ]
)


@dataclass(frozen=True)
class KeypointSet:
    """A foreign keypoint set: its joint names, and where the 14 HiEve joints are found in it.

    ``sources[j]`` lists the foreign indices whose mean is HiEve joint ``j`` (empty: not there).
    """

    name: str
    joints: tuple[str, ...]
    sources: tuple[tuple[int, ...], ...]


def _by_name(
    name: str, joints: tuple[str, ...], aliases: dict[str, tuple[str, ...]]
) -> KeypointSet:
    """Map by equal names; ``aliases`` gives the foreign joints whose mean is a HiEve one."""
    sources = tuple(
        tuple(
            joints.index(foreign) for foreign in aliases.get(joint, (joint,)) if foreign in joints
        )
        for joint in JOINTS
    )
    return KeypointSet(name, joints, sources)


_SHOULDERS = ("left_shoulder", "right_shoulder")
_LIMBS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")

HIEVE14 = KeypointSet("hieve14", JOINTS, tuple((j,) for j in range(NUM_JOINTS)))
COCO17 = _by_name(
    "coco17",
    ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
    + tuple(f"{side}_{limb}" for limb in _LIMBS for side in ("left", "right")),
    {"chest": _SHOULDERS},
)
CROWDPOSE14 = _by_name(
    "crowdpose14",
    tuple(f"{side}_{limb}" for limb in _LIMBS for side in ("left", "right")) + ("top_head", "neck"),
    {"chest": ("neck",), "nose": ()},
)
AIC14 = _by_name(
    "aic14",
    tuple(
        f"{side}_{limb}"
        for side, limbs in (
            ("right", _LIMBS[:3]),
            ("left", _LIMBS[:3]),
            ("right", _LIMBS[3:]),
            ("left", _LIMBS[3:]),
        )
        for limb in limbs
    )
    + ("head_top", "neck"),
    {"chest": ("neck",), "nose": ()},
)
POSETRACK15 = _by_name(
    "posetrack15",
    (
        "right_ankle",
        "right_knee",
        "right_hip",
        "left_hip",
        "left_knee",
        "left_ankle",
        "right_wrist",
        "right_elbow",
        "right_shoulder",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
        "head_bottom",
        "nose",
        "head_top",
    ),
    {"chest": ("head_bottom",)},
)
# PoseTrack 2018 JSON keeps COCO's 17 slots but fills eyes with head_bottom and head_top.
POSETRACK17 = _by_name(
    "posetrack17",
    ("nose", "head_bottom", "head_top", "left_ear", "right_ear") + COCO17.joints[5:],
    {"chest": ("head_bottom",)},
)
HALPE26 = _by_name(
    "halpe26",
    (
        *COCO17.joints,
        "head",
        "neck",
        "hip",
        "left_big_toe",
        "right_big_toe",
        "left_small_toe",
        "right_small_toe",
        "left_heel",
        "right_heel",
    ),
    {"chest": _SHOULDERS},
)

# COCO-WholeBody: the body, then feet, face and hands, which no HiEve joint needs.
WHOLEBODY133 = _by_name(
    "wholebody133",
    COCO17.joints
    + tuple(f"foot_{i}" for i in range(6))
    + tuple(f"face_{i}" for i in range(68))
    + tuple(f"{side}_hand_{i}" for side in ("left", "right") for i in range(21)),
    {"chest": _SHOULDERS},
)

KEYPOINT_SETS: dict[str, KeypointSet] = {
    s.name: s
    for s in (
        HIEVE14, COCO17, CROWDPOSE14, AIC14, POSETRACK15, POSETRACK17, HALPE26, WHOLEBODY133,
    )
}  # fmt: skip


def to_hieve(
    source: KeypointSet, keypoints: NDArray[np.floating], scores: NDArray[np.floating]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Remap foreign joints onto HiEve's.

    ``keypoints (..., K, 2)`` and ``scores (..., K)`` -> ``(..., 14, 2)`` and ``(..., 14)`` float32.
    A joint made of several is their mean with the lowest of their scores; one that the source lacks
    is NaN with score 0.
    """
    shape = keypoints.shape[:-2]
    points = np.full((*shape, NUM_JOINTS, 2), np.nan, np.float32)
    values = np.zeros((*shape, NUM_JOINTS), np.float32)
    for joint, parts in enumerate(source.sources):
        if parts:
            points[..., joint, :] = keypoints[..., list(parts), :].mean(axis=-2)
            values[..., joint] = scores[..., list(parts)].min(axis=-1)
    return points, values
