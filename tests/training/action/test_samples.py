import dataclasses

import numpy as np
import pytest

from hie_cli.core.types import People
from hie_cli.recognition.learned.network_specs import PoseStreamSpec
from hie_cli.recognition.learned.pose_clips import PoseClip, Sampling
from hie_cli.simulation.crowd import CrowdConfig, simulate, truth
from hie_cli.simulation.observe import observe
from hie_cli.training.action.augment import Augmentation, augmented, mirrored, turned
from hie_cli.training.action.data import Material
from hie_cli.training.action.labels import labels_of
from hie_cli.training.action.samples import Sample, batch_of, batches, counts, epoch, samples_of

KIND = PoseStreamSpec(Sampling())


@pytest.fixture(scope="module")
def made():
    crowd = simulate(CrowdConfig(seed=3, people=10, frames=50))
    observed = observe(crowd)
    labels = labels_of(observed[::20], truth(crowd).frames)
    spaced = {20 * k: row for k, row in labels.items()}
    return list(samples_of(material(crowd, observed), spaced, KIND))


def material(crowd, observed):
    return Material(crowd.info.name, crowd.info, observed, {})


def fake(people, label=0, seed=0):
    rng = np.random.default_rng(seed)
    clip = PoseClip(
        rng.normal(size=(people, 5, 14, 6)).astype(np.float32),
        rng.normal(size=(people, 5, 8)).astype(np.float32),
        rng.normal(size=(people, people, 11)).astype(np.float32),
    )
    box = np.tile([0.0, 0, 9, 9], (people, 1))
    return Sample(clip, np.full(people, label), People(box, np.ones(people)))


def test_a_sample_per_labelled_frame(made):
    assert len(made) == 3  # frames 0, 20 and 40
    for sample in made:
        assert len(sample.view) == len(sample.labels) == len(sample.people)
        assert (sample.labels >= 0).mean() > 0.8


def test_mirroring_twice_is_nothing(made):
    clip = made[0].view
    twice = mirrored(mirrored(clip))
    for name in ("joints", "boxes", "pairs"):
        assert np.array_equal(getattr(twice, name), getattr(clip, name))


def test_the_mirrored_video_gives_the_mirrored_clip():
    crowd = simulate(CrowdConfig(seed=3, people=6, frames=30))
    observed = observe(crowd)

    def turned(item):
        from hie_cli.core.skeletons import FLIP
        from hie_cli.core.types import FramePeople

        p = item.people
        boxes = p.boxes.copy()
        boxes[:, [0, 2]] = crowd.info.width - p.boxes[:, [2, 0]]
        joints = p.keypoints[:, FLIP].copy()
        joints[..., 0] = crowd.info.width - joints[..., 0]
        changed = p.replace(
            boxes=boxes, keypoints=joints, keypoint_scores=p.keypoint_scores[:, FLIP]
        )
        return FramePeople(item.index, changed)

    labels = {20: np.zeros(len(observed[20].people), np.int64)}
    here = next(samples_of(material(crowd, observed), labels, KIND)).view
    there = [turned(item) for item in observed]
    there = next(samples_of(material(crowd, there), labels, KIND)).view
    want = mirrored(here)
    for name in ("joints", "boxes", "pairs"):
        assert getattr(there, name) == pytest.approx(getattr(want, name), abs=2e-3)


def test_lost_joints_are_blanked_and_nothing_else_changes():
    clip = fake(4).view
    nothing = Augmentation(0, 0, 0, 0, 0, 0, 0, 0, 0)
    how = dataclasses.replace(nothing, lose_joint=1.0)
    lost = augmented(clip, how, np.random.default_rng(0))
    assert (lost.joints == 0).all()
    assert np.array_equal(lost.boxes, clip.boxes)
    same = augmented(clip, nothing, np.random.default_rng(0))
    assert np.array_equal(same.joints, clip.joints)


def test_a_quarter_turn_by_hand():
    clip = fake(2).view
    quarter = turned(clip, np.pi / 2)
    # x right, y down, turned by 90 degrees clockwise as seen: what pointed right points down
    assert quarter.joints[..., 0] == pytest.approx(-clip.joints[..., 1], abs=1e-6)
    assert quarter.joints[..., 1] == pytest.approx(clip.joints[..., 0], abs=1e-6)
    assert quarter.boxes[..., 5] == pytest.approx(clip.boxes[..., 4], abs=1e-6)
    assert np.array_equal(quarter.joints[..., 4:], clip.joints[..., 4:])


def test_batches_pad_and_mask():
    two, three = fake(2), dataclasses.replace(fake(3), labels=np.array([0, 5, -1]))
    batch = batch_of([two, three], KIND)
    joints, boxes, pairs, real = batch.inputs
    assert joints.shape == (2, 3, 5, 14, 6)
    assert boxes.shape == (2, 3, 5, 8)
    assert pairs.shape == (2, 3, 3, 11)
    assert real.tolist() == [[True, True, False], [True, True, True]]
    assert batch.labels.tolist() == [0, 0, 0, 5, -1]


def test_an_epoch_shows_every_sample_once_and_repeats_by_seed_and_number():
    samples = [fake(1 + k % 4, label=k % 14, seed=k) for k in range(30)]

    def seen(seed, number):
        parts = epoch(samples, KIND, 4, None, seed, number)
        return [batch.labels.tolist() for batch in parts]

    assert len(seen(0, 1)) == batches(samples, 4) == 8
    assert seen(0, 1) == seen(0, 1)
    assert seen(0, 1) != seen(0, 2)
    flat = sorted(label for row in seen(1, 0) for label in row)
    assert flat == sorted(int(v) for s in samples for v in s.labels)
    assert counts(samples, 14).sum() == len(flat)
