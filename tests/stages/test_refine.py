import numpy as np
import pytest

from hie_cli.stages.refine import RefineConfig, average, combine, context_frames, refine
from hie_cli.types import Frame, People


def texture(shift: float = 0.0, seed: int = 0) -> np.ndarray:
    """A smooth random 240x320 picture moved right by ``shift`` pixels."""
    import cv2

    rng = np.random.default_rng(seed)
    image = cv2.GaussianBlur(rng.integers(0, 255, (240, 320, 3), np.uint8), (0, 0), 3)
    image = cv2.normalize(image, None, 0, 255, cv2.NORM_MINMAX)
    return cv2.warpAffine(image, np.float32([[1, 0, shift], [0, 1, 0]]), (320, 240))


def person(x: float, score: float = 0.9, missing: tuple[int, ...] = ()) -> People:
    """Somebody 40 x 120 px whose joints lie on the middle of the box at ``x``."""
    keypoints = np.stack([np.full(14, x), np.linspace(65, 175, 14)], -1)[None]
    scores = np.full((1, 14), score)
    keypoints[0, list(missing)] = np.nan
    scores[0, list(missing)] = 0
    return People(np.array([[x - 20, 60, x + 20, 180]]), np.array([score]), None, keypoints, scores)


def walk(people: list[People], speed: float = 5.0) -> list[tuple[Frame, People]]:
    return [(Frame(t, texture(speed * t)), each) for t, each in enumerate(people)]


def test_no_frames():
    assert list(refine([], RefineConfig())) == []


def test_nobody_stays_nobody():
    nobody = person(0)[np.zeros(1, bool)]
    out = list(refine(walk([nobody] * 4), RefineConfig()))
    assert [frame.index for frame, _ in out] == [0, 1, 2, 3]
    assert [len(people) for _, people in out] == [0, 0, 0, 0]


def test_people_without_poses_pass_unchanged():
    boxes = People(np.array([[0, 0, 9, 9]]), np.array([0.5]))
    out = list(refine(walk([boxes] * 3), RefineConfig()))
    assert all(people is boxes for _, people in out)


def test_method_none_passes_everything():
    items = walk([person(100)] * 3)
    assert list(refine(items, RefineConfig(method="none"))) == items
    assert context_frames(RefineConfig(method="none")) == 0


def test_every_frame_comes_once_and_in_order_with_bounded_look_ahead():
    taken = []

    def source():
        for item in walk([person(100 + 5 * t) for t in range(9)]):
            taken.append(item[0].index)
            yield item

    stream = refine(source(), RefineConfig(frames=2))
    for expected in range(7):
        frame, _ = next(stream)
        assert frame.index == expected
        assert len(taken) == expected + 3  # itself and two ahead
    assert [frame.index for frame, _ in stream] == [7, 8]


def test_consistent_poses_stay_where_they_are():
    out = list(refine(walk([person(100 + 5 * t) for t in range(6)]), RefineConfig()))
    for t, (_, people) in enumerate(out):
        assert np.abs(people.keypoints[0, :, 0] - (100 + 5 * t)).max() < 1.0
        assert len(people) == 1


def test_noise_of_one_frame_is_pulled_back():
    people = [person(100 + 5 * t) for t in range(7)]
    noisy = people[3].keypoints.copy()
    noisy[0, 4] += [12, 0]  # a wrist 12 px off, of low score
    scores = people[3].keypoint_scores.copy()
    scores[0, 4] = 0.3
    people[3] = people[3].replace(keypoints=noisy, keypoint_scores=scores)
    out = list(refine(walk(people), RefineConfig()))
    assert abs(out[3][1].keypoints[0, 4, 0] - 115) < 2


