"""A model that was imported is calibrated on labelled frames; its manifest keeps the fit."""

import cv2
import numpy as np
import pytest
import yaml

import hie_cli
from hie_cli.core.errors import InputError, ModelError
from hie_cli.models.importing import picture
from tests.support import seeing_graphs
from tests.support.output_layouts import RAW, yolox


@pytest.fixture
def labelled(tmp_path, monkeypatch):
    """An imported detector that sees the test picture, six copies of it, and their labels."""
    monkeypatch.setenv("HIE_MODELS", str(tmp_path / "models"))
    path = tmp_path / "seer.onnx"
    path.write_bytes(seeing_graphs.detector(RAW, yolox(False)))
    hie_cli.import_model(path)
    (tmp_path / "street").mkdir()
    rows = []
    for frame in range(6):
        cv2.imwrite(str(tmp_path / "street" / f"{frame:03}.png"), picture.read())
        for person, (x1, y1, x2, y2) in enumerate(picture.BOXES.tolist()):
            rows.append(f"{frame + 1},{person + 1},{x1},{y1},{x2 - x1},{y2 - y1},1,1,1")
    (tmp_path / "street.txt").write_text("\n".join(rows) + "\n")
    return tmp_path


def test_a_detector_keeps_its_calibration(labelled):
    before = hie_cli.list_models("detect")[-1]
    assert (before.name, before.score.raw_weight) == ("seer", 0.3)  # the first guess
    done = hie_cli.calibrate_model("seer", labelled / "street.txt", [labelled / "street"])
    assert (done.frames, done.people) == (6, 42)
    after = hie_cli.list_models("detect")[-1]
    assert after.score is not None
    assert after == done.spec
    # It finds everybody with score .95 * .95 and nobody else.
    assert after.score.probability(np.array([0.9]), np.array([45.0]))[0] > 0.9
    assert after.score.raw_weight == 0
    assert done.precision == {None: pytest.approx(1.0)}
    assert after.input.size_wh == (416, 416)
    stored = yaml.safe_load((labelled / "models" / "seer" / "manifest.yaml").read_text())
    assert len(stored["recall"]) == 12
    assert stored["recall"][3] == pytest.approx(1.0)


def test_fewer_frames_and_too_few(labelled):
    truth, video = labelled / "street.txt", [labelled / "street"]
    with pytest.raises(InputError, match=r"4 frames with 28 people .* too few to fit"):
        hie_cli.calibrate_model("seer", truth, video, frames=4)
    assert hie_cli.list_models("detect")[-1].score.raw_weight == 0.3


def test_what_cannot_be_calibrated(labelled):
    truth, video = labelled / "street.txt", [labelled / "street"]
    with pytest.raises(ModelError, match="'nanodet' is not an imported one"):
        hie_cli.calibrate_model("nanodet", truth, video)
    (labelled / "elsewhere.txt").write_text((labelled / "street.txt").read_text())
    (labelled / "other").mkdir()
    for name in ("elsewhere.txt", "more.txt"):
        (labelled / "other" / name).write_text((labelled / "street.txt").read_text())
    with pytest.raises(InputError, match="holds labels of none of the videos"):
        hie_cli.calibrate_model("seer", labelled / "other", video)
