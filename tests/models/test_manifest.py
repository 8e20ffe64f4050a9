"""Manifests: what they say of a model, and how a wrong one is refused."""

import pytest

from hie_cli.core.errors import ModelError
from hie_cli.models import manifest, registry
from hie_cli.models.calibration import JointCalibration, ScoreCalibration
from hie_cli.models.decoders.yolox import Yolox

GOOD = {
    "name": "mine",
    "sha256": "0" * 64,
    "licence": "MIT",
    "decoder": "yolox",
    "decoded": True,
    "input_size": [640, 640],
}
SIMCC = {"decoder": "simcc", "decoded": None}


def test_a_manifest_in_full(tmp_path):
    model = manifest.parse(GOOD | {"mean": [1, 2, 3]}, "m.yaml")
    spec = model.spec(tmp_path)
    assert spec.task == "detect"
    assert spec.input.size_wh == (640, 640)
    assert spec.input.mean == (1.0, 2.0, 3.0)
    assert spec.decoder == Yolox(decoded=True)
    assert manifest.parse(model.values(), "m.yaml") == model


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nmae": "x"}, "nmae: unknown key; did you mean 'name'?"),
        ({"licence": None}, "licence: missing"),
        ({"decoded": None}, "decoded: missing"),
        ({"input_size": None}, "input_size: missing"),
        ({"decoder": None}, "give either decoder"),
        ({"like": "nanodet"}, "give either decoder"),
        ({"decoder": "yolov"}, "decoder: 'yolov' is not one of yolox"),
        ({"decoder": None, "like": "movenet"}, "like: 'movenet' is not one of nanodet"),
        ({"name": "../up"}, "name: '../up', expected lower-case"),
        ({"sha256": "12"}, "sha256: '12', expected the file's 64"),
        ({"input_size": [640]}, "input_size: (640,), expected [width, height]"),
        ({"colour": "grey"}, "colour: 'grey' is not one of bgr, rgb"),
        ({"std": [1, 0, 1]}, "std: (1.0, 0.0, 1.0), expected three numbers above 0"),
        ({"mean": [1, 2]}, "mean: expected 3 values, got 2"),
        ({"keypoints": "coco17"}, "keypoints: unknown key"),
        (SIMCC | {"keypoints": "coco"}, "keypoints: 'coco', expected one of hieve14"),
        ({"decoded": "yes"}, "decoded: expected bool, got 'yes'"),
        ({"strides": []}, "strides: (), expected a list"),
        ({"floor": 2}, "floor: 2.0, expected 0..1"),
        ({"score_calibration": [0, 1, 0, 0]}, "recall at 12 heights"),
        ({"floor": True}, "floor: expected float, got True"),
    ],
)
def test_a_wrong_manifest_names_the_key(changes, reason):
    with pytest.raises(ModelError) as error:
        manifest.parse(GOOD | changes, "m.yaml")
    assert str(error.value).startswith("m.yaml: ")
    assert reason in str(error.value)


def test_a_manifest_that_is_no_yaml(tmp_path):
    path = tmp_path / "m.yaml"
    with pytest.raises(ModelError, match="cannot be read"):
        manifest.read(path)
    path.write_text("name: x\n  bad: [")
    with pytest.raises(
        ModelError, match="line 2: mapping values are not allowed here; fix the YAML"
    ):
        manifest.read(path)
    path.write_text("- a list")
    with pytest.raises(ModelError, match="expected 'key: value' pairs"):
        manifest.read(path)


def test_a_manifest_with_an_alias_bomb(tmp_path):
    """Ten lists of ten of the former: printed whole, the last would be 10 billion words."""
    path = tmp_path / "m.yaml"
    levels = "\n".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 11))
    path.write_text(f"l0: &l0 [x]\n{levels}\nlike: *l10\n")
    with pytest.raises(ModelError, match="alias"):
        manifest.read(path)


def test_a_long_value_is_shown_in_part(tmp_path):
    path = tmp_path / "m.yaml"
    path.write_text(f"decoder: {'x' * 9000}\n")
    with pytest.raises(ModelError) as error:
        manifest.read(path)
    assert len(str(error.value)) < 1000


def test_an_imported_model_brings_its_own_calibration(tmp_path, graphs):
    values = GOOD | {
        "score_calibration": [0.5, 1.5, 0.0, -0.25], "recall": [0.5] * 12, "blur": 0.25,
        "joint_calibration": [1, 2, 3], "cost": 1.5,
    }  # fmt: skip
    spec = manifest.parse(values, "m.yaml").spec(tmp_path)
    assert spec.score == ScoreCalibration((0.5, 1.5, 0.0, -0.25), (0.5,) * 12, 0.25)
    assert spec.joints == JointCalibration((1.0, 2.0, 3.0))
    assert spec.cost == 1.5


def test_weights_of_our_own_network_begin_with_its_calibration(tmp_path):
    values = {"name": "mine", "sha256": "0" * 64, "licence": "MIT", "like": "nanodet"}
    spec = manifest.parse(values, "m.yaml").spec(tmp_path)
    packaged = registry.find("nanodet")
    assert (spec.score, spec.cost, spec.packaged) == (packaged.score, packaged.cost, False)
    own = {"score_calibration": [0, 1, 0, 0], "recall": [1] * 12}
    assert manifest.parse(values | own, "m.yaml").spec(tmp_path).score.recall == (1.0,) * 12
