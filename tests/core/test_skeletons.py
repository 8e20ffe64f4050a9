import numpy as np
import pytest

from hie_cli.core import skeletons
from hie_cli.core.skeletons import (
    BONES,
    FLIP,
    HIEVE_NAMES,
    JOINTS,
    KEYPOINT_SETS,
    OKS_SIGMAS,
    to_hieve,
)


def test_the_site_s_order_and_spelling() -> None:
    assert HIEVE_NAMES[:6] == (
        "Nose",
        "Chest",
        "Right-shoulder",
        "Right-elbow",
        "Right-wrist",
        "Left-shoulder",
    )
    assert HIEVE_NAMES[13] == "Left-ankle"
    assert len(set(JOINTS)) == len(JOINTS) == skeletons.NUM_JOINTS == 14


def test_flip_swaps_left_and_right_and_nothing_else() -> None:
    swapped = {"left": "right", "right": "left"}
    for joint, other in zip(JOINTS, FLIP, strict=True):
        side, _, limb = joint.partition("_")
        assert JOINTS[other] == (f"{swapped[side]}_{limb}" if limb else joint)
    assert (FLIP[FLIP] == np.arange(14)).all()
    assert (OKS_SIGMAS[FLIP] == OKS_SIGMAS).all()


def test_bones_join_all_joints() -> None:
    reached = {0}
    for _ in BONES:
        reached |= {b for a, b in BONES if a in reached} | {a for a, b in BONES if b in reached}
    assert reached == set(range(14))


@pytest.mark.parametrize("name", KEYPOINT_SETS)
def test_sets_map_equal_names(name: str) -> None:
    """Every limb is found under its own name; only the nose and the chest may differ."""
    found = KEYPOINT_SETS[name]
    assert len(set(found.joints)) == len(found.joints)
    for joint, sources in zip(JOINTS[2:], found.sources[2:], strict=True):
        assert [found.joints[i] for i in sources] == [joint]


def test_set_sizes() -> None:
    sizes = {"hieve14": 14, "coco17": 17, "crowdpose14": 14, "aic14": 14}
    sizes |= {"posetrack15": 15, "posetrack17": 17, "halpe26": 26, "wholebody133": 133}
    assert {name: len(s.joints) for name, s in KEYPOINT_SETS.items()} == sizes


def test_to_hieve_nobody() -> None:
    points, scores = to_hieve(skeletons.COCO17, np.zeros((0, 17, 2)), np.zeros((0, 17)))
    assert (points.shape, scores.shape) == ((0, 14, 2), (0, 14))


def test_coco_s_chest_is_between_its_shoulders() -> None:
    """Shoulders at (10, 20) and (30, 40), scores .9 and .5: chest (20, 30) with the lower, .5."""
    points, scores = np.zeros((17, 2)), np.ones(17)
    points[[5, 6]], scores[[5, 6]] = [[10, 20], [30, 40]], [0.9, 0.5]
    ours, values = to_hieve(skeletons.COCO17, points, scores)
    assert ours[1].tolist() == [20, 30]
    assert values[1] == 0.5
    assert ours[5].tolist() == [10, 20]  # left
    assert ours[2].tolist() == [30, 40]  # right


def test_a_joint_that_the_source_lacks_is_missing() -> None:
    ours, values = to_hieve(skeletons.CROWDPOSE14, np.ones((2, 14, 2)), np.ones((2, 14)))
    assert np.isnan(ours[:, 0]).all()
    assert (values[:, 0] == 0).all()
    assert np.isfinite(ours[:, 1:]).all()


def test_hieve_maps_onto_itself() -> None:
    points, scores = np.arange(28.0).reshape(14, 2), np.arange(14.0)
    ours, values = to_hieve(skeletons.HIEVE14, points, scores)
    assert (ours == points).all()
    assert (values == scores).all()
