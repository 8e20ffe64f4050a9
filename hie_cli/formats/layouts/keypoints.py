"""Flat keypoint lists (x, y, v, x, y, v, ...) of foreign joint sets, to and from HiEve's 14."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import InputError
from hie_cli.core.skeletons import JOINTS, NUM_JOINTS
from hie_cli.formats.documents.fields import all_numbers
from hie_cli.formats.limits import MAX_COORDINATE

# Other names of HiEve's chest, the base of the neck. COCO has none: it is then not annotated.
_CHEST = ("chest", "neck", "head_bottom", "thorax")


@dataclass(frozen=True)
class JointMap:
    """``slots[j]``: where HiEve joint ``j`` stands in a foreign set of ``size`` joints, or -1."""

    names: tuple[str, ...]
    slots: tuple[int, ...]

    @property
    def others(self) -> tuple[int, ...]:
        """Foreign joints that HiEve lacks."""
        return tuple(i for i in range(len(self.names)) if i not in self.slots)


def joint_map(names: Sequence[str]) -> JointMap:
    """Find HiEve's joints among foreign ones by name."""
    normal = tuple(str(name).strip().lower().replace(" ", "_").replace("-", "_") for name in names)
    slots = []
    for joint in JOINTS:
        known = _CHEST if joint == "chest" else (joint,)
        slots.append(next((normal.index(name) for name in known if name in normal), -1))
    return JointMap(normal, tuple(slots))


def read_flat(values: Any, joints: JointMap, where: str) -> NDArray[np.float64]:
    """A person's foreign keypoints (K, 3) x, y, v. Raises InputError naming the person."""
    size = len(joints.names)
    if not isinstance(values, list) or len(values) < 3 * size or len(values) % 3:
        count = len(values) if isinstance(values, list) else values
        raise InputError(f"{where}: keypoints holds {count} numbers; expected {3 * size} (x, y, v)")
    if not all_numbers(values):
        raise InputError(f"{where}: keypoints are not all numbers")
    # COCO-WholeBody variants append further joints after the named ones.
    try:
        table = np.array(values[: 3 * size], np.float64).reshape(size, 3)
    except OverflowError:  # an integer of hundreds of digits
        table = np.full((size, 3), np.inf)
    if not (np.abs(table) <= MAX_COORDINATE).all():
        raise InputError(f"{where}: a keypoint is not finite or lies beyond ±{MAX_COORDINATE:g}")
    return table


def pick(table: NDArray[np.float64], joints: JointMap) -> NDArray[np.float64]:
    """The 14 HiEve joints (14, 3) of a foreign table (K, 3); rows of zeros where it lacks one."""
    chosen = np.zeros((NUM_JOINTS, 3))
    for joint, slot in enumerate(joints.slots):
        if slot >= 0:
            chosen[joint] = table[slot]
    return chosen


def flat(points: NDArray[np.float64], values: NDArray[np.float64], joints: JointMap) -> list[float]:
    """HiEve joints (14, 2) and values (14,) as a foreign flat list; zeros where missing."""
    table = np.zeros((len(joints.names), 3))
    for joint, slot in enumerate(joints.slots):
        if slot >= 0 and np.isfinite(points[joint]).all():
            table[slot] = *points[joint], values[joint]
    return plain(table.reshape(-1))


def plain(values: NDArray[np.floating], digits: int = 4) -> list[float]:
    """Numbers for JSON: rounded, whole ones as int, no -0.0."""
    numbers = (np.round(np.asarray(values, np.float64), digits) + 0.0).tolist()
    return [int(v) if v == int(v) else v for v in numbers]
