import numpy as np
import pytest

from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.training.action.perturb import LabelledClip, Perturbation, drawn, perturbed


def clip(frames=10):
    """Two people of 20 x 60 px; the second goes 2 px a frame to the right."""
    people, labels = [], []
    for t in range(frames):
        boxes = np.array([[10.0, 20, 30, 80], [50 + 2.0 * t, 20, 70 + 2.0 * t, 80]])
        people.append(FramePeople(t, People(boxes, np.ones(2), np.array([4, 7]))))
        labels.append(np.array([0, 1]))
    return LabelledClip(VideoInfo("c", 200, 100, 25.0, frames), people, labels)


def done(**how):
    return perturbed(clip(), Perturbation(**how), np.random.default_rng(0))


def test_nothing_done_changes_nothing():
    same = done()
    for before, after in zip(clip().people, same.people, strict=True):
        assert np.allclose(before.people.boxes, after.people.boxes)


def test_mirrored_by_hand():
    assert done(mirrored=True).people[0].people.boxes[0].tolist() == [170, 20, 190, 80]


def test_a_quarter_turn_lays_people_down():
    # About the middle (100, 50): the centre (20, 50) comes to (100, -30) from above, cut at 0.
    box = done(turn=-90.0).people[0].people.boxes[0]
    assert box[2] - box[0] == pytest.approx(60, abs=1e-3)


def test_stride_scale_and_part_keep_labels_with_people():
    found = done(stride=3, scale=2.0, part=(1, 8))
    assert [item.index for item in found.people] == [0, 1, 2]  # frames 1, 4 and 7
    assert found.video.fps == pytest.approx(25 / 3)
    assert (found.video.width, found.video.num_frames) == (400, 3)
    assert found.people[1].people.boxes[1, 0] == pytest.approx(2 * (50 + 2 * 4))
    assert all(row.tolist() == [0, 1] for row in found.labels)


def test_only_the_drifting_drift():
    found = done(drift=(0.5, 0.0), drifting=frozenset({4}))
    first, last = found.people[0].people.boxes, found.people[-1].people.boxes
    # Half a body height of 60 px a second for 9 frames of 1/25 s; the picture cuts none of it.
    assert last[0, 0] - first[0, 0] == pytest.approx(0.5 * 60 * 9 / 25, abs=1e-3)
    assert last[1, 0] - first[1, 0] == pytest.approx(18)


def test_missed_people_lose_their_labels_too():
    found = perturbed(clip(200), Perturbation(missed=0.5), np.random.default_rng(1))
    sizes = [len(item.people) for item in found.people]
    assert sizes == [len(row) for row in found.labels]
    assert 150 < sum(sizes) < 250


def test_drawn_perturbations_are_repeatable_and_valid():
    for seed in range(20):
        how = drawn(np.random.default_rng(seed), 60, frozenset({7}))
        assert how == drawn(np.random.default_rng(seed), 60, frozenset({7}))
        found = perturbed(clip(60), how, np.random.default_rng(seed))
        for item in found.people:
            boxes = item.people.boxes
            assert (boxes[:, 2:] >= boxes[:, :2]).all()


def test_without_some_and_steadied():
    found = done(without=frozenset({4}))
    assert all(item.people.track_ids.tolist() == [7] for item in found.people)
    assert all(row.tolist() == [1] for row in found.labels)
    # 2 px a frame: means over a window about the frame stay on the line, but at the ends.
    steady = done(steadied=0.2).people  # 5 frames of 25 a second
    assert steady[5].people.boxes[1, 0] == pytest.approx(50 + 2 * 5)
    assert steady[0].people.boxes[1, 0] == pytest.approx(50 + 2 * 1)  # of frames 0, 1 and 2
