"""Faster and Keypoint R-CNN: names, shapes and counts as torchvision has them; parts by hand.

Outputs were compared with torchvision's own on random weights (docs/models.md).
"""

import hashlib

import numpy as np
import pytest
import torch

from hie_cli.core.errors import ModelError
from hie_cli.models import registry, user_models
from hie_cli.models.decoders.people_rows import PeopleRows
from hie_cli.models.images import Letterbox
from hie_cli.models.manifest import packaged
from hie_cli.models.networks.rcnn.detector import COCO_CLASSES, MOST, RCNN
from hie_cli.models.networks.rcnn.heads import HEAT_SIDE, people, placed
from hie_cli.models.networks.rcnn.proposals import anchors_of
from hie_cli.models.networks.rcnn.regions import aligned, pooled
from hie_cli.models.packaged.rcnn import present_name
from tests.support.stills import picture

CPU = torch.device("cpu")


def shapes_of(classes, joints):
    """Names and shapes as torchvision 0.13 and later document them."""
    found: dict[str, tuple[int, ...]] = {}

    def convolution(name, c_out, c_in, kernel, bias):
        found[f"{name}.weight"] = (c_out, c_in, kernel, kernel)
        if bias:
            found[f"{name}.bias"] = (c_out,)

    def norm(name, channels):
        for each in ("weight", "bias", "running_mean", "running_var"):
            found[f"{name}.{each}"] = (channels,)

    body = "backbone.body"
    convolution(f"{body}.conv1", 64, 3, 7, False)
    norm(f"{body}.bn1", 64)
    c_in = 64
    for k, (width, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3))):
        for block in range(blocks):
            at = f"{body}.layer{k + 1}.{block}"
            for part, (c_out, of, kernel) in enumerate(
                ((width, c_in, 1), (width, width, 3), (4 * width, width, 1))
            ):
                convolution(f"{at}.conv{part + 1}", c_out, of, kernel, False)
                norm(f"{at}.bn{part + 1}", c_out)
            if block == 0:
                convolution(f"{at}.downsample.0", 4 * width, c_in, 1, False)
                norm(f"{at}.downsample.1", 4 * width)
            c_in = 4 * width
    for k, width in enumerate((256, 512, 1024, 2048)):
        convolution(f"backbone.fpn.inner_blocks.{k}.0", 256, width, 1, True)
        convolution(f"backbone.fpn.layer_blocks.{k}.0", 256, 256, 3, True)
    convolution("rpn.head.conv.0.0", 256, 256, 3, True)
    convolution("rpn.head.cls_logits", 3, 256, 1, True)
    convolution("rpn.head.bbox_pred", 12, 256, 1, True)
    for name, (c_out, of) in {
        "box_head.fc6": (1024, 256 * 7 * 7), "box_head.fc7": (1024, 1024),
        "box_predictor.cls_score": (classes, 1024), "box_predictor.bbox_pred": (4 * classes, 1024),
    }.items():  # fmt: skip
        found[f"roi_heads.{name}.weight"], found[f"roi_heads.{name}.bias"] = (c_out, of), (c_out,)
    if joints:
        for k in range(8):
            convolution(f"roi_heads.keypoint_head.{2 * k}", 512, 512 if k else 256, 3, True)
        last = "roi_heads.keypoint_predictor.kps_score_lowres"
        found[f"{last}.weight"], found[f"{last}.bias"] = (512, 17, 4, 4), (17,)
    return found


@pytest.mark.parametrize(
    ("classes", "joints", "parameters"),
    [(COCO_CLASSES, False, 41_755_286), (2, True, 59_137_258)],  # as torchvision states them
)
def test_names_shapes_and_counts(classes, joints, parameters):
    with torch.device("meta"):
        network = RCNN(classes, joints)
    state = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert state == shapes_of(classes, joints)
    assert sum(p.numel() for p in network.parameters()) == parameters


def test_files_of_before_are_read_by_their_names():
    assert present_name("backbone.fpn.inner_blocks.2.bias") == "backbone.fpn.inner_blocks.2.0.bias"
    assert present_name("rpn.head.conv.weight") == "rpn.head.conv.0.0.weight"
    for name in shapes_of(2, True):
        assert present_name(name) == name


