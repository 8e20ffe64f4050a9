import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from hie_cli.cli.simulate_cmd import simulate
from hie_cli.core import config as settings
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.formats.documents.document import Document
from hie_cli.formats.truth import read_truth
from hie_cli.simulation.generate import SimulateConfig
from hie_cli.video.sources import VideoSource
from tests.support.paths import ROOT

app = typer.Typer()
app.command()(simulate)
SMALL = ["--set", "people=6", "--set", "frames=4", "--set", "width=320", "--set", "height=180"]


def run(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sim")
    result = run("-o", folder, "--json", "-q", *SMALL)
    assert result.exit_code == 0, result.output
    return folder, json.loads(result.stdout)


def test_every_layout_holds_the_same_truth(made):
    folder, summary = made
    labels = folder / "labels"
    xml = read_truth(labels / "all-track")["sim-train-0"]
    text = read_truth(labels / "track1")["sim-train-0"]
    annolist = read_truth(labels / "track2&3")["sim-train-0"]
    assert sum(len(f) for f in xml.frames) == summary["videos"][0]["boxes"] > 0
    for a, b, c in zip(xml.frames, text.frames, annolist.frames, strict=True):
        assert a.track_ids.tolist() == b.track_ids.tolist() == c.track_ids.tolist()
        assert a.boxes == pytest.approx(b.boxes, abs=0.02)
        assert a.boxes == pytest.approx(c.boxes, abs=0.02)
        assert a.ignore.tolist() == b.ignore.tolist()
        assert a.actions.tolist() == c.actions.tolist()
        assert np.array_equal(a.visibility, c.visibility)


def test_video_and_observations(made):
    folder, _ = made
    document = Document(folder / "track" / "sim-train-0.json")
    assert document.header.stage == "track"
    assert len(list(document)) == 4
    info = VideoSource(folder / "videos" / "sim-train-0.mp4").info
    assert (info.width, info.height) == (320, 180)


def test_results_are_not_overwritten_unasked(made):
    folder, _ = made
    result = run("-o", folder, "-q", *SMALL)
    assert isinstance(result.exception, ConfigError)
    assert "already there" in str(result.exception)


def test_data_alone_needs_no_video(tmp_path):
    assert run("-o", tmp_path, "-q", "--no-video", "-n", 2, *SMALL).exit_code == 0
    assert not (tmp_path / "videos").exists()
    assert sorted(p.stem for p in (tmp_path / "track").glob("*.json")) == [
        "sim-train-0",
        "sim-train-1",
    ]


def test_a_bad_background_is_refused(tmp_path):
    broken = tmp_path / "plate.png"
    broken.write_text("no picture")
    result = run("-o", tmp_path / "out", "-q", "--background", broken, *SMALL)
    assert isinstance(result.exception, InputError)
    assert not (tmp_path / "out").exists()


def test_the_shipped_settings_are_the_defaults():

    shipped = ROOT / "configs" / "simulate.yaml"
    assert settings.load(SimulateConfig(), [shipped]) == SimulateConfig()
