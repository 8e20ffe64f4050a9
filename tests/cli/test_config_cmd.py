import json

import pytest
import yaml

from hie_cli.cli.app import run
from hie_cli.cli.config_cmd import FILES
from hie_cli.core.config import as_dict, load
from hie_cli.core.errors import ConfigError
from hie_cli.pipeline.settings import ChainConfig


def shown(capsys, *arguments):
    assert run(["config", "show", *arguments]) == 0
    return capsys.readouterr().out


def test_effective_settings_are_yaml_that_can_be_given_back(capsys, tmp_path):
    """render.* included; files and --set win over the preset."""
    (tmp_path / "own.yaml").write_text("render: {show: [boxes, ids]}\n")
    how = ("--preset", "fast", "-c", str(tmp_path / "own.yaml"), "--set", "pose.window=3")
    text = shown(capsys, *how)
    (tmp_path / "all.yaml").write_text(text)
    found = load(ChainConfig(), tmp_path / "all.yaml")
    assert found.render.show == ("boxes", "ids")
    assert found.pose.window == 3
    assert found.pose.most_crops == 3
    assert shown(capsys, "-c", str(tmp_path / "all.yaml")) == text


def test_a_part_of_them(capsys):
    assert yaml.safe_load(shown(capsys, "render.trail_seconds")) == {
        "render": {"trail_seconds": 2.0}
    }
    assert json.loads(shown(capsys, "render", "--json"))["sheet_rows"] == 3
    assert "iou" in json.loads(shown(capsys, "box", "--of", "eval", "--json"))


@pytest.mark.parametrize("of", FILES)
def test_the_commented_file_states_the_defaults(of, capsys, tmp_path):
    path = tmp_path / "hie.yaml"
    assert run(["config", "init", "--of", of, "-o", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    assert path.read_text().count("#") > 10
    text = shown(capsys, "--of", of)
    assert shown(capsys, "--of", of, "-c", str(path)) == text


def test_every_section_is_commented(tmp_path):
    """No setting of the chain is missing from the file."""
    path = tmp_path / "hie.yaml"
    run(["config", "init", "-o", str(path)])
    stated = yaml.safe_load(path.read_text())

    def keys(values, at=""):
        for key, value in values.items():
            yield f"{at}{key}"
            if isinstance(value, dict):
                yield from keys(value, f"{at}{key}.")

    assert set(keys(stated)) == set(keys(as_dict(ChainConfig())))


def test_an_existing_file_is_kept(tmp_path):
    path = tmp_path / "hie.yaml"
    path.write_text("yesterday")
    with pytest.raises(ConfigError, match="exists already; --overwrite replaces it"):
        run(["config", "init", "-o", str(path)])
    assert path.read_text() == "yesterday"
    with pytest.raises(ConfigError, match="--preset is for run and its stages"):
        run(["config", "show", "--of", "eval", "--preset", "fast"])


def test_a_preset_may_be_a_file(capsys, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("pose: {window: 5}\n")
    values = json.loads(shown(capsys, "pose", "--preset", str(path), "--json"))
    assert values["window"] == 5
    with pytest.raises(ConfigError, match=r"--preset none\.yaml|none\.yaml: cannot be read"):
        run(["config", "show", "--preset", "none.yaml"])
