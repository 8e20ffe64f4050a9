"""Learned recognisers by folder: scores are the network's, and what does not fit is refused."""

import hashlib
import json

import numpy as np
import pytest
import torch
from safetensors.torch import save

from hie_cli.core.errors import ModelError
from hie_cli.core.types import Frame, FramePeople, People, VideoInfo
from hie_cli.recognition.learned.card import CARD, WEIGHTS, Card
from hie_cli.recognition.learned.footage import Footage, FrameRequest
from hie_cli.recognition.learned.loading import (
    SIMULATED,
    is_learned,
    load,
    load_recogniser,
    needs_pixels,
)
from hie_cli.recognition.learned.pose_clips import Sampling
from hie_cli.recognition.learned.slowfast import inputs, slowfast
from hie_cli.recognition.window import windows
from hie_cli.training.action.report import write_card

VIDEO = VideoInfo("v", 96, 64, 10.0, 40)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a SlowFast-r18, and the network."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("model")
    network = slowfast("slowfast-r18", width=8).eval()
    data = save(network.state_dict())
    (folder / WEIGHTS).write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    config = {"slowfast": {"width": 8, "side": 32}}
    card = Card("m", "slowfast-r18", WEIGHTS, digest, Sampling(10.0, 8), "none", {}, config)
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
    recogniser = load_recogniser(str(folder), VIDEO, noisy(), "cpu")
    found = [recogniser.score(w) for _, w in windows(two_people(), VIDEO, 1.0, 20) if w is not None]
    assert [scores.shape for scores in found] == [(2, 14)] * 2
    np.testing.assert_allclose(np.concatenate(found).sum(1), 1, atol=1e-6)
    # By hand: frames 16..23 at half size round frame 20, boxes halved.
    clip = np.stack(Footage(noisy(), VIDEO, FrameRequest(Sampling(10.0, 8), 32)).look(20).images)
    boxes = torch.tensor([[5.0, 5, 15, 30], [30, 2.5, 40, 27.5]])
    with torch.inference_mode():
        logits = network(inputs(torch.from_numpy(clip)[None]), boxes, torch.zeros(2).long())
    np.testing.assert_allclose(found[1], logits.softmax(-1).numpy(), atol=1e-5)


def test_each_action_by_itself_where_the_card_says_so(trained, tmp_path):
    (tmp_path / WEIGHTS).write_bytes((trained[0] / WEIGHTS).read_bytes())
    record = json.loads((trained[0] / CARD).read_text())
    record["config"]["multi_label"] = True
    (tmp_path / CARD).write_text(json.dumps(record))
    usual, each = (load_recogniser(str(f), VIDEO, noisy(), "cpu") for f in (trained[0], tmp_path))
    (_, window), *_ = windows(two_people(), VIDEO, 1.0, 20)
    logits = np.log(usual.score(window))  # up to a constant a row
    odds = np.log(each.score(window) / (1 - each.score(window)))
    difference = odds - logits
    np.testing.assert_allclose(difference, difference[:, :1].repeat(14, 1), atol=1e-3)
    assert abs(each.score(window).sum(1) - 1).min() > 0.1


def test_a_window_without_people_scores_nobody(trained):
    recogniser = load_recogniser(str(trained[0]), VIDEO, noisy(), "cpu")
    empty = [FramePeople(0, People.empty())]
    (_, window), *_ = windows(empty, VIDEO, 1.0, 1)
    assert recogniser.score(window).shape == (0, 14)


def test_the_card_says_whether_pixels_are_needed(trained):
    assert needs_pixels(str(trained[0]))
    assert not needs_pixels(SIMULATED)
    assert is_learned(SIMULATED)
    assert is_learned(str(trained[0]))
    assert not is_learned("kinematic")


def test_never_without_weights_and_never_without_pixels(trained, tmp_path):
    with pytest.raises(ModelError, match=r"card\.json"):
        load(str(tmp_path))
    with pytest.raises(ModelError, match="--video"):
        load_recogniser(str(trained[0]), VIDEO)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": "slowfast-r50"}, "weights of another network"),
        ({"network": "resnet"}, "is not known here"),
        ({"config": {"slowfast": {"width": 7, "side": 32}}}, "multiple of 8"),
        ({"config": {"slowfast": {"width": None, "side": 32}}}, "no numbers"),
        ({"config": {"slowfast": {"width": 8, "side": 9999}}}, r"slowfast\.side"),
        ({"config": {}}, "missing"),
        ({"config": []}, "not a model card"),
        ({"sampling": {"rate": 10.0, "length": 9}}, "SlowFast needs"),
    ],
)
def test_cards_that_do_not_fit_are_refused(trained, tmp_path, changes, words):
    (tmp_path / WEIGHTS).write_bytes((trained[0] / WEIGHTS).read_bytes())
    record = json.loads((trained[0] / CARD).read_text())
    (tmp_path / CARD).write_text(json.dumps(record | changes))
    with pytest.raises(ModelError, match=words):
        load(str(tmp_path))
