"""Segmentation networks in torchvision's layout: counts, names, shapes; strict loading."""

import pytest
import torch

from hie_cli.core.errors import ModelError
from hie_cli.recognition.learned.video_weights import parameters
from hie_cli.recognition.scene.segmentation import (
    DeepLab,
    LiteAspp,
    load_segmentation,
    normalised,
)

# Names and shapes of torchvision's state dicts at every kind of place: first and last layers,
# blocks with and without widening and squeeze-excite, both heads.
BACKBONE = {
    "backbone.0.0.weight": (16, 3, 3, 3),
    "backbone.0.1.running_var": (16,),
    "backbone.1.block.0.0.weight": (16, 1, 3, 3),
    "backbone.1.block.1.0.weight": (16, 16, 1, 1),
    "backbone.2.block.0.0.weight": (64, 16, 1, 1),
    "backbone.4.block.1.0.weight": (72, 1, 5, 5),
    "backbone.4.block.2.fc1.weight": (24, 72, 1, 1),
    "backbone.4.block.2.fc2.bias": (72,),
    "backbone.4.block.3.1.weight": (40,),
    "backbone.8.block.0.0.weight": (200, 80, 1, 1),
    "backbone.11.block.2.fc1.weight": (120, 480, 1, 1),
    "backbone.13.block.1.0.weight": (672, 1, 5, 5),
    "backbone.15.block.3.0.weight": (160, 960, 1, 1),
    "backbone.16.0.weight": (960, 160, 1, 1),
}
DEEPLAB = {
    "classifier.0.convs.0.0.weight": (256, 960, 1, 1),
    "classifier.0.convs.3.0.weight": (256, 960, 3, 3),
    "classifier.0.convs.4.1.weight": (256, 960, 1, 1),
    "classifier.0.convs.4.2.running_mean": (256,),
    "classifier.0.project.0.weight": (256, 1280, 1, 1),
    "classifier.1.weight": (256, 256, 3, 3),
    "classifier.2.bias": (256,),
    "classifier.4.weight": (21, 256, 1, 1),
    "aux_classifier.0.weight": (10, 40, 3, 3),
    "aux_classifier.4.bias": (21,),
}
LITE = {
    "classifier.cbr.0.weight": (128, 960, 1, 1),
    "classifier.cbr.1.num_batches_tracked": (),
    "classifier.scale.1.weight": (128, 960, 1, 1),
    "classifier.low_classifier.weight": (21, 40, 1, 1),
    "classifier.high_classifier.bias": (21,),
}


@pytest.mark.parametrize(
    ("build", "names", "count", "total"),
    # Numbers of parameters: torchvision's documentation. Of entries: counted in its 0.29.
    [(DeepLab, DEEPLAB, 360, 11_029_328), (LiteAspp, LITE, 319, 3_221_538)],
)
def test_torchvisions_names_shapes_and_counts(build, names, count, total):
    with torch.device("meta"):
        network = build(21)
    state = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert parameters(network) == total
    assert len(state) == count
    assert {name: state.get(name) for name in BACKBONE | names} == BACKBONE | names


def test_logits_lie_at_a_sixteenth_and_at_an_eighth():
    torch.set_num_threads(1)
    images = normalised(torch.zeros(1, 64, 96, 3, dtype=torch.uint8))
    with torch.inference_mode():
        assert DeepLab(5, auxiliary=False).eval()(images).shape == (1, 5, 4, 6)
        assert LiteAspp(5).eval()(images).shape == (1, 5, 8, 12)


def test_weights_come_back_strictly(tmp_path):
    torch.manual_seed(0)
    network = LiteAspp(19).eval()
    torch.save(network.state_dict(), tmp_path / "lite.pth")
    again, classes = load_segmentation("lraspp-mobilenet-v3", tmp_path / "lite.pth")
    assert classes == 19
    images = torch.rand(1, 3, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(again(images), network(images))
    with pytest.raises(ModelError, match=r"no layer classifier\.4\.weight"):
        load_segmentation("deeplabv3-mobilenet-v3", tmp_path / "lite.pth")
    with pytest.raises(ModelError, match="unknown"):
        load_segmentation("segformer", tmp_path / "lite.pth")
    state = network.state_dict()
    state["backbone.3.block.0.0.weight"] = torch.zeros(1)
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(ModelError, match=r"backbone\.3\.block\.0\.0\.weight"):
        load_segmentation("lraspp-mobilenet-v3", tmp_path / "other.pth")


def test_pixels_are_rgb_as_for_imagenet():
    blue = torch.zeros(1, 1, 1, 3, dtype=torch.uint8)
    blue[..., 0] = 255
    found = normalised(blue)[0, :, 0, 0]
    # (0 - 0.485) / 0.229, (0 - 0.456) / 0.224, (1 - 0.406) / 0.225
    assert found.tolist() == pytest.approx([-2.1179, -2.0357, 2.64], abs=1e-4)
