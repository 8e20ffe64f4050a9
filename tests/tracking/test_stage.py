import dataclasses
from inspect import getgeneratorlocals

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.tracking.stage import Observation, TrackConfig, describe, track

VIDEO = VideoInfo("v", 640, 480, 10.0, None)
OFFLINE, ONLINE = TrackConfig(), TrackConfig(online=True)


def walkers(frames=40, miss=(), noise=0.0, seed=0):
    """Two people walking past each other, 40 x 100 px, one 60 px in front of the other."""
    rng = np.random.default_rng(seed)
    for t in range(frames):
        boxes = [[50 + 8 * t, 100, 90 + 8 * t, 200], [500 - 8 * t, 160, 540 - 8 * t, 260]]
        people = People(np.array(boxes) + rng.normal(0, noise, (2, 4)), [0.9 - 0.01 * (t % 4)] * 2)
        yield FramePeople(t, people[[k for k in (0, 1) if (t, k) not in miss]])


def run(people, settings, video=VIDEO):
    return list(track(describe(people, settings), video, settings))


@pytest.mark.parametrize("settings", [OFFLINE, ONLINE])
def test_no_frames_and_nobody(settings):
    assert run([], settings) == []
    out = run([FramePeople(0, People.empty()), FramePeople(1, People.empty())], settings)
    assert [f.index for f in out] == [0, 1]
    assert all(f.people.track_ids.shape == (0,) for f in out)


def test_people_who_cross_keep_their_ids_from_1():
    out = run(walkers(noise=1.0), OFFLINE)
    assert len(out) == 40
    for item in out:
        assert sorted(item.people.track_ids.tolist()) == [1, 2]
    first, last = out[0].people, out[-1].people
    who = {int(i): b[1] for i, b in zip(first.track_ids, first.boxes, strict=True)}
    for i, box in zip(last.track_ids, last.boxes, strict=True):
        assert box[1] == pytest.approx(who[int(i)], abs=8)  # walkers never change their lane


def test_a_gap_is_filled_offline_only():
    miss = {(t, 0) for t in range(12, 18)}
    filled = run(walkers(miss=miss), OFFLINE)
    assert all(len(f.people) == 2 for f in filled)
    person = int(filled[0].people.track_ids[np.argmin(filled[0].people.boxes[:, 0])])
    row = np.flatnonzero(filled[15].people.track_ids == person)[0]
    assert filled[15].people.boxes[row, 0] == pytest.approx(50 + 8 * 15, abs=1)
    assert filled[15].people.scores[row] == pytest.approx(0.5 * 0.87)  # frame 11 has .87
    assert [len(f.people) for f in run(walkers(miss=miss), ONLINE)][15] == 1


def passing(frames, past=0.8):
    """Somebody who stands, covered for one of 25 frames again and again by who goes past nearer,
    found with score ``past``."""
    for t in range(frames):
        boxes = [[300, 100, 340, 200], [20 * (t % 25) + 60, 80, 20 * (t % 25) + 110, 205]]
        yield FramePeople(t, People(boxes, [0.9, past])[[t % 25 != 12, True]])


def test_who_is_covered_for_a_moment_is_shown_online_while_such_people_come_back():
    video = VideoInfo("v", 640, 480, 25.0, None)
    out = run(passing(500), ONLINE, video)
    covered = [f.people for f in out if f.index % 25 == 12][-1]
    there = covered.boxes[:, 1] > 90  # who goes past reaches higher
    assert there.sum() == 1
    first = out[5].people
    standing = first.track_ids[first.boxes[:, 1] > 90]
    assert covered.track_ids[there].tolist() == standing.tolist()
    assert covered.scores[there] == pytest.approx([0.45])  # half of what was seen last
    never = dataclasses.replace(ONLINE, coast_seconds=0.0)
    assert all(len(f.people) == 1 for f in run(passing(500), never, video) if f.index % 25 == 12)


def test_given_boxes_whose_scores_are_all_alike_are_taken_at_their_word_online():
    video = VideoInfo("v", 640, 480, 25.0, None)
    out = run(passing(500, past=0.9), ONLINE, video)
    assert all(len(f.people) == 1 for f in out if f.index % 25 == 12)


def test_online_who_looks_like_a_person_for_sure_is_shown_at_once():
    sure = run([FramePeople(0, People([[10, 10, 50, 110]], [0.9]))], ONLINE)
    assert sure[0].people.track_ids.tolist() == [1]
    two = People([[10, 10, 50, 110], [200, 10, 240, 110]], [0.9, 0.6])  # .6 of .9: two thirds
    assert len(run([FramePeople(0, two)], ONLINE)[0].people) == 1