def test_a_published_file_is_imported_strictly(tmp_path, monkeypatch):
    """As torchvision wrote it before 0.13, and refused where a layer is missing."""
    monkeypatch.setenv("HIE_MODELS", str(tmp_path / "models"))
    torch.manual_seed(0)
    old = {present: name for name in OLD for present in [present_name(name)]}
    state = {old.get(name, name): value for name, value in RCNN().state_dict().items()}
    path = tmp_path / "fasterrcnn_resnet50_fpn_coco.pth"
    manifest = tmp_path / "m.yaml"

    def write():
        torch.save(state, path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        manifest.write_text(
            f"name: two-stage\nlike: fasterrcnn-r50\nlicence: BSD\nsha256: {digest}"
        )

    write()
    spec = user_models.install(path, manifest)
    assert (spec.task, spec.cost) == ("detect", None)
    model = registry.load_detector("two-stage", "cpu", threads=1)
    (found,) = model.detect([picture([[20, 10, 60, 100]])], 64)
    assert found.boxes.shape[1] == 4
    del state["rpn.head.conv.bias"]
    write()
    with pytest.raises(ModelError, match=r"rpn\.head\.conv\.0\.0\.bias is missing"):
        user_models.install(path, manifest, overwrite=True)


OLD = [
    "rpn.head.conv.weight",
    "rpn.head.conv.bias",
    *(f"backbone.fpn.{kind}_blocks.{k}.{part}" for kind in ("inner", "layer") for k in range(4)
      for part in ("weight", "bias")),
]  # fmt: skip


def test_anchors_by_hand():
    """Side 32, height over width .5: 45.3 x 22.6, so corners at 23 and 11 whole pixels."""
    found = anchors_of((2, 3), 32, 48, 32.0, CPU)
    assert found.shape == (18, 4)
    assert found[0].tolist() == [-23, -11, 23, 11]
    assert found[1].tolist() == [-16, -16, 16, 16]
    assert found[2].tolist() == [-11, -23, 11, 23]
    assert found[4].tolist() == [0, -16, 32, 16]  # one cell of 16 to the right
    assert found[10].tolist() == [-16, 0, 16, 32]  # the next row


def test_regions_of_a_ramp_by_hand():
    """On f(y, x) = x a cell's value is the mean of its samples' places."""
    ramp = torch.arange(8.0).expand(1, 8, 8)
    box = torch.tensor([[1.0, 2, 5, 6]])  # 4 wide, 2 cells: middles at 2 and 4
    found = aligned(ramp, box, 2)
    torch.testing.assert_close(found[0, 0], torch.tensor([[2.0, 4.0], [2.0, 4.0]]))
    # Beyond the last cell, 7, its value up to 8 and 0 farther out: samples at 6.5, 7.5, 8.5, 9.5.
    found = aligned(ramp, torch.tensor([[6.0, 2, 10, 6]]), 2)
    torch.testing.assert_close(found[0, 0, 0], torch.tensor([(6.5 + 7) / 2, 0.0]))
    # At least a cell wide: samples at 3.25 and 3.75.
    assert aligned(ramp, torch.tensor([[3.0, 3, 3.1, 3.1]]), 1).item() == pytest.approx(3.5)


def test_each_region_is_taken_from_the_level_of_its_size():
    """Areas of 112^2 and less go to stride 4, 224^2 to 16, 448^2 to 32."""
    levels = [torch.full((2, 1, 512 // s, 512 // s), float(s)) for s in (4, 8, 16, 32, 64)]
    sides = (50.0, 112.0, 223.9, 224.0, 500.0)
    boxes = torch.tensor([[0, 0, side, side] for side in sides])
    found = pooled(levels, [boxes, boxes[:1]], 7)
    assert found.shape == (6, 1, 7, 7)
    assert found.amax((1, 2, 3)).tolist() == [4, 8, 8, 16, 32, 4]


def test_a_region_s_people():
    """Two classes say person; the second overlaps the first, the third is unlikely."""
    logits = torch.tensor([[0.0, 3], [0.0, 2], [4.0, 0]])
    regions = torch.tensor([[0.0, 0, 20, 40], [1.0, 0, 21, 40], [50.0, 0, 60, 30]])
    boxes, scores = people(logits, torch.zeros(3, 2, 4), regions, 64, 64, MOST)
    assert boxes.tolist() == [[0, 0, 20, 40]]
    assert scores.item() == pytest.approx(1 / (1 + np.exp(-3)))


def test_joints_are_where_their_maps_are_highest():
    maps = torch.zeros(1, 17, HEAT_SIDE, HEAT_SIDE)
    maps[0, 3, 14, 42] = 5.0  # a quarter down, three quarters to the right
    found = placed(maps, torch.tensor([[10.0, 20, 66, 132]]))
    x, y, logit = found[0, 3].tolist()
    assert x == pytest.approx(10 + 42.5, abs=0.6)
    assert y == pytest.approx(20 + 29, abs=1.1)
    assert logit > 4


def test_rows_become_people_of_the_picture():
    box = Letterbox.fit((100, 200), 100)  # half as large, 50 x 100 of 64 x 128
    boxes = np.array([[10, 10, 120, 60], [0, 0, 0, 0]], np.float32)
    joints = np.zeros((2, 17, 3), np.float32)
    joints[0, 0] = (20, 30, 100)
    found = PeopleRows()([boxes, np.array([0.9, 0], np.float32), joints], box)
    assert found.boxes.tolist() == [[20, 20, 200, 100]]  # cut at the picture's edge
    assert found.keypoints is not None
    assert found.keypoint_scores is not None
    assert found.keypoints[0, 0].tolist() == [40, 60]
    assert found.keypoint_scores[0, 0] == pytest.approx(1, abs=1e-5)


def test_both_find_people_and_joints():
    torch.manual_seed(0)
    network = RCNN(2, joints=True).eval()
    with torch.no_grad():
        network.roi_heads.box_predictor.cls_score.bias[1] += 3
        outputs = network(torch.from_numpy(picture([[20, 10, 60, 100]], (96, 64))[None]))
    assert len(outputs) == len(network.OUTPUTS) == 3
    boxes, scores, joints = outputs
    assert boxes.shape == (1, MOST, 4)
    assert joints.shape == (1, MOST, 17, 3)
    assert scores[0, 0] > 0.5
    spec = packaged("keypointrcnn-r50")
    assert spec.task == "detect"
