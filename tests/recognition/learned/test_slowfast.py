"""Shapes and parameter counts as published; public layouts imported by name."""

import pytest
import torch

from hie_cli.core.errors import ModelError
from hie_cli.recognition.learned.slowfast import SHAPES, Shape, SlowFast, inputs, slowfast
from hie_cli.recognition.learned.video_weights import (
    adopt,
    our_name,
    parameters,
    read_weights,
    renamed,
)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    torch.set_num_threads(1)


def norm(channels):
    return {
        "weight": (channels,), "bias": (channels,), "running_mean": (channels,),
        "running_var": (channels,), "num_batches_tracked": (),
    }  # fmt: skip


def layers():
    """Every convolution of SlowFast R50 as (stage, path, block, part), (out, in, t, h, w).

    Worked out from the paper's table and not from our network; ``block`` None is the stem, path
    "fuse" a lateral connection.
    """
    out = {(0, 0, None, "stem"): (64, 3, 1, 7, 7), (0, 1, None, "stem"): (8, 3, 5, 7, 7)}
    widths = {0: (64, 256, 512, 1024, 2048), 1: (8, 32, 64, 128, 256)}
    times = {0: (1, 1, 3, 3), 1: (3, 3, 3, 3)}
    for stage in range(4):
        fast = widths[1][stage]
        out[(stage, "fuse", None, "fuse")] = (2 * fast, fast, 7, 1, 1)
    for path in (0, 1):
        for stage, blocks in enumerate((3, 4, 6, 3)):
            before, after = widths[path][stage], widths[path][stage + 1]
            if path == 0:
                before += 2 * widths[1][stage]
            for block in range(blocks):
                entering = before if block == 0 else after
                inner = after // 4
                time = times[path][stage]
                key = (stage + 1, path, block)
                out[(*key, "a")] = (inner, entering, time, 1, 1)
                out[(*key, "b")] = (inner, inner, 1, 3, 3)
                out[(*key, "c")] = (after, inner, 1, 1, 1)
                if block == 0:
                    out[(*key, "skip")] = (after, entering, 1, 1, 1)
    return out


def authors(classes):
    """Names and shapes of the SlowFast authors' checkpoints."""
    shapes = {"head.projection.weight": (classes, 2304), "head.projection.bias": (classes,)}
    for (stage, path, block, part), shape in layers().items():
        s = f"s{stage + 1}"
        if part == "stem":
            conv, bn = f"{s}.pathway{path}_stem.conv", f"{s}.pathway{path}_stem.bn"
        elif part == "fuse":
            conv, bn = f"{s}_fuse.conv_f2s", f"{s}_fuse.bn"
        else:
            inner = "branch1" if part == "skip" else f"branch2.{part}"
            conv = f"{s}.pathway{path}_res{block}.{inner}"
            bn = f"{conv}_bn"
        shapes[f"{conv}.weight"] = shape
        shapes |= {f"{bn}.{name}": value for name, value in norm(shape[0]).items()}
    return shapes


def pytorchvideo(classes, prefix="", head="blocks.6"):
    """Names and shapes of pytorchvideo's checkpoints."""
    shapes = {f"{head}.proj.weight": (classes, 2304), f"{head}.proj.bias": (classes,)}
    for (stage, path, block, part), shape in layers().items():
        s = f"{prefix}blocks.{stage}"
        if part == "stem":
            conv, bn = (f"{s}.multipathway_blocks.{path}.{kind}" for kind in ("conv", "norm"))
        elif part == "fuse":
            conv = f"{s}.multipathway_fusion.conv_fast_to_slow"
            bn = f"{s}.multipathway_fusion.norm"
        else:
            base = f"{s}.multipathway_blocks.{path}.res_blocks.{block}."
            if part == "skip":
                conv, bn = base + "branch1_conv", base + "branch1_norm"
            else:
                conv, bn = base + f"branch2.conv_{part}", base + f"branch2.norm_{part}"
        shapes[f"{conv}.weight"] = shape
        shapes |= {f"{bn}.{name}": value for name, value in norm(shape[0]).items()}
    return shapes


LAYOUTS = {
    "SlowFast, Kinetics": authors(400),
    "SlowFast, AVA": authors(80),
    "pytorchvideo, Kinetics": pytorchvideo(400),
    "pytorchvideo, AVA": pytorchvideo(80, "model.", "detection_head"),
}


