"""Which joints the camera sees: hidden by nearer persons, pillars or the person's own trunk."""

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.geometry import Floats
from hie_cli.core.skeletons import CHEST, NUM_JOINTS
from hie_cli.simulation.body import FLESH, PELVIS

OWN_GAP = 0.14  # metres a joint must lie behind the person's own trunk to be hidden by it


def _covered(
    points: Floats, depth: Floats, other: Floats, other_depth: Floats, radius: Floats, gap: float
) -> NDArray[np.bool_]:
    """Whether points (T, K, 2) lie behind any tapered limb of another figure (T, K) bool.

    ``other`` (T, S, 2, 2): its limbs' end points in pixels, ``other_depth`` (T, S) and ``radius``
    (T, S, 2) in pixels; a point counts as behind if it is ``gap`` metres farther away.
    """
    a, along = other[:, None, :, 0], other[:, None, :, 1] - other[:, None, :, 0]
    offset = points[:, :, None] - a
    length = np.maximum((along**2).sum(-1), 1e-9)
    share = np.clip((offset * along).sum(-1) / length, 0, 1)
    distance = np.hypot(*np.moveaxis(offset - share[..., None] * along, -1, 0))
    reach = radius[:, None, :, 0] * (1 - share) + radius[:, None, :, 1] * share
    with np.errstate(invalid="ignore"):
        hidden = (distance < reach) & (depth[:, :, None] > other_depth[:, None] + gap)
    return np.asarray(hidden.any(-1))


def seen_joints(
    pixels: Floats,
    depth: Floats,
    heights: Floats,
    focal: float,
    boxes: Floats,
    present: NDArray[np.bool_],
    pillars: Floats,
) -> NDArray[np.bool_]:
    """Unoccluded joints (P, T, 14) of all persons.

    pixels (P, T, 18, 2), depth (P, T, 18) metres, heights (P,) metres, boxes (P, T, 4), present
    (P, T); pillars (K, 7): left, right and y of the top, the same of the foot, depth.
    """
    seen = np.ones((*present.shape, NUM_JOINTS), bool)
    ends = np.array([(a, b) for a, b, _, _ in FLESH])
    shares = np.array([(ra, rb) for _, _, ra, rb in FLESH])
    trunk = [i for i, (a, b, _, _) in enumerate(FLESH) if (a, b) == (CHEST, PELVIS)]
    for j in range(len(present)):
        limbs = pixels[j][:, ends]
        limb_depth = depth[j][:, ends].mean(-1)
        with np.errstate(invalid="ignore", divide="ignore"):
            radius = shares[None] * heights[j] * focal / limb_depth[..., None]
            for i in range(len(present)):
                own = i == j
                meet = present[i] & present[j]
                meet &= (boxes[i, :, :2] < boxes[j, :, 2:]).all(-1)
                meet &= (boxes[j, :, :2] < boxes[i, :, 2:]).all(-1)
                if not own:  # only the nearer person hides
                    meet &= depth[j, :, PELVIS] < depth[i, :, PELVIS]
                t = np.flatnonzero(meet)
                if not len(t):
                    continue
                parts = trunk if own else list(range(len(FLESH)))
                hidden = _covered(
                    pixels[i, t, :NUM_JOINTS],
                    depth[i, t, :NUM_JOINTS],
                    limbs[t][:, parts],
                    limb_depth[t][:, parts],
                    radius[t][:, parts],
                    OWN_GAP if own else 0.0,
                )
                seen[i, t] &= ~hidden
    x, y = np.moveaxis(pixels[:, :, :NUM_JOINTS], -1, 0)
    for left, right, top, foot_left, foot_right, foot, far in pillars:
        share = (y - top) / (foot - top)
        with np.errstate(invalid="ignore"):
            inside = (x > left + share * (foot_left - left)) & (y > top) & (y < foot)
            inside &= x < right + share * (foot_right - right)
            seen &= ~(inside & (depth[:, :, :NUM_JOINTS] > far))
    return seen
