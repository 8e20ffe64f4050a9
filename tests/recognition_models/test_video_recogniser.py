"""Clips from a stream in bounded memory; scores of a saved network; refusals."""

import dataclasses
import hashlib

import numpy as np
import pytest
import torch
from safetensors.torch import save

from hie_cli.errors import InputError, ModelError
from hie_cli.recognition.window import windows
from hie_cli.recognition_models.card import CARD, WEIGHTS, Card
from hie_cli.recognition_models.clips import Sampling
from hie_cli.recognition_models.slowfast import SHAPES, inputs, slowfast
from hie_cli.recognition_models.video_recogniser import (
    Footage,
    clip_size,
    load_slowfast,
    split_name,
    video_recogniser,
)
from hie_cli.training.report import write_card
from hie_cli.types import Frame, FramePeople, People, VideoInfo

VIDEO = VideoInfo("v", 96, 64, 10.0, 40)


def frames(count=40, first=0, step=1):
    """Frames whose grey value is twice their index."""
    for t in range(first, count, step):
        yield Frame(t, np.full((64, 96, 3), 2 * t, np.uint8))


def greys(clip):
    return (clip[:, 0, 0, 0] // 2).tolist()


def test_a_clip_is_centred_and_repeats_the_ends():
    # 4 instants 10 a second at 10 frames a second: offsets -2, -1, 0, 1.
    footage = Footage(frames(), VIDEO, Sampling(10.0, 4), 64)
    assert greys(footage.clip(0)) == [0, 0, 0, 1]
    assert greys(footage.clip(10)) == [8, 9, 10, 11]
    assert greys(footage.clip(39)) == [37, 38, 39, 39]


def test_a_clip_takes_time_not_frames():
    # 5 instants a second of 10 frames a second: every second frame.
    footage = Footage(frames(), VIDEO, Sampling(5.0, 4), 64)
    assert greys(footage.clip(20)) == [16, 18, 20, 22]


def test_only_the_clip_is_held_and_only_it_is_read():
    pulled = []

    def counted():
        for frame in frames():
            pulled.append(frame.index)
            yield frame

    footage = Footage(counted(), VIDEO, Sampling(10.0, 8), 64)
    for index in range(0, 30, 5):
        footage.clip(index)
        assert len(footage) <= 8
        assert pulled[-1] == index + 3


def test_missing_frames_are_replaced_by_their_neighbours():
    footage = Footage(frames(step=3), VIDEO, Sampling(10.0, 4), 64)
    assert greys(footage.clip(10)) == [9, 9, 9, 12]  # 8, 9, 10, 11 of 6, 9, 12


def test_a_video_shorter_than_its_tracks_is_refused():
    footage = Footage(frames(5), VIDEO, Sampling(10.0, 4), 64)
    with pytest.raises(InputError, match="ends before frame 20"):
        footage.clip(20)


@pytest.mark.parametrize(
    ("width", "height", "want"),
    [(1920, 1080, (455, 256)), (1080, 1920, (256, 455)), (96, 64, (96, 64))],
)
def test_clips_shrink_to_their_shorter_side(width, height, want):
    video = dataclasses.replace(VIDEO, width=width, height=height)
    assert clip_size(video, 256) == want


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a SlowFast-r18, and the network."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("model")
    network = slowfast("slowfast-r18").eval()
    data = save(network.state_dict())
    (folder / WEIGHTS).write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    card = Card("m", "slowfast-r18", WEIGHTS, digest, Sampling(10.0, 8), "none", {}, {"side": 32})
    write_card(folder / CARD, card)
    return folder, network


def two_people():
    """Two people in each of 40 frames, the second moving."""
    for t in range(40):
        boxes = np.array([[10, 10, 30, 60], [40 + t, 5, 60 + t, 55.0]])
        yield FramePeople(t, People(boxes, np.ones(2), np.array([1, 2])))


def noisy(count=40):
    for t in range(count):
        rng = np.random.default_rng(t)
        yield Frame(t, rng.integers(0, 255, (64, 96, 3), dtype=np.uint8))


def test_scores_are_those_of_the_network_on_the_clip(trained):
    folder, network = trained
    recogniser = video_recogniser(f"slowfast-r18:{folder}", noisy(), VIDEO, "cpu")
    found = [recogniser.score(w) for _, w in windows(two_people(), VIDEO, 1.0, 20) if w is not None]
    assert [scores.shape for scores in found] == [(2, 14)] * 2
    np.testing.assert_allclose(np.concatenate(found).sum(1), 1, atol=1e-6)
    # By hand: frames 16..23 at half size round frame 20, boxes halved.
    clip = Footage(noisy(), VIDEO, Sampling(10.0, 8), 32).clip(20)
    boxes = torch.tensor([[5.0, 5, 15, 30], [30, 2.5, 40, 27.5]])
    with torch.inference_mode():
        logits = network(inputs(torch.from_numpy(clip)[None]), boxes, torch.zeros(2).long())
    np.testing.assert_allclose(found[1], logits.softmax(-1).numpy(), atol=1e-5)


def test_a_window_without_people_scores_nobody(trained):
    recogniser = video_recogniser(f"slowfast-r18:{trained[0]}", noisy(), VIDEO, "cpu")
    empty = [FramePeople(0, People.empty())]
    (_, window), *_ = windows(empty, VIDEO, 1.0, 1)
    assert recogniser.score(window).shape == (0, 14)


def test_names():
    assert split_name("slowfast-r50:a:b") == ("slowfast-r50", "a:b")
    assert split_name("slowfast-r18") == ("slowfast-r18", "")
    assert split_name("kinematic") is None
    assert set(SHAPES) == {"slowfast-r18", "slowfast-r50"}


def test_never_without_weights_and_never_without_pixels(trained, tmp_path):
    with pytest.raises(ModelError, match="ships no weights"):
        load_slowfast("slowfast-r18")
    with pytest.raises(ModelError, match=r"card\.json"):
        load_slowfast(f"slowfast-r18:{tmp_path}")
    with pytest.raises(ModelError, match="holds slowfast-r18, not slowfast-r50"):
        load_slowfast(f"slowfast-r50:{trained[0]}")
    with pytest.raises(ModelError, match="--video"):
        video_recogniser(f"slowfast-r18:{trained[0]}", None, VIDEO, "cpu")