def test_missing_joint_is_filled_with_a_lower_score():
    people = [person(100 + 5 * t, missing=(4,) if t == 3 else ()) for t in range(7)]
    filled = list(refine(walk(people), RefineConfig()))[3][1]
    assert abs(filled.keypoints[0, 4, 0] - 115) < 2
    assert 0 < filled.keypoint_scores[0, 4] < 0.9
    kept = list(refine(walk(people), RefineConfig(fill_joints=False)))[3][1]
    assert np.isnan(kept.keypoints[0, 4]).all()


def test_missed_person_is_filled_from_both_sides_only():
    people = [person(100 + 5 * t) for t in range(7)]
    people[3] = people[3][np.zeros(1, bool)]
    out = list(refine(walk(people), RefineConfig()))
    assert [len(p) for _, p in out] == [1] * 7
    filled = out[3][1]
    assert np.abs(filled.boxes[0] - [95, 60, 135, 180]).max() < 2
    assert filled.scores[0] < 0.9
    # Missing in the first frame there is no earlier sighting: nobody is invented.
    people = [people[0][np.zeros(1, bool)], *people[1:3]]
    assert len(next(iter(refine(walk(people), RefineConfig())))[1]) == 0
    off = list(
        refine(walk([person(100), person(0)[:0], person(110)]), RefineConfig(fill_people=False))
    )
    assert len(off[1][1]) == 0


def test_two_people_are_not_mixed():
    def two(t):
        a, b = person(80 + 5 * t), person(220 + 5 * t)
        return People(
            *(
                np.concatenate([x, y]) if x is not None else None
                for x, y in zip(
                    (a.boxes, a.scores, a.track_ids, a.keypoints, a.keypoint_scores),
                    (b.boxes, b.scores, b.track_ids, b.keypoints, b.keypoint_scores),
                    strict=True,
                )
            )
        )

    out = list(refine(walk([two(t) for t in range(5)]), RefineConfig()))
    for t, (_, people) in enumerate(out):
        assert np.abs(people.keypoints[0, :, 0] - (80 + 5 * t)).max() < 1.5
        assert np.abs(people.keypoints[1, :, 0] - (220 + 5 * t)).max() < 1.5


def test_average_is_the_weighted_mean_by_hand():
    # Two slots a hair apart (so that nothing is damped), weights 1 and 3: (1*10 + 3*10.4) / 4.
    points = np.full((2, 1, 14, 2), 10.0)
    points[1] = 10.4
    weights = np.stack([np.full((1, 14), 1.0), np.full((1, 14), 3.0)])
    scores = np.stack([np.full((1, 14), 0.2), np.full((1, 14), 0.6)])
    mean, score, total = average(points, weights, scores, np.array([1000.0]), 1.0)
    assert mean == pytest.approx(10.3, abs=1e-3)
    assert score == pytest.approx((1 * 0.2 + 3 * 0.6) / 4, abs=1e-3)
    assert total == pytest.approx(4.0, abs=1e-3)


def test_average_damps_an_outlier():
    points = np.full((3, 1, 14, 2), 10.0)
    points[2] = 500.0
    weights = np.ones((3, 1, 14))
    mean, _, total = average(points, weights, weights, np.array([50.0]), 1.0)
    assert mean == pytest.approx(10.0, abs=1e-6)
    assert total == pytest.approx(2.0, abs=1e-6)


def test_average_without_any_weight_is_missing():
    points = np.full((2, 1, 14, 2), np.nan)
    zero = np.zeros((2, 1, 14))
    mean, score, total = average(points, zero, zero, np.array([50.0]), 1.0)
    assert np.isnan(mean).all()
    assert not score.any()
    assert not total.any()


def test_combine_with_nothing_carried_changes_no_joint():
    people = person(100, missing=(7,))
    same = combine(people, [], RefineConfig())
    np.testing.assert_allclose(same.keypoints, people.keypoints)
    np.testing.assert_allclose(same.keypoint_scores, people.keypoint_scores)


def test_config_refuses_nonsense():
    with pytest.raises(ValueError, match="frames must be at least 1"):
        RefineConfig(frames=0)
