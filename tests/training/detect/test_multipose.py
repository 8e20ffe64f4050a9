import json
import math

import numpy as np
import pytest
import torch

from hie_cli.core import config as settings
from hie_cli.core.errors import ConfigError
from hie_cli.core.skeletons import COCO17, to_hieve
from hie_cli.models import registry
from hie_cli.models.decoders import centernet
from hie_cli.models.manifest import packaged
from hie_cli.training.data.items import find_items
from hie_cli.training.data.mix import read_mix
from hie_cli.training.detect import train_detect as command
from hie_cli.training.detect.joint_targets import coco_joints
from hie_cli.training.detect.multipose import (
    MultiPoseTask,
    centres,
    maps_of,
    multipose_loss,
    spreads,
)
from hie_cli.training.detect.settings import DetectTrainConfig
from hie_cli.training.detect.trainable import beginning, freeze
from hie_cli.training.engine.pixel_store import PixelFile
from hie_cli.training.pose.gaussians import gaussians
from tests.support.learning import losses_by_heart
from tests.support.stills import joints_of, picture, write_mix

SMALL = {
    "network": "movenet-multipose", "side": 64, "epochs": 1, "batch": 2, "images": 2, "threads": 1,
    "workers": 0, "select": "OKS_AP",
}  # fmt: skip
UNLABELLED = torch.full((1, 14, 2), float("nan"))


@pytest.fixture
def task(tmp_path):
    config = settings.load(DetectTrainConfig(), None, SMALL)
    with PixelFile(tmp_path / "store") as store:
        items = find_items(read_mix(write_mix(tmp_path, count=4)), store, 128)
        network = beginning("movenet-multipose", None)
        spec = packaged("movenet-multipose")
        yield MultiPoseTask(network, spec, items, config, "cpu")


def test_spread_by_hand():
    """10 x 10: r^2 - 20 r + 100 * .3 / 1.7 = 0, r = .925 and a third of it, but at least half."""
    boxes = torch.tensor([[0.0, 0, 10, 10], [0.0, 0, 100, 100]])
    radius = (20 - math.sqrt(400 - 4 * 100 * 0.3 / 1.7)) / 2
    assert radius == pytest.approx(0.925, abs=1e-3)
    assert spreads(boxes).tolist() == pytest.approx([0.5, 10 * radius / 3])
    moved = torch.tensor([[radius * 10, radius * 10, 100 + radius * 10, 100 + radius * 10]])
    inter = float((100 - radius * 10) ** 2)
    assert inter / (2 * 10_000 - inter) == pytest.approx(0.7)
    assert moved.shape == (1, 4)


def test_a_cell_s_gaussian():
    found = gaussians(torch.tensor([[2.7, 1.2]]), torch.tensor([1.0]), 4, 5)[0]
    assert found[1, 2] == 1
    assert found[1, 3] == pytest.approx(math.exp(-0.5))
    assert found[3, 2] == pytest.approx(math.exp(-2))


def test_a_centre_is_the_torso_s_or_the_box_s():
    boxes = torch.tensor([[0.0, 0, 10, 20]])
    assert centres(boxes, UNLABELLED).tolist() == [[5, 10]]
    joints = torch.full((1, 14, 2), 3.0)
    assert centres(boxes, joints).tolist() == [[3, 3]]


def test_joints_that_nobody_labelled_are_not_asked_for():
    boxes = torch.tensor([[2.0, 2, 8, 10]])
    maps = maps_of(boxes, UNLABELLED, torch.zeros((12, 12), dtype=torch.bool))
    assert maps.heat.max() == 0
    assert maps.heat_known[:, 2:10, 2:8].max() == 0  # inside the box nothing is known
    assert maps.heat_known[:, :2].min() == 1
    assert maps.centre[6, 5] == 1
    ignored = torch.ones((12, 12), dtype=torch.bool)
    assert maps_of(boxes, UNLABELLED, ignored).centre_known.max() == 0
    nobody = maps_of(boxes[:0], UNLABELLED[:0], ~ignored)
    assert nobody.centre.max() == 0
    assert len(nobody.rows) == 0


