import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.core.config import as_dict
from hie_cli.core.types import FramePeople, People, concatenate
from hie_cli.core.yaml_files import read_yaml
from hie_cli.flow.estimators import FlowMeter
from hie_cli.flow.fields import FlowPair
from hie_cli.posing.refine import context_frames, refine
from hie_cli.posing.settings import RefineConfig
from tests.support.paths import ROOT
from tests.support.posed import ids, person


def texture(shift: float = 0.0, seed: int = 0) -> np.ndarray:
    """A smooth random 240x320 picture moved right by ``shift`` pixels."""
    import cv2

    rng = np.random.default_rng(seed)
    image = cv2.GaussianBlur(rng.integers(0, 255, (240, 320, 3), np.uint8), (0, 0), 3)
    image = cv2.normalize(image, None, 0, 255, cv2.NORM_MINMAX)
    return cv2.warpAffine(image, np.float32([[1, 0, shift], [0, 1, 0]]), (320, 240))


def walk(people: list[People], speed: float = 5.0) -> list[FramePeople]:
    return [FramePeople(t, each, texture(speed * t)) for t, each in enumerate(people)]


def test_no_frames():
    assert list(refine([], RefineConfig(), 25.0)) == []


def test_nobody_stays_nobody():
    nobody = person(0)[np.zeros(1, bool)]
    out = list(refine(walk([nobody] * 4), RefineConfig(), 25.0))
    assert [item.index for item in out] == [0, 1, 2, 3]
    assert [len(item.people) for item in out] == [0, 0, 0, 0]


def test_people_without_poses_pass_unchanged():
    boxes = People(np.array([[0, 0, 9, 9]]), np.array([0.5]))
    out = list(refine(walk([boxes] * 3), RefineConfig(), 25.0))
    assert all(item.people is boxes for item in out)


def test_method_none_passes_everything():
    items = walk([person(100)] * 3)
    assert list(refine(items, RefineConfig(method="none"), 25.0)) == items
    assert context_frames(RefineConfig(method="none")) == 0


def test_every_frame_comes_once_and_in_order_with_bounded_look_ahead():
    taken = []

    def source():
        for item in walk([person(100 + 5 * t) for t in range(9)]):
            taken.append(item.index)
            yield item

    stream = refine(source(), RefineConfig(frames=2), 25.0)
    for expected in range(7):
        assert next(stream).index == expected
        assert len(taken) == expected + 3  # itself and two ahead
    assert [item.index for item in stream] == [7, 8]


def test_consistent_poses_stay_where_they_are():
    out = list(refine(walk([person(100 + 5 * t) for t in range(6)]), RefineConfig(), 25.0))
    for t, people in enumerate(item.people for item in out):
        assert np.abs(people.keypoints[0, :, 0] - (100 + 5 * t)).max() < 1.0
        assert len(people) == 1


def test_noise_of_one_frame_is_pulled_back():
    people = [person(100 + 5 * t) for t in range(7)]
    noisy = people[3].keypoints.copy()
    noisy[0, 4] += [12, 0]  # a wrist 12 px off, of low score
    scores = people[3].keypoint_scores.copy()
    scores[0, 4] = 0.3
    people[3] = people[3].replace(keypoints=noisy, keypoint_scores=scores)
    out = list(refine(walk(people), RefineConfig(), 25.0))
    assert abs(out[3].people.keypoints[0, 4, 0] - 115) < 2


def test_missing_joint_is_filled_with_a_lower_score():
    people = [person(100 + 5 * t, missing=(4,) if t == 3 else ()) for t in range(7)]
    filled = list(refine(walk(people), RefineConfig(), 25.0))[3].people
    assert abs(filled.keypoints[0, 4, 0] - 115) < 2
    assert 0 < filled.keypoint_scores[0, 4] < 0.9
    kept = list(refine(walk(people), RefineConfig(fill_joints=False), 25.0))[3].people
    assert np.isnan(kept.keypoints[0, 4]).all()


def test_missed_person_is_filled_from_both_sides_only():
    people = [person(100 + 5 * t) for t in range(7)]
    people[3] = people[3][np.zeros(1, bool)]
    out = list(refine(walk(people), RefineConfig(), 25.0))
    assert [len(item.people) for item in out] == [1] * 7
    filled = out[3].people
    assert np.abs(filled.boxes[0] - [95, 60, 135, 180]).max() < 2
    assert filled.scores[0] < 0.9
    # Missing in the first frame there is no earlier sighting: nobody is invented.
    people = [people[0][np.zeros(1, bool)], *people[1:3]]
    assert len(next(iter(refine(walk(people), RefineConfig(), 25.0))).people) == 0
    off = list(
        refine(
            walk([person(100), person(0)[:0], person(110)]), RefineConfig(fill_people=False), 25.0
        )
    )
    assert len(off[1].people) == 0


