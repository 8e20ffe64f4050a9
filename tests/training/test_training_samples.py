import dataclasses

import numpy as np
import pytest

from hie_cli.recognition_models.clips import Clip, Sampling
from hie_cli.simulation.crowd import CrowdConfig, simulate, truth
from hie_cli.simulation.observe import observe
from hie_cli.training.labels import labels_of
from hie_cli.training.samples import (
    Augmentation,
    Sample,
    augmented,
    batch_of,
    counts,
    epoch,
    mirrored,
    samples_of,
    turned,
)
from hie_cli.types import People


@pytest.fixture(scope="module")
def made():
    crowd = simulate(CrowdConfig(seed=3, people=10, frames=50))
    observed = observe(crowd)
    labels = labels_of(observed[::20], truth(crowd).frames)
    spaced = {20 * k: row for k, row in labels.items()}
    return samples_of(observed, crowd.info, spaced, Sampling())


def fake(people, label=0, seed=0):
    rng = np.random.default_rng(seed)
    clip = Clip(
        rng.normal(size=(people, 5, 14, 6)).astype(np.float32),
        rng.normal(size=(people, 5, 8)).astype(np.float32),
        rng.normal(size=(people, people, 11)).astype(np.float32),
    )
    box = np.tile([0.0, 0, 9, 9], (people, 1))
    return Sample(clip, np.full(people, label), People(box, np.ones(people)))


def test_a_sample_per_labelled_frame(made):
    assert len(made) == 3  # frames 0, 20 and 40
    for sample in made:
        assert len(sample.clip) == len(sample.labels) == len(sample.people)
        assert (sample.labels >= 0).mean() > 0.8


def test_mirroring_twice_is_nothing(made):
    clip = made[0].clip
    twice = mirrored(mirrored(clip))
    for name in ("joints", "boxes", "pairs"):
        assert np.array_equal(getattr(twice, name), getattr(clip, name))


def test_the_mirrored_video_gives_the_mirrored_clip():
    crowd = simulate(CrowdConfig(seed=3, people=6, frames=30))
    observed = observe(crowd)

    def turned(item):
        from hie_cli.skeletons import FLIP
        from hie_cli.types import FramePeople

        p = item.people
        boxes = p.boxes.copy()
        boxes[:, [0, 2]] = crowd.info.width - p.boxes[:, [2, 0]]
        joints = p.keypoints[:, FLIP].copy()
        joints[..., 0] = crowd.info.width - joints[..., 0]
        changed = p.replace(
            boxes=boxes, keypoints=joints, keypoint_scores=p.keypoint_scores[:, FLIP]
        )
        return FramePeople(item.frame_index, changed)

    labels = {20: np.zeros(len(observed[20].people), np.int64)}
    here = samples_of(observed, crowd.info, labels, Sampling())[0].clip
    there = samples_of([turned(i) for i in observed], crowd.info, labels, Sampling())[0].clip
    want = mirrored(here)
    for name in ("joints", "boxes", "pairs"):
        assert getattr(there, name) == pytest.approx(getattr(want, name), abs=2e-3)


def test_lost_joints_are_blanked_and_nothing_else_changes():
    clip = fake(4).clip
    nothing = Augmentation(0, 0, 0, 0, 0, 0, 0, 0, 0)
    how = dataclasses.replace(nothing, lose_joint=1.0)
    lost = augmented(clip, how, np.random.default_rng(0))
    assert (lost.joints == 0).all()
    assert np.array_equal(lost.boxes, clip.boxes)
    same = augmented(clip, nothing, np.random.default_rng(0))
    assert np.array_equal(same.joints, clip.joints)


def test_a_quarter_turn_by_hand():
    clip = fake(2).clip
    quarter = turned(clip, np.pi / 2)
    # x right, y down, turned by 90 degrees clockwise as seen: what pointed right points down
    assert quarter.joints[..., 0] == pytest.approx(-clip.joints[..., 1], abs=1e-6)
    assert quarter.joints[..., 1] == pytest.approx(clip.joints[..., 0], abs=1e-6)
    assert quarter.boxes[..., 5] == pytest.approx(clip.boxes[..., 4], abs=1e-6)
    assert np.array_equal(quarter.joints[..., 4:], clip.joints[..., 4:])


def test_batches_pad_and_mask():
    batch = batch_of([fake(2).clip, fake(3).clip], [np.array([1, -1]), np.array([0, 5, 2])])
    assert batch.joints.shape == (2, 3, 5, 14, 6)
    assert batch.real.tolist() == [[True, True, False], [True, True, True]]
    assert batch.labels.tolist() == [[1, -1, -1], [0, 5, 2]]


def test_an_epoch_shows_every_sample_once_and_repeats_by_seed_and_number():
    samples = [fake(1 + k % 4, label=k % 14, seed=k) for k in range(30)]

    def seen(seed, number):
        batches = epoch(samples, 4, None, seed, number)
        return [batch.labels[batch.labels >= 0].tolist() for batch in batches]

    assert seen(0, 1) == seen(0, 1)
    assert seen(0, 1) != seen(0, 2)
    flat = sorted(label for row in seen(1, 0) for label in row)
    assert flat == sorted(int(v) for s in samples for v in s.labels)
    assert counts(samples, 14).sum() == len(flat)
