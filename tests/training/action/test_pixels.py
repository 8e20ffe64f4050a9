"""Networks that look at pixels: their samples on disk, and that the one loop teaches them."""

import dataclasses
import os

import numpy as np
import pytest
import torch

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.types import Frame, FramePeople, People, VideoInfo
from hie_cli.recognition.learned.loading import load_recogniser
from hie_cli.recognition.learned.network_specs import ParallelSpec, Portraits, VideoClip
from hie_cli.recognition.learned.pose_clips import PoseClip, Sampling
from hie_cli.recognition.window import windows
from hie_cli.training.action.augment import Augmentation, augmented
from hie_cli.training.action.data import Material
from hie_cli.training.action.learning import predict, train
from hie_cli.training.action.pixels import PixelStore
from hie_cli.training.action.report import write_model
from hie_cli.training.action.samples import Sample, batch_of, batches, epoch, samples_of
from hie_cli.training.action.scores import quality
from hie_cli.training.action.settings import SlowFastConfig, TrainConfig
from hie_cli.training.engine import checkpoint

VIDEO = VideoInfo("v", 64, 32, 10.0, 30)
SMALL = SlowFastConfig(Sampling(10.0, 8), 8, 32)
CONFIG = TrainConfig(model="slowfast-r18", slowfast=SMALL, epochs=5, batch=8, learning_rate=0.01)
KIND = CONFIG.kind()


def one_box(identity=1):
    return People(np.array([[10, 4, 30, 28.0]]), np.ones(1), np.array([identity]))


def film(frames=30):
    """A video whose grey value is its frame's index; it tells which frames it was asked for."""
    asked = []

    def give(indices):
        asked.extend(indices)
        return (Frame(t, np.full((32, 64, 3), t, np.uint8)) for t in range(frames))

    observed = [FramePeople(t, one_box()) for t in range(30)]
    return Material("v", VIDEO, observed, {}, give), asked


def sample(seed=0, labels=(3,), width=64):
    rng = np.random.default_rng(seed)
    images = tuple(rng.integers(0, 255, (8, 32, width, 3), dtype=np.uint8))
    boxes = np.tile([[10, 4, 30, 28.0]], (len(labels), 1))
    people = People(boxes, np.ones(len(labels)))
    return Sample(VideoClip(images, boxes), np.array(labels, np.int64), people)


def test_samples_of_no_labels_and_of_labelled_frames(tmp_path):
    kind = dataclasses.replace(KIND, sampling=Sampling(10.0, 4))
    with PixelStore(tmp_path) as store:
        assert list(samples_of(film()[0], {}, kind, store)) == []
        labels = {10: np.array([2]), 11: np.array([0]), 20: np.array([-1]), 29: np.array([5])}
        material, asked = film()
        found = list(samples_of(material, labels, kind, store))
        assert [s.labels.tolist() for s in found] == [[2], [0], [5]]
        greys = [[int(np.asarray(i)[0, 0, 0]) for i in s.view.images] for s in found]
        assert greys == [[8, 9, 10, 11], [9, 10, 11, 12], [27, 28, 29, 29]]
        assert asked == [8, 9, 10, 11, 12, 27, 28, 29]
        # 9, 10 and 11 are on disk once: 5 + 3 frames of 32 x 64 x 3.
        assert store.size == 8 * 32 * 64 * 3
    assert os.listdir(tmp_path) == []


def test_pixels_are_asked_for(tmp_path):
    material = dataclasses.replace(film()[0], frames=None)
    with pytest.raises(ConfigError, match="--video"):
        list(samples_of(material, {10: np.array([2])}, KIND))
    with pytest.raises(InputError, match="ends before frame 20"):
        list(samples_of(film(5)[0], {20: np.array([2])}, KIND))


def test_mirroring_moves_pixels_and_boxes():
    still = Augmentation(*(0.0,) * 11)
    first = sample().view
    same = augmented(first, still, np.random.default_rng(0))
    turned = augmented(first, dataclasses.replace(still, flip=1.0), np.random.default_rng(0))
    np.testing.assert_array_equal(np.stack(same.images), np.stack(first.images))
    assert turned.boxes.tolist() == [[34, 4, 54, 28]]  # 64 - 30, 64 - 10
    np.testing.assert_array_equal(turned.images[0][:, 0], first.images[0][:, -1])
    np.testing.assert_array_equal(turned.images[0][:, -1], first.images[0][:, 0])


def test_crops_are_mirrored_with_the_joints():
    rng = np.random.default_rng(0)
    clip = PoseClip(
        rng.normal(size=(2, 5, 14, 6)), rng.normal(size=(2, 5, 8)), np.zeros((2, 2, 11))
    )
    crops = rng.integers(0, 255, (2, 3, 8, 8, 3), dtype=np.uint8)
    mirror = dataclasses.replace(Augmentation(*(0.0,) * 11), flip=1.0)
    turned = augmented(Portraits(clip, crops), mirror, rng)
    np.testing.assert_array_equal(turned.crops, crops[:, :, :, ::-1])
    assert turned.clip.joints[..., 2, 0] == pytest.approx(-clip.joints[..., 5, 0])  # shoulders


