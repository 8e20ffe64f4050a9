import dataclasses

import numpy as np
import pytest

from hie_cli.core import config
from hie_cli.core.action_classes import ACTIONS, NUM_ACTIONS
from hie_cli.core.errors import ConfigError, ModelError
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.recognition import registry
from hie_cli.recognition.stage import ActionConfig, check_models, recognise
from tests.support import actors

VIDEO = VideoInfo("v", 640, 480, 25.0, None)


class Always:
    """A recogniser that gives everybody one action."""

    def __init__(self, action: int) -> None:
        self.action = action

    def score(self, window):
        scores = np.zeros((len(window.people), NUM_ACTIONS))
        scores[:, self.action] = 1
        return scores


def two_walkers(seconds: float = 4.0):
    walk = [actors.Actor(actors.going(x, 80), actors.stepping()) for x in (100.0, 160.0)]
    return actors.film(walk, seconds)


def test_no_frames():
    assert list(recognise([], VIDEO, ActionConfig())) == []


def test_frames_without_people():
    out = list(recognise([FramePeople(t, People.empty()) for t in range(3)], VIDEO, ActionConfig()))
    assert [item.people.action_scores.shape for item in out] == [(0, 14)] * 3


def test_only_sampled_frames_are_scored():
    out = list(recognise(two_walkers(), VIDEO, ActionConfig(every=20)))
    for item in out:
        known = np.isfinite(item.people.action_scores).all(1)
        assert list(known) == [item.index % 20 == 0] * 2
    assert [item.index for item in out] == list(range(101))


def test_the_rest_of_the_people_is_untouched():
    frames = two_walkers(0.4)
    for before, after in zip(frames, recognise(frames, VIDEO, ActionConfig()), strict=True):
        assert np.array_equal(before.people.boxes, after.people.boxes)
        assert np.array_equal(before.people.track_ids, after.people.track_ids)
        assert np.array_equal(before.people.keypoints, after.people.keypoints)


def test_sampling_more_often_changes_no_score_much():
    often = list(recognise(two_walkers(), VIDEO, ActionConfig(every=5)))
    seldom = list(recognise(two_walkers(), VIDEO, ActionConfig(every=20)))
    for t in range(0, 101, 20):
        np.testing.assert_allclose(
            often[t].people.action_scores, seldom[t].people.action_scores, atol=0.02
        )


def test_the_same_input_gives_the_same_scores():
    first, second = (list(recognise(two_walkers(), VIDEO, ActionConfig())) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(a.people.action_scores, b.people.action_scores, equal_nan=True)


def test_the_end_of_a_long_video_does_not_change_its_beginning():
    long = two_walkers(12.0)
    whole = list(recognise(long, VIDEO, ActionConfig()))
    part = list(recognise(iter(long[:151]), VIDEO, ActionConfig()))
    for a, b in zip(whole[:101], part[:101], strict=True):  # 2 s before the cut at 150
        assert np.array_equal(a.people.action_scores, b.people.action_scores, equal_nan=True)


def test_several_models_are_averaged_by_weight():
    settings = ActionConfig(models=("a", "b"), weights=(1.0, 3.0), every=1)
    [item] = recognise(two_walkers(0.0), VIDEO, settings, models=[Always(2), Always(5)])
    assert item.people.action_scores[0, 2] == 1 / (1 + 3)
    assert item.people.action_scores[0, 5] == 3 / (1 + 3)


def test_an_unknown_model_is_refused_with_the_nearest_known():
    with pytest.raises(ModelError, match="'kinemtic' is unknown; did you mean 'kinematic'"):
        list(recognise([], VIDEO, ActionConfig(models=("kinemtic",))))


def test_a_recogniser_registered_elsewhere_is_used_by_its_name():
    name = "always-fighting"
    registry.register(name, lambda inputs: Always(ACTIONS.index("fighting")))
    try:
        [item] = recognise(two_walkers(0.0), VIDEO, ActionConfig(models=(name,), every=1))
        with pytest.raises(ValueError, match="already registered"):
            registry.register(name, lambda inputs: Always(0))
    finally:
        del registry._REGISTERED[name]
    assert item.people.action_scores[0].argmax() == ACTIONS.index("fighting")


def test_the_former_key_is_refused_naming_the_new_one():
    with pytest.raises(ConfigError, match="'model' is now called 'models'"):
        config.load(ActionConfig(), sets=["model=[kinematic]"])


@pytest.mark.parametrize(
    "wrong",
    [
        "every=0", "window_seconds=-1", "models=[]", "weights=[-1]",
        "kinematic.rules.lying_lean.width=0",
    ],
)  # fmt: skip
def test_meaningless_settings_are_refused(wrong: str):
    with pytest.raises(ConfigError):
        config.load(ActionConfig(), sets=[wrong])


def test_weights_are_one_for_each_model():
    settings = ActionConfig(models=("kinematic", "kinematic"), weights=(2.0, 1.0))
    check_models(settings)
    with pytest.raises(ConfigError, match=r"action\.weights: 1 for 2 models"):
        check_models(dataclasses.replace(settings, weights=(2.0,)))