def tensors(shapes, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.rand(shape, generator=generator) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def r50():
    with torch.device("meta"):
        return slowfast("slowfast-r50")


def test_published_parameter_counts():
    # pytorchvideo's model zoo: 34.48 M for 4x16 (lateral kernel 5) and 34.57 M for 8x8 (7).
    with torch.device("meta"):
        small = SlowFast(Shape((3, 4, 6, 3), True, lateral=5), classes=400)
        large = SlowFast(SHAPES["slowfast-r50"], classes=400)
    assert (round(parameters(small) / 1e6, 2), round(parameters(large) / 1e6, 2)) == (34.48, 34.57)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_public_layout_maps_on_every_layer_once(layout, r50):
    mapped = {our_name(name): shape for name, shape in LAYOUTS[layout].items()}
    assert len(mapped) == len(LAYOUTS[layout])
    ours = {name: tuple(value.shape) for name, value in r50.state_dict().items()}
    heads = {"classify.weight", "classify.bias"}
    assert {k: v for k, v in mapped.items() if k not in heads} == {
        k: v for k, v in ours.items() if k not in heads
    }
    assert mapped.keys() == ours.keys()


def test_features_shrink_as_published():
    # 8 frames of 64 x 96: the slow pathway sees 2; the last features lie at 1/16.
    network = slowfast("slowfast-r18").eval()
    with torch.inference_mode():
        slow, fast = network.maps(torch.zeros(1, 3, 8, 64, 96))
    assert slow.shape == (1, 512, 2, 4, 6)
    assert fast.shape == (1, 64, 8, 4, 6)
    coarse = SlowFast(SHAPES["slowfast-r18"], fine=False).eval()
    with torch.inference_mode():
        assert coarse.maps(torch.zeros(1, 3, 8, 64, 96))[0].shape == (1, 512, 2, 2, 3)


def test_logits_of_nobody_and_of_two():
    network = slowfast("slowfast-r18", context=3).eval()
    clips = torch.rand(2, 3, 8, 48, 48)
    with torch.inference_mode():
        none = network(clips, torch.zeros(0, 4), torch.zeros(0).long(), torch.zeros(0, 3))
        boxes = torch.tensor([[0.0, 0, 20, 40]] * 2)
        two = network(clips, boxes, torch.tensor([0, 1]), torch.zeros(2, 3))
        alone = network(clips[1:], boxes[1:], torch.tensor([0]), torch.zeros(1, 3))
    assert none.shape == (0, 14)
    assert two.shape == (2, 14)
    torch.testing.assert_close(two[1:], alone)


def test_the_slow_pathway_sees_the_first_and_the_last_frame():
    # Of 8 frames 0 and 7 are taken: a change of frame 3 reaches the fast pathway only.
    network = slowfast("slowfast-r18").eval()
    clip = torch.zeros(1, 3, 8, 32, 32)
    changed = clip.clone()
    changed[:, :, 3] = 1
    with torch.inference_mode():
        seen = []
        network.stages[0].slow.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        first, second = network.maps(clip), network.maps(changed)
    assert torch.equal(seen[0], seen[1])
    assert not torch.equal(first[1], second[1])


def test_pixels_are_rgb_around_grey():
    frames = torch.zeros(1, 1, 1, 1, 3, dtype=torch.uint8)
    frames[..., 0] = 255  # blue
    found = inputs(frames)[0, :, 0, 0, 0]
    # (0 - 0.45) / 0.225 = -2; (1 - 0.45) / 0.225 = 2.444...
    assert found.tolist() == pytest.approx([-2, -2, 22 / 9], abs=1e-5)


@pytest.fixture(scope="module")
def filled():
    """Made-up weights under the authors' names."""
    return tensors(authors(400))


def test_imported_weights_come_back(filled, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "SLOWFAST_8x8_R50.pyth"
    torch.save({"epoch": 196, "model_state": filled, "cfg": "TRAIN: ..."}, path)
    network = slowfast("slowfast-r50")
    before = network.classify.weight.clone()
    assert not adopt(network, read_weights(path), "file")
    torch.testing.assert_close(network.classify.weight, before)  # 400 classes are not ours
    state = network.state_dict()
    for name, value in filled.items():
        if not name.startswith("head.") and "num_batches" not in name:
            assert torch.equal(state[our_name(name)], value), name
    again = slowfast("slowfast-r50")
    assert adopt(again, network.state_dict(), "ours")
    assert all(torch.equal(state[name], value) for name, value in again.state_dict().items())


def test_both_layouts_give_one_network(filled):
    """The same numbers under both layouts' names end in the same places."""
    other = {}
    names = dict(zip(authors(400), pytorchvideo(400), strict=True))
    for name, value in filled.items():
        other[names[name]] = value
    first, second = renamed(filled, "a"), renamed(other, "b")
    assert first.keys() == second.keys()
    assert all(first[name] is second[name] for name in first)


def test_wrong_weights_are_refused(filled, tmp_path):
    network = slowfast("slowfast-r18")
    with pytest.raises(ModelError, match=r"layer stages\.1"):
        adopt(network, filled, "r50")
    missing = {k: v for k, v in filled.items() if "s3_fuse.conv" not in k}
    with torch.device("meta"):
        big = slowfast("slowfast-r50")
    with pytest.raises(ModelError, match=r"stages\.2\.lateral\.conv\.weight: found nothing"):
        adopt(big, missing, "r50")
    with pytest.raises(ModelError, match="no SlowFast layout"):
        renamed({"layer1.0.conv1.weight": torch.zeros(1)}, "resnet")
    with pytest.raises(ModelError, match="no such file"):
        read_weights(tmp_path / "none.pyth")
    broken = tmp_path / "broken.pyth"
    broken.write_bytes(b"PK\x03\x04 no")
    with pytest.raises(ModelError, match="cannot be read as tensors"):
        read_weights(broken)
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(ModelError, match="no state dict"):
        read_weights(tmp_path / "list.pt")
