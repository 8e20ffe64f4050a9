import json
import shutil

import pytest
import torch
from typer.testing import CliRunner

from hie_cli.cli.app import build
from hie_cli.core.errors import ConfigError, InputError, ModelError
from hie_cli.models.weights import PACKAGED
from hie_cli.recognition.scene.segmentation import LiteAspp
from hie_cli.training.action import train_fusion

SETS = [
    part
    for item in ("people=6", "frames=41", "fps=12.5", "width=320", "height=180")
    for part in ("--set", item)
]


def run(*arguments):
    return CliRunner().invoke(build(), [*map(str, arguments)])


def fuse(data, out, *options, val="sim-train-2"):
    return run(
        "train", "fusion", data / "track", "--truth", data / "labels", "--val", val, "-o", out,
        "-q", "--json", *options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("data")
    result = run("simulate", "-o", folder, "-n", 3, "--seed", 1, "-q", *SETS)
    assert result.exit_code == 0, result.exception
    return folder


@pytest.fixture
def helpful(monkeypatch):
    """As if whatever was fitted had helped, so that it is written."""

    def kept(train, val, names, way, by):
        from hie_cli.training.action.fusion_fit import Fitted, fit_correction, simplex

        weights = simplex(len(names))[0]
        return Fitted(weights, way, fit_correction(train, val, weights, way, by), {})

    monkeypatch.setattr(train_fusion, "fit", kept)


def test_members_alone_need_no_video(data, tmp_path):
    own = tmp_path / "mine"
    own.mkdir()
    shutil.copy(PACKAGED / "pose-stream-sim.json", own / "card.json")
    shutil.copy(PACKAGED / "pose-stream-sim.safetensors", own)
    result = fuse(data, tmp_path / "both", "-m", "kinematic", "-m", own, "--by", "macro")
    assert result.exit_code == 0, result.exception
    told = json.loads(result.stdout)
    assert sum(told["weights"].values()) == pytest.approx(1)
    # The member was copied: the fusion works without it.
    shutil.rmtree(own)
    out = tmp_path / "out"
    result = run("action", data / "track", "--model", tmp_path / "both", "-o", out, "-q")
    assert result.exit_code == 0, result.output
    assert (out / "action" / "sim-train-1.json").exists()


def test_the_place_through_action_and_run(data, tmp_path, helpful):
    result = fuse(data, tmp_path / "f", "--scene", "prior", "--video", data / "videos")
    assert result.exit_code == 0, result.exception
    assert json.loads(result.stdout)["scene"] == "prior"
    model = tmp_path / "f"
    call = ("action", data / "track", "--model", model, "-o", tmp_path / "out", "-q")
    result = run(*call, "--video", data / "videos")
    assert result.exit_code == 0, result.output
    # Without its video each document fails, with one line.
    assert run(*call, "--overwrite").exit_code == 1
    clip = data / "videos" / "sim-train-1.mp4"
    result = run(
        "run", clip, "-o", tmp_path / "all", "--preset", "fast", "--frames", "0:6",
        "--until", "action", "--set", f"action.models=[{model}]",
    )  # fmt: skip
    assert result.exit_code == 0, result.output


def test_surfaces_by_random_weights_go_through(data, tmp_path, helpful):
    torch.manual_seed(0)
    weights = tmp_path / "lraspp.pth"
    torch.save(LiteAspp(150).state_dict(), weights)
    options = ("--scene", "concat", "--video", data / "videos")
    result = fuse(
        data, tmp_path / "f", *options, "--segmentation", f"lraspp-mobilenet-v3:{weights}"
    )
    assert result.exit_code == 0, result.exception
    weights.unlink()
    result = run(
        "action", data / "track" / "sim-train-1.json", "--video", data / "videos",
        "--model", tmp_path / "f", "-o", tmp_path / "out", "-q",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    (tmp_path / "f" / "segmentation.safetensors").write_bytes(b"")
    result = run(
        "action", data / "track" / "sim-train-1.json", "--video", data / "videos",
        "--model", tmp_path / "f", "-o", tmp_path / "again", "-q",
    )  # fmt: skip
    assert isinstance(result.exception, ModelError)


def test_the_scores_alone_need_no_video(data, tmp_path, helpful):
    result = fuse(data, tmp_path / "f", "--scene", "scores")
    assert result.exit_code == 0, result.exception
    result = run("action", data / "track", "--model", tmp_path / "f", "-o", tmp_path / "out", "-q")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (("--scene", "magic"), ConfigError, "none, scores, prior, concat"),
        (("--by", "taste"), ConfigError, "wf_mAP, macro"),
        ((), ConfigError, "nothing to fit"),
        (("-m", "kinematic", "-m", "kinetic"), ModelError, "did you mean"),
        (("--scene", "prior"), ConfigError, "--video"),
        (("--scene", "prior", "--segmentation", "lraspp"), ConfigError, "NETWORK:FILE"),
        (("--segmentation", "lraspp-mobilenet-v3:x"), ConfigError, "nothing to fit"),
        (("--scene", "prior", "--segmentation", "unet:x"), ModelError, "unet"),
        (
            ("--scene", "prior", "--segmentation", "lraspp-mobilenet-v3:x.pth"),
            ModelError,
            "no such file",
        ),
    ],
)
def test_mistakes_are_told(data, tmp_path, options, error, words):
    result = fuse(data, tmp_path / "f", *options)
    assert isinstance(result.exception, error)
    assert words in str(result.exception)


@pytest.mark.parametrize(
    ("val", "error", "words"),
    [("nobody", InputError, "no such video"), ("sim-*", ConfigError, "every video")],
)
def test_what_is_held_out_must_be_some(data, tmp_path, val, error, words):
    options = ("--scene", "prior", "--video", data / "videos")
    result = fuse(data, tmp_path / "f", *options, val=val)
    assert isinstance(result.exception, error)
    assert words in str(result.exception)


def test_a_fusion_is_no_member_and_is_not_overwritten(data, tmp_path):
    both = ("-m", "kinematic", "-m", "pose-stream-sim")
    assert fuse(data, tmp_path / "f", *both).exit_code == 0
    assert isinstance(fuse(data, tmp_path / "f", *both).exception, ConfigError)
    again = fuse(data, tmp_path / "g", "-m", tmp_path / "f", "-m", "kinematic")
    assert isinstance(again.exception, ModelError)