def test_maps_that_say_it_all_are_decoded_as_labelled():
    """Targets put through the network's own decoder give boxes and joints back."""
    people = np.array([[12, 20, 70, 150], [90, 8, 150, 156]], np.float32)
    bodies = np.stack([joints_of(box) for box in people]).astype(np.float32)
    hieve, _ = to_hieve(COCO17, bodies, np.ones((2, 17), np.float32))
    boxes, joints, size = torch.from_numpy(people) / 4, torch.from_numpy(hieve) / 4, 40
    maps = maps_of(boxes, joints, torch.zeros((size, size), dtype=torch.bool))
    points, labelled = coco_joints(joints)
    scale, middle = np.zeros((2, size, size)), np.zeros((2, size, size))
    regress, offset = np.zeros((17, 2, size, size)), np.zeros((17, 2, size, size))
    rows, columns = maps.rows.numpy(), maps.columns.numpy()
    for person, row, column in zip(maps.people.tolist(), rows, columns, strict=True):
        x1, y1, x2, y2 = boxes[person].tolist()
        scale[:, row, column] = (y2 - y1, x2 - x1)
        middle[:, row, column] = ((y1 + y2) / 2 - row, (x1 + x2) / 2 - column)
        regress[:, :, row, column] = points[person].numpy()[:, ::-1] - (row, column)
    for person, joint in labelled.nonzero().tolist():
        px, py = points[person, joint].tolist()
        offset[joint, :, int(py), int(px)] = (py - int(py), px - int(px))
    centre = maps.centre.numpy()
    found = centernet.decode(
        [
            np.where(centre >= 1, centre, 0)[None], scale, middle, maps.heat.numpy(),
            regress.reshape(34, size, size), offset.reshape(34, size, size),
        ], 0.5, 30,
    )  # fmt: skip
    assert len(found.boxes) == len(boxes)
    order = [int(np.abs(found.boxes - b.numpy() * 4).sum(1).argmin()) for b in boxes]
    np.testing.assert_allclose(found.boxes[order], boxes.numpy() * 4, atol=1e-3)
    there = labelled.numpy()
    true = points.numpy()[there] * 4
    np.testing.assert_allclose(found.keypoints[order][there], true, atol=1e-3)


def test_it_learns(task):
    """The loss of one batch falls while it is learned by heart."""
    batch = next(iter(task.batches(0)))
    task.network.trunk.requires_grad_(False)
    values, count = losses_by_heart(task, batch, task.network, 3e-3, steps=6)
    assert count == 2
    assert values[-1] < 0.8 * values[0]


def test_a_batch_without_people_costs_its_centres_alone(task):
    batch = next(iter(task.batches(0)))
    nobody = type(batch)(
        batch.images, tuple(b[:0] for b in batch.boxes), tuple(j[:0] for j in batch.joints),
        batch.ignored, batch.items,
    )  # fmt: skip
    maps = [each.float() for each in task.network.maps(batch.images)]
    loss = multipose_loss(maps, nobody)
    assert torch.isfinite(loss)
    loss.backward()


def test_the_folder_is_a_detector_with_poses(tmp_path):
    done = command.train_detect(
        write_mix(tmp_path, count=4), output=tmp_path / "m", set={**SMALL, "frozen": 4},
        device="cpu",
    )  # fmt: skip
    assert set(done.numbers) == {"best_epoch", "AP50", "AP", "recall", "OKS_AP"}
    card = json.loads((tmp_path / "m" / "card.json").read_text())
    assert card["manifest"]["like"] == "movenet-multipose"
    model = registry.load_detector(str(tmp_path / "m"), "cpu", threads=1)
    (found,) = model.detect([picture([[20, 10, 60, 100]])], 64)
    assert found.keypoints is not None


def test_frozen_stages_end_at_strides(task):
    freeze(task.network, "movenet-multipose", 2)
    blocks = [p.requires_grad for p in task.network.trunk.blocks[5].parameters()]
    assert not any(blocks)
    assert all(p.requires_grad for p in task.network.trunk.blocks[6].parameters())


def test_a_network_without_joints_is_not_chosen_by_them(tmp_path):
    with pytest.raises(ConfigError, match="nanodet-half sees no joints"):
        command.train_detect(
            write_mix(tmp_path), output=tmp_path / "m", device="cpu",
            set={**SMALL, "network": "nanodet-half"},
        )  # fmt: skip
