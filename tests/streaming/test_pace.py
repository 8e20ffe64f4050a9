"""How many frames a machine can look at, and what a stream without end cannot have."""

import time

import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.pipeline.settings import ChainConfig, load_chain
from hie_cli.streaming import pace
from hie_cli.streaming.pace import at_stride, live_settings, stride_for
from tests.support import fakes, streams


@pytest.mark.parametrize(
    ("seconds", "stride"),
    [(0.001, 1), (0.04, 2), (0.08, 3), (0.2, 7)],  # 25 frames a second, a quarter in reserve
)
def test_the_stride_leaves_time_for_each_frame(seconds, stride):
    assert stride_for(25.0, seconds) == stride
    assert stride / 25.0 >= seconds


def test_no_stage_waits_for_many_frames():
    config = at_stride(ChainConfig(), 25.0, 6)
    assert (config.detect.batch, config.pose.window, config.refine.frames) == (1, 1, 1)
    assert config.action.every == 18  # of 20: a frame that is looked at
    assert at_stride(ChainConfig(), 25.0, 1).refine.frames == 5


def test_identities_are_given_at_once():
    assert live_settings(ChainConfig()).track.online


@pytest.mark.parametrize("settings", [{"render.blur": "faces"}, {"render.cutouts": True}])
def test_what_needs_a_whole_video(settings):
    with pytest.raises(ConfigError, match="need a whole video"):
        live_settings(load_chain(None, None, settings))


def test_recognisers_that_look_at_the_video_once_more(monkeypatch):
    monkeypatch.setattr(pace, "needs_pixels", lambda config: True)
    with pytest.raises(
        ConfigError, match=r"action\.models kinematic: look at a video more than on"
    ):
        live_settings(ChainConfig())


def test_a_frame_is_timed_by_what_the_networks_take(monkeypatch):
    """Ten milliseconds each, after a first one that loads them."""
    models = fakes.models()
    detect, calls = models.detectors[0].detect, []

    def slowly(*arguments, **more):
        calls.append(1)
        time.sleep(0.3 if len(calls) == 1 else 0.01)
        return detect(*arguments, **more)

    models.detectors[0].detect = slowly
    monkeypatch.setattr(pace, "_TIMED", (0.2, 50))
    took = pace.seconds_a_frame(streams.picture(9), ChainConfig(), models, ("detect", "pose"))
    assert 0.01 <= took < 0.1
    assert 2 < len(calls) <= 25