def test_light_changes_all_images_alike_and_hangs_on_the_generator_alone():
    how = dataclasses.replace(Augmentation(*(0.0,) * 11), light=0.3)
    grey = VideoClip(tuple(np.full((4, 8, 8, 3), 100, np.uint8)), np.zeros((0, 4)))
    first, second = (augmented(grey, how, np.random.default_rng(5)) for _ in range(2))
    assert len(np.unique(np.stack(first.images))) == 1
    np.testing.assert_array_equal(np.stack(first.images), np.stack(second.images))
    assert first.images[0][0, 0, 0] != 100


def test_batches_say_whose_clip_a_box_is_in():
    batch = batch_of([sample(0, (1, 2)), sample(1, ()), sample(2, (4,))], KIND)
    clips, boxes, which = batch.inputs
    assert clips.shape == (3, 3, 8, 32, 64)
    assert boxes.shape == (3, 4)
    assert which.tolist() == [0, 0, 2]
    assert batch.labels.tolist() == [1, 2, 4]


def test_clips_of_two_sizes_are_not_mixed():
    samples = [sample(k, (k,), 64 if k % 2 else 48) for k in range(7)]  # 4 narrow, 3 wide
    parts = list(epoch(samples, KIND, 3, None, 0, 1))
    assert len(parts) == batches(samples, 3) == 3
    assert sorted(x for b in parts for x in b.labels.tolist()) == list(range(7))
    assert all(len({x % 2 for x in b.labels.tolist()}) == 1 for b in parts)


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
        view = VideoClip(tuple(clip), box)
        out.append(Sample(view, np.array([k % 2]), People(box, np.ones(1))))
    return out


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("bars")
    network = KIND.build()
    trained = train(network, moving(48, 0), moving(24, 1), CONFIG, folder)
    return network, trained, folder


def test_slowfast_learns_what_only_time_tells(learned):
    network, trained, _ = learned
    assert trained.history[-1]["loss"] < 0.5 * trained.history[0]["loss"]
    fresh = moving(24, 2)
    assert quality(fresh, predict(network, fresh, KIND)).macro >= 0.9


def test_a_trained_folder_is_a_recogniser(learned):
    _, trained, folder = learned
    numbers = write_model(folder, trained, CONFIG, "bars", "made-up bars")
    assert numbers["macro_accuracy"] == pytest.approx(trained.quality.macro, abs=1e-4)
    video = VideoInfo("v", 32, 32, 10.0, 8)
    frames = [Frame(t, image) for t, image in enumerate(moving(2, 3)[1].view.images)]
    recogniser = load_recogniser(str(folder), video, frames, "cpu")
    people = [FramePeople(4, People(np.array([[4, 2, 28, 30.0]]), np.ones(1), np.array([1])))]
    (_, window), *_ = windows(people, video, 1.0, 1)
    assert recogniser.score(window).argmax() == 1


def pictured(count, seed):
    """Action 1 has bright crops, action 0 dark ones; the poses say nothing."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        labels = rng.integers(0, 2, 3)
        clip = PoseClip(
            rng.normal(size=(3, 9, 14, 6)).astype(np.float32),
            rng.normal(size=(3, 9, 8)).astype(np.float32),
            np.zeros((3, 3, 11), np.float32),
        )
        crops = rng.integers(0, 60, (3, 3, 48, 48, 3), dtype=np.uint8)
        crops += (140 * labels).astype(np.uint8)[:, None, None, None, None]
        place = np.arange(3)[:, None] * 20 + np.array([0.0, 0, 9, 9])
        out.append(Sample(Portraits(clip, crops), labels, People(place, np.ones(3))))
    return out


class InterruptedByTestError(Exception):
    pass


@pytest.mark.parametrize("model", ["slowfast-r18", "parallel"])
@pytest.mark.parametrize("distill", ["none", "self"])
def test_an_interrupted_run_resumes_exactly(tmp_path, monkeypatch, model, distill):
    config = dataclasses.replace(CONFIG, model=model, epochs=3, distill=distill)
    kind = config.kind()
    teacher = kind.build().eval() if distill == "self" else None
    made = moving if model == "slowfast-r18" else pictured

    def trained(folder, **how):
        torch.manual_seed(5)
        network = kind.build()
        return train(
            network, made(12, 0), made(4, 1), config, tmp_path / folder, teacher=teacher, **how
        )

    whole = trained("whole")
    real, calls = checkpoint.save, []

    def stop_after_two(*state):
        real(*state)
        calls.append(0)
        if len(calls) == 2:
            raise InterruptedByTestError

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save", stop_after_two)
        with pytest.raises(InterruptedByTestError):
            trained("cut")
    resumed = trained("cut", resume=True)
    assert resumed.history == whole.history
    for name, value in whole.state.items():
        assert torch.equal(value, resumed.state[name]), name


def test_parallel_learns_from_pictures(tmp_path):
    config = TrainConfig(model="parallel", epochs=6, batch=8)
    torch.manual_seed(0)
    network = ParallelSpec(config.sampling).build()
    trained = train(network, pictured(32, 0), pictured(12, 1), config, tmp_path)
    assert trained.quality.macro > 0.9
