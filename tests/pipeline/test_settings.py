"""The shipped YAML files: each states the defaults of its section, key by key."""

import pytest

from hie_cli.core.config import as_dict
from hie_cli.core.errors import ConfigError
from hie_cli.core.yaml_files import read_yaml
from hie_cli.pipeline.settings import ChainConfig, load_chain, shipped_configs, stages_until

SECTIONS = ("detect", "pose", "refine", "track", "action")


def plain(value):
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("section", SECTIONS)
def test_each_stages_file_states_its_defaults(section):
    path = shipped_configs() / f"{section}.yaml"
    values, _ = read_yaml(path)
    assert values == {section: plain(as_dict(getattr(ChainConfig(), section)))}
    assert load_chain(None, [path], []) == ChainConfig()


def test_presets_load_and_balanced_is_the_default():
    assert load_chain("balanced", [], []) == ChainConfig()
    assert len({load_chain(p, [], []) for p in ("fast", "balanced", "accurate")}) == 3


def test_unknown_presets_and_keys_are_named(tmp_path):
    with pytest.raises(ConfigError, match="did you mean 'fast'"):
        load_chain("fats", [], [])
    with pytest.raises(ConfigError, match=r"unknown key .detect\.min_scor.; did you mean"):
        load_chain(None, [], ["detect.min_scor=0.3"])
    path = tmp_path / "own.yaml"
    path.write_text("track:\n  online: maybe\n")
    with pytest.raises(ConfigError, match=r"own\.yaml: line 2: track\.online: expected bool"):
        load_chain(None, [path], [])


def test_later_layers_win(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("detect: {min_score: 0.4}\npose: {nms_oks: 0.7}\n")
    config = load_chain("fast", [path], ["detect.min_score=0.6"])
    assert config.detect.min_score == 0.6
    assert config.pose.nms_oks == 0.7
    assert config.pose.most_crops == 3  # the preset's


def test_video_settings_are_checked():
    with pytest.raises(ConfigError, match=r"video\.fps is 0"):
        load_chain(None, [], ["video.fps=0"])


def test_stages_until_follow_the_order():
    assert stages_until("pose", "pose-first") == ("detect", "pose")
    assert stages_until("track", "track-first") == ("detect", "track")
    assert stages_until("pose", "track-first") == ("detect", "track", "pose")
    assert stages_until("render", "track-first")[-1] == "render"
    with pytest.raises(ConfigError, match="unknown stage; did you mean 'pose'"):
        stages_until("poze", "pose-first")
