import numpy as np

from hie_cli.core.skeletons import LEFT_WRIST, NUM_JOINTS, RIGHT_WRIST
from hie_cli.simulation.body import Body, posed, still
from hie_cli.simulation.camera import Camera
from hie_cli.simulation.visibility import seen_joints

CAMERA = Camera(1280, 720, 1000.0, 1.2, 0.0)
BODY = Body(1.75, 1.0)


def scene(positions, heading=-np.pi / 2, pillars=None, arms=None):
    """Seen joints (P, 14) of persons standing at ``positions``, facing the camera."""
    motion = still(1)
    if arms is not None:
        motion[:, [5, 8]] = arms
    world = np.stack(
        [posed(BODY, motion, np.array([[x, y, 0.0]]), np.array([heading])) for x, y in positions]
    )
    pixels, depth = CAMERA.project(world)
    boxes = np.concatenate([pixels.min(2), pixels.max(2)], -1)
    present = np.ones((len(positions), 1), bool)
    poles = np.zeros((0, 7)) if pillars is None else pillars
    heights = np.full(len(positions), BODY.height)
    return seen_joints(pixels, depth, heights, CAMERA.focal, boxes, present, poles)[:, 0]


def test_nobody():
    none = np.zeros((0, 1))
    empty = seen_joints(
        np.zeros((0, 1, 18, 2)), np.zeros((0, 1, 18)), np.zeros(0), 1000.0,
        np.zeros((0, 1, 4)), none.astype(bool), np.zeros((0, 7)),
    )  # fmt: skip
    assert empty.shape == (0, 1, NUM_JOINTS)


def test_who_stands_alone_is_seen():
    assert scene([(0, 6)]).all()


def test_the_nearer_person_hides_the_farther():
    near, far = scene([(0, 6), (0, 6.8)])
    assert near.all()
    assert far.sum() <= 4


def test_side_by_side_hides_nothing():
    assert scene([(-1, 6), (1, 6.5)]).all()


def test_the_own_trunk_hides_a_hand_behind_the_back():
    # Facing away, the forearms held before the body: the camera sees the back only.
    seen = scene([(0, 6)], heading=np.pi / 2, arms=1.2)[0]
    front = scene([(0, 6)], heading=-np.pi / 2, arms=1.2)[0]
    assert front[[RIGHT_WRIST, LEFT_WRIST]].all()
    assert seen.sum() <= front.sum()


def test_a_pillar_hides_only_what_is_behind_it():
    # 20 px to either side of the middle, over the whole height, 5 m away
    pole = np.array([[620.0, 660.0, 0.0, 620.0, 660.0, 720.0, 5.0]])
    behind = scene([(0, 6)], pillars=pole)[0]
    assert 0 < behind.sum() < NUM_JOINTS
    assert scene([(0, 4)], pillars=pole)[0].all()
    assert scene([(2, 6)], pillars=pole)[0].all()
