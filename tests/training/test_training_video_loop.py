"""Clips of pixels as training data, and a small SlowFast that learns motion from them."""

import numpy as np
import pytest
import torch

from hie_cli.recognition.window import windows
from hie_cli.recognition_models.clips import Sampling
from hie_cli.recognition_models.loading import load_recogniser
from hie_cli.recognition_models.video_weights import parameters
from hie_cli.training.video_loop import (
    VideoTraining,
    accuracies,
    loss_of,
    predict,
    start,
    train_video,
    write_video_model,
)
from hie_cli.training.video_samples import (
    VideoSample,
    augmented,
    batch_of,
    epoch,
    mirrored,
    video_samples,
)
from hie_cli.types import Frame, FramePeople, People, VideoInfo

VIDEO = VideoInfo("v", 64, 32, 10.0, 30)


def one_box(identity=1):
    return People(np.array([[10, 4, 30, 28.0]]), np.ones(1), np.array([identity]))


def sample(seed=0, labels=(3,)):
    rng = np.random.default_rng(seed)
    clip = rng.integers(0, 255, (8, 32, 64, 3), dtype=np.uint8)
    boxes = np.tile([[10, 4, 30, 28.0]], (len(labels), 1))
    people = People(boxes, np.ones(len(labels)))
    return VideoSample(clip, boxes, np.array(labels), people)


def test_samples_of_no_labels_and_of_labelled_frames():
    observed = [FramePeople(t, one_box()) for t in range(30)]
    frames = [Frame(t, np.full((32, 64, 3), t, np.uint8)) for t in range(30)]
    assert list(video_samples(frames, observed, VIDEO, {}, Sampling(10, 4), 32)) == []
    labels = {10: np.array([2]), 20: np.array([-1]), 25: np.array([5])}
    found = list(video_samples(frames, observed, VIDEO, labels, Sampling(10.0, 4), 16))
    assert [s.labels.tolist() for s in found] == [[2], [5]]
    assert found[0].clip[:, 0, 0, 0].tolist() == [8, 9, 10, 11]
    assert found[0].boxes.tolist() == [[5, 2, 15, 14]]  # half the size


def test_mirroring_twice_is_nothing_and_once_moves_the_box():
    first = sample()
    turned = mirrored(first)
    assert turned.boxes.tolist() == [[34, 4, 54, 28]]  # 64 - 30, 64 - 10
    np.testing.assert_array_equal(turned.clip[:, :, 0], first.clip[:, :, -1])
    np.testing.assert_array_equal(mirrored(turned).clip, first.clip)


def test_augmentation_hangs_on_the_generator_alone():
    first, second = (augmented(sample(), np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first.clip, second.clip)
    np.testing.assert_array_equal(first.boxes, second.boxes)


def test_batches_say_whose_clip_a_box_is_on():
    batch = batch_of([sample(0, (1, 2)), sample(1, ()), sample(2, (4,))])
    assert batch.clips.shape == (3, 3, 8, 32, 64)
    assert batch.batch.tolist() == [0, 0, 2]
    assert batch.labels.tolist() == [1, 2, 4]


def test_an_epoch_holds_every_sample_once():
    samples = [sample(k, (k,)) for k in range(7)]
    labels = [b.labels.tolist() for b in epoch(samples, 3, 0, 1, "cpu")]
    assert sorted(x for row in labels for x in row) == list(range(7))
    assert labels == [b.labels.tolist() for b in epoch(samples, 3, 0, 1, "cpu")]
    assert labels != [b.labels.tolist() for b in epoch(samples, 3, 0, 2, "cpu")]


def test_losses_by_hand():
    logits, labels, even = torch.zeros(2, 14), torch.tensor([0, 3]), torch.ones(14)
    assert loss_of(logits, labels, even, False).item() == pytest.approx(np.log(14))
    assert loss_of(logits, labels, even, True).item() == pytest.approx(14 * np.log(2), rel=1e-5)
    heavy = even.clone()
    heavy[3] = 3.0
    logits[0, 0] = 2.0
    # Person 0: -log softmax = log(e^2 + 13) - 2; person 1: log 14, three times as heavy.
    want = (np.log(np.exp(2) + 13) - 2 + 3 * np.log(14)) / 4
    assert loss_of(logits, labels, heavy, False).item() == pytest.approx(want, rel=1e-5)


def test_accuracies_by_hand():
    scores = np.zeros((4, 14))
    scores[[0, 1, 2, 3], [1, 1, 2, 5]] = 1
    # Class 1: 1 of 1; class 2: 1 of 2; the person without a label does not count.
    found = accuracies([sample(0, (1, 2, 2, -1))], [scores])
    assert found == (pytest.approx(0.75), pytest.approx(2 / 3))
    assert np.isnan(accuracies([], [])).all()


def moving(count, seed):
    """Bars that flicker (action 1) or stand still (action 0): one frame tells nothing."""
    rng = np.random.default_rng(seed)
    out = []
    for k in range(count):
        clip = np.full((8, 32, 32, 3), 90, np.uint8)
        clip += rng.integers(0, 20, clip.shape, dtype=np.uint8)
        wide = int(rng.integers(8, 16))
        for t in range(8):
            shift = 4 * (t % 2) if k % 2 else 0
            clip[t, 4:28, wide + shift : wide + shift + 6] = 230
        box = np.array([[4, 2, 28, 30.0]])
        out.append(VideoSample(clip, box, np.array([k % 2]), People(box, np.ones(1))))
    return out


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    torch.set_num_threads(1)
    config = VideoTraining(
        width=8, side=32, sampling=Sampling(10.0, 8), epochs=5, batch=8, learning_rate=0.01
    )
    network = start(config)
    return train_video(network, moving(48, 0), moving(24, 1), config), config


def test_it_learns_what_only_time_tells(learned):
    trained, config = learned
    assert trained.history[-1]["loss"] < 0.5 * trained.history[0]["loss"]
    fresh = moving(24, 2)
    macro, _ = accuracies(fresh, predict(trained.network, fresh, config, "cpu"))
    assert macro >= 0.9


def test_a_trained_folder_is_a_recogniser(learned, tmp_path):
    trained, config = learned
    card = write_video_model(tmp_path / "bars", trained, config, "made-up bars")
    reached = trained.history[trained.best_epoch]["macro_accuracy"]
    assert card.numbers["macro_accuracy"] == pytest.approx(reached, abs=1e-4)
    clip = moving(2, 3)[1].clip
    video = VideoInfo("v", 32, 32, 10.0, 8)
    frames = [Frame(t, image) for t, image in enumerate(clip)]
    recogniser = load_recogniser(str(tmp_path / "bars"), video, frames, "cpu")
    people = [FramePeople(4, People(np.array([[4, 2, 28, 30.0]]), np.ones(1), np.array([1])))]
    (_, window), *_ = windows(people, video, 1.0, 1)
    assert recogniser.score(window).argmax() == 1


def test_a_start_from_public_weights_keeps_the_backbone(tmp_path):
    config = VideoTraining(width=8)
    source = start(config)
    torch.save({"model_state": source.state_dict()}, tmp_path / "w.pyth")
    again = start(VideoTraining(width=8, seed=7), tmp_path / "w.pyth")
    assert all(
        torch.equal(a, b) for a, b in zip(source.parameters(), again.parameters(), strict=True)
    )
    assert parameters(again) < 1_000_000
