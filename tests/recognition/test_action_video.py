"""Recognisers that look at pixels, and trained folders, behind the action stage."""

from pathlib import Path

import numpy as np
import pytest
import torch

from hie_cli.core.errors import ModelError
from hie_cli.core.types import Frame, FramePeople, People, VideoInfo
from hie_cli.recognition.learned.pose_clips import Sampling
from hie_cli.recognition.stage import ActionConfig, check_models, needs_pixels, recognise
from hie_cli.training.action.learning import Trained
from hie_cli.training.action.report import write_model
from hie_cli.training.action.scores import Quality
from hie_cli.training.action.settings import SlowFastConfig, TrainConfig

VIDEO = VideoInfo("v", 48, 32, 10.0, 30)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A folder with a small SlowFast."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = TrainConfig(model="slowfast-r18", slowfast=SlowFastConfig(Sampling(10.0, 8), 8, 32))
    folder = tmp_path_factory.mktemp("models") / "small"
    quality = Quality(0.0, 0.0, 0.0, np.zeros((14, 14), np.int64))
    state = config.kind().build().state_dict()
    write_model(folder, Trained(state, [], 0, quality), config, "small", "nothing")
    return str(folder)


class VideoClip:
    """Frames that may be asked for several times, as a video may."""

    def __iter__(self):
        rng = np.random.default_rng(0)
        return iter(Frame(t, rng.integers(0, 255, (32, 48, 3), np.uint8)) for t in range(30))


def people():
    return [
        FramePeople(t, People(np.array([[5, 5, 20, 30.0]] * 2), np.ones(2), np.array([1, 2])))
        for t in range(30)
    ]


def test_a_model_of_pixels_scores_with_the_video_and_refuses_without(model):
    config = ActionConfig(models=(model,), every=10)
    out = list(recognise(people(), VIDEO, config, frames=VideoClip(), device="cpu"))
    known = [np.isfinite(item.people.action_scores).all() for item in out]
    assert [t for t, there in enumerate(known) if there] == [0, 10, 20]
    np.testing.assert_allclose(out[10].people.action_scores.sum(1), 1, atol=1e-5)
    with pytest.raises(ModelError, match="--video"):
        list(recognise(people(), VIDEO, config))


def test_two_models_of_pixels_have_a_pass_each(model):
    """The mean of a model with itself is the model: both have seen all frames."""
    alone = ActionConfig(models=(model,), every=10)
    twice = ActionConfig(models=(model, model), every=10)
    first = list(recognise(people(), VIDEO, alone, frames=VideoClip(), device="cpu"))
    second = list(recognise(people(), VIDEO, twice, frames=VideoClip(), device="cpu"))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a.people.action_scores, b.people.action_scores, atol=1e-6)


def test_needs_and_checks_before_any_video(model):
    assert needs_pixels(ActionConfig(models=("kinematic", model)))
    assert not needs_pixels(ActionConfig())
    check_models(ActionConfig(models=("kinematic", model)))
    for name, why in (
        ("slowfast-r50", "a folder that `hie train"),
        (str(Path(model).parent), r"card\.json: cannot be read"),
        ("kinematik", "did you mean 'kinematic'"),
    ):
        with pytest.raises(ModelError, match=why):
            check_models(ActionConfig(models=(name,)))