def test_two_people_are_not_mixed():
    def two(t):
        return concatenate([person(80 + 5 * t), person(220 + 5 * t)])

    out = list(refine(walk([two(t) for t in range(5)]), RefineConfig(), 25.0))
    for t, people in enumerate(item.people for item in out):
        assert np.abs(people.keypoints[0, :, 0] - (80 + 5 * t)).max() < 1.5
        assert np.abs(people.keypoints[1, :, 0] - (220 + 5 * t)).max() < 1.5


def test_a_person_without_any_joint_takes_the_pose_of_the_frames_around():
    people = [person(100 + 5 * t, missing=range(14) if t == 3 else ()) for t in range(7)]
    filled = list(refine(walk(people), RefineConfig(), 25.0))[3].people
    assert len(filled) == 1
    assert np.abs(filled.keypoints[0, :, 0] - 115).max() < 2


def test_a_filled_person_has_the_id_of_both_sides():
    people = [ids(person(100 + 5 * t), 7) for t in range(7)]
    people[3] = people[3][np.zeros(1, bool)]
    out = list(refine(walk(people), RefineConfig(), 25.0))
    assert [item.people.track_ids.tolist() for item in out] == [[7]] * 7
    # Beside somebody else, whose id stays.
    people[3] = ids(person(280), 9)
    out = list(refine(walk(people), RefineConfig(), 25.0))
    assert sorted(out[3].people.track_ids.tolist()) == [7, 9]
    # Different ids before and after are different people: nobody is made of two.
    changed = [ids(person(100 + 5 * t), 7 if t < 3 else 8) for t in range(7)]
    changed[3] = changed[3][np.zeros(1, bool)]
    assert len(list(refine(walk(changed), RefineConfig(), 25.0))[3].people) == 0


def test_the_own_pose_keeps_its_share_however_near_the_frames_are():
    # Eleven frames a hundredth of a second apart; in the middle one the joints lie 15 px off.
    people = [person(100) for t in range(11)]
    people[5] = people[5].replace(keypoints=people[5].keypoints + [15, 0])
    black = np.zeros((240, 320, 3), np.uint8)
    items = [FramePeople(t, each, black) for t, each in enumerate(people)]
    without, with_share = (
        list(refine(items, RefineConfig(own_share=share), 100.0, Still()))[5].people.keypoints
        for share in (0.0, 1.0)
    )
    # Ten frames weigh 2 (e^-.1 + ... + e^-.5) = 7.5 less likeness against 1.5 or 7.5 of its own.
    assert without[0, 0, 0] < 104
    assert with_share[0, 0, 0] > 111


def test_an_id_that_is_there_is_not_filled_in_again():
    people = [ids(person(100 + 5 * t), 7) for t in range(5)]
    people[2] = ids(person(280), 7)  # far from where the frames around expect it
    out = list(refine(walk(people), RefineConfig(), 25.0))
    assert out[2].people.track_ids.tolist() == [7]


class Still(FlowMeter):
    """Nothing ever moves."""

    def __init__(self):
        self.first = True

    def step(self, image):
        zero = np.zeros((24, 32, 2), np.float32)
        self.first, first = False, self.first
        return None if first else FlowPair(zero, zero, 0.1)


@settings(deadline=None)
@given(st.data())
def test_ids_stay_unique_and_nobody_is_lost(data):
    frames = data.draw(st.integers(1, 5))
    items = []
    for t in range(frames):
        who = data.draw(st.lists(st.integers(0, 3), unique=True, max_size=4))
        missing = tuple(data.draw(st.sets(st.integers(0, 13), max_size=14)))
        crowd = [ids(person(40 + 70 * i + 3 * t, missing=missing), i + 1) for i in who]
        people = concatenate(crowd) if crowd else ids(person(0)[:0])
        items.append(FramePeople(t, people, np.zeros((240, 320, 3), np.uint8)))
    out = list(refine(items, RefineConfig(), 25.0, Still()))
    for item, refined in zip(items, out, strict=True):
        before, after = item.people, refined.people
        given_ids = after.track_ids.tolist()
        assert len(set(given_ids)) == len(given_ids)
        assert given_ids[: len(before)] == before.track_ids.tolist()
        np.testing.assert_array_equal(after.boxes[: len(before)], before.boxes)
        known = np.isfinite(after.keypoints).all(-1)
        assert (after.keypoint_scores[~known] == 0).all()
        assert ((after.keypoint_scores >= 0) & (after.keypoint_scores <= 1)).all()
        lost = np.isfinite(before.keypoints).all(-1) & ~known[: len(before)]
        assert not lost.any()


def test_config_refuses_nonsense():
    with pytest.raises(ValueError, match="frames must be at least 1"):
        RefineConfig(frames=0)


def test_the_shipped_settings_are_the_defaults():
    path = ROOT / "configs" / "refine.yaml"
    assert read_yaml(path)[0] == {"refine": as_dict(RefineConfig())}