def test_online_never_looks_ahead():
    whole = run(walkers(noise=2.0), ONLINE)
    part = run(walkers(frames=25, noise=2.0), ONLINE)
    for a, b in zip(whole, part, strict=False):
        assert np.array_equal(a.people.boxes, b.people.boxes)
        assert np.array_equal(a.people.track_ids, b.people.track_ids)


def test_online_yields_as_it_goes():
    def endless():
        for t in range(10**9):
            yield FramePeople(t, People(np.array([[10.0, 10, 50, 110]]), np.array([0.9])))

    stream = track(describe(endless(), ONLINE), VIDEO, ONLINE)
    assert [len(next(stream).people) for _ in range(10)][-1] == 1


def test_weak_flickers_are_nobody():
    def flicker():
        for t in range(30):
            there = [[300.0, 50, 330, 130]] if t == 9 else []
            yield FramePeople(t, People(np.array(there).reshape(-1, 4), np.full(len(there), 0.5)))

    assert sum(len(f.people) for f in run(flicker(), OFFLINE)) == 0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_detections_give_unique_ids_and_the_same_again(seed):
    rng = np.random.default_rng(seed)
    frames = []
    for t in range(25):
        count = int(rng.integers(0, 6))
        corner = rng.uniform(-50, 600, (count, 2))
        boxes = np.concatenate([corner, corner + rng.uniform(0, 150, (count, 2))], axis=1)
        frames.append(FramePeople(3 * t, People(boxes, rng.uniform(0, 1, count))))
    for settings_ in (OFFLINE, ONLINE):
        out, again = run(frames, settings_), run(frames, settings_)
        assert [f.index for f in out] == [f.index for f in frames]
        for a, b in zip(out, again, strict=True):
            assert len(set(a.people.track_ids.tolist())) == len(a.people)
            assert (a.people.track_ids >= 1).all()
            assert a.people.boxes.tobytes() == b.people.boxes.tobytes()
            assert np.isfinite(a.people.boxes).all()


def test_frame_rate_and_size_do_not_matter():
    slow = run(walkers(), OFFLINE)
    big = [FramePeople(f.index, f.people.replace(boxes=f.people.boxes * 3)) for f in walkers()]
    large = run(big, OFFLINE, VideoInfo("v", 1920, 1440, 10.0, None))
    for a, b in zip(slow, large, strict=True):
        assert np.array_equal(a.people.track_ids, b.people.track_ids)
        assert np.allclose(a.people.boxes * 3, b.people.boxes, atol=1e-2)


def test_poses_stay_with_their_person():
    def posed():
        for item in walkers():
            boxes = item.people.boxes
            centre = (boxes[:, None, :2] + boxes[:, None, 2:]) / 2
            joints = centre + np.arange(14)[None, :, None]
            yield FramePeople(
                item.index,
                item.people.replace(keypoints=joints, keypoint_scores=np.full((2, 14), 0.7)),
            )

    for item in run(posed(), OFFLINE):
        middle = (item.people.boxes[:, :2] + item.people.boxes[:, 2:]) / 2
        assert np.allclose(item.people.keypoints[:, 0], middle, atol=0.5)


@pytest.mark.parametrize("settings", [OFFLINE, ONLINE])
def test_two_who_cross_have_poses_of_their_own(settings):
    """From frame 27 to 29 the one behind is given the pose of the one in front."""
    down = np.linspace(0, 1, 14)
    upright, slanted = np.stack([np.full(14, 0.5), down], 1), np.stack([down, down], 1)

    def posed():
        for item in walkers():
            boxes = item.people.boxes
            size = boxes[:, None, 2:] - boxes[:, None, :2]
            joints = boxes[:, None, :2] + np.stack([upright, slanted]) * size
            if 27 <= item.index <= 29:
                joints[0] = joints[1]
            marks = np.full((2, 14), 0.7)
            yield dataclasses.replace(
                item, people=item.people.replace(keypoints=joints, keypoint_scores=marks)
            )

    for item in run(posed(), settings)[10:]:
        behind, front = item.people[np.argsort(item.people.boxes[:, 1])]
        assert np.ptp(behind.keypoints[..., 0]) < 5
        assert np.ptp(front.keypoints[..., 0]) > 30


def test_describe_measures_motion_and_camera_of_real_pixels():
    rng = np.random.default_rng(0)
    import cv2

    scene = cv2.GaussianBlur(rng.integers(0, 255, (400, 700, 3), dtype=np.uint8), (0, 0), 3)
    scene = cv2.normalize(scene, None, 0, 255, cv2.NORM_MINMAX)
    coat = cv2.resize(scene[:60, :30], (60, 160))
    frames = []
    for t in range(3):
        image = scene[20 : 20 + 360, 10 + 6 * t : 10 + 6 * t + 640].copy()  # camera pans right
        image[100:260, 200 + 4 * t : 260 + 4 * t] = coat
        box = np.array([[200.0 + 4 * t, 100, 260 + 4 * t, 260]])
        frames.append(FramePeople(t, People(box, np.array([0.9])), image))
    seen = list(describe(frames, dataclasses.replace(OFFLINE, flow=True)))
    assert seen[0].flow is None
    assert seen[0].camera is None
    assert np.allclose(seen[1].flow, [[4, 0]], atol=0.7)
    assert np.allclose(seen[2].camera @ [300, 200, 1], [294, 200, 1], atol=1.0)
    assert float(seen[0].appearance[0] @ seen[2].appearance[0]) > 0.95
    plain = dataclasses.replace(OFFLINE, appearance=False, flow=False, camera=False)
    bare = next(describe(frames[:1], plain))
    assert bare.appearance is None
    assert bare.flow is None


@pytest.mark.parametrize("share", [1.0, 0.25])
def test_a_networks_vectors_in_place_of_the_stripes_or_beside_them(share):
    """Two grey coats are alike by stripes (1); the network says they are orthogonal (0)."""
    config = dataclasses.replace(OFFLINE, appearance_share=share)
    image = np.full((100, 200, 3), 90, np.uint8)
    people = People(np.array([[10.0, 10, 40, 90], [110, 10, 140, 90]]), np.ones(2))

    def embed(images, boxes):
        assert images[0] is image
        return [np.eye(2, dtype=np.float32) for _ in boxes]

    (seen,) = describe([FramePeople(0, people, image)], config, embed)
    assert seen.appearance @ seen.appearance.T == pytest.approx(
        np.array([[1, 1 - share], [1 - share, 1]]), abs=1e-6
    )
    (nobody,) = describe([FramePeople(0, People.empty(), image)], config, lambda i, b: [b[0]])
    assert len(nobody.appearance) == 0


def test_camera_motion_is_taken_out():
    """A still person under a camera that jumps by a whole width each frame."""
    shift = np.array([[1.0, 0, -45], [0, 1, 0], [0, 0, 1]])
    seen = [
        Observation(
            t,
            People(np.array([[600.0 - 45 * t, 100, 640 - 45 * t, 200]]), np.array([0.9])),
            camera=shift if t else None,
        )
        for t in range(12)
    ]
    out = list(track(seen, VIDEO, OFFLINE))
    assert [f.people.track_ids.tolist() for f in out] == [[1]] * 12
    assert np.array_equal(out[3].camera, shift)
    unmoved = dataclasses.replace(OFFLINE, camera=False)
    assert all(item.camera is None for item in track(seen, VIDEO, unmoved))


@pytest.mark.parametrize("settings", [OFFLINE, ONLINE])
def test_without_pixels_people_tell_the_camera(settings):
    """Five who stand, under a camera that pans by 30 px a frame from frame 10 on."""
    places = np.array([[100.0, 60, 130, 150], [200, 100, 240, 220], [330, 60, 360, 150],
                       [420, 100, 460, 220], [540, 140, 590, 290]])  # fmt: skip
    frames = [
        FramePeople(t, People(places - [30 * max(0, t - 9), 0] * 2, np.full(5, 0.9)))
        for t in range(15)
    ]
    out = run(frames, settings)
    assert all(item.camera is None for item in out[:10])
    moves = [0 if item.camera is None else item.camera[0, 2] for item in out]
    assert sum(moves) == pytest.approx(-30 * 5, abs=2)


def test_pixels_that_say_the_camera_stood_still_are_believed():
    seen = [Observation(item.index, item.people, camera=np.eye(3)) for item in walkers()]
    assert all(item.camera is None for item in track(seen, VIDEO, OFFLINE))


def test_online_ids_of_people_who_left_are_forgotten_and_never_given_again(monkeypatch):
    """A stream may have no end: somebody comes every second and leaves after half of one."""
    from hie_cli.tracking import stage

    monkeypatch.setattr(stage, "_MOST_IDS", 2)
    frames = []
    for t in range(100):
        place = 20 + 60 * (t // 10 % 9)
        boxes = [[place, 100, place + 40, 200]] if t % 10 < 5 else np.zeros((0, 4))
        frames.append(FramePeople(t, People(np.array(boxes), [0.9] * len(boxes))))
    found = [i for item in run(frames, ONLINE) for i in item.people.track_ids.tolist()]
    assert sorted(set(found)) == list(range(1, 11))
    assert found == sorted(found)
    stream = stage._online([Observation(f.index, f.people) for f in frames], VIDEO, ONLINE)
    held = [len(getgeneratorlocals(stream)["ids"]) for _ in stream]
    assert max(held) <= 3  # of ten
