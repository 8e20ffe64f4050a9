import math

import numpy as np
import pytest
import torch

from hie_cli.core import config as settings
from hie_cli.models import registry
from hie_cli.models.decoders.simcc import SimCC
from hie_cli.models.manifest import packaged
from hie_cli.models.networks.simcc import SPLIT, from_maps, spread
from hie_cli.models.packaged import movenet
from hie_cli.training.data.items import find_items
from hie_cli.training.data.mix import read_mix
from hie_cli.training.engine.pixel_store import PixelFile
from hie_cli.training.pose import train_pose as command
from hie_cli.training.pose.settings import PoseTrainConfig
from hie_cli.training.pose.simcc import SimCCTask, expected, simcc_kl
from hie_cli.training.pose.trainable import beginning
from tests.support.learning import losses_by_heart
from tests.support.stills import picture, write_mix

SMALL = {
    "network": "lightning-simcc", "epochs": 1, "batch": 2, "people": 2, "threads": 1, "workers": 0,
}  # fmt: skip


def test_widths_are_the_published_ones():
    assert [round(spread(side), 2) for side in (192, 256, 384)] == [4.9, 5.66, 6.93]


def test_the_divergence_by_hand():
    """Against even bins: the entropy of the target short of ln(bins); 0 for the target itself."""
    bins, deviation = 64, 2.0
    places = torch.tensor([[[20.0, 40.0]]])
    even = torch.zeros(1, 1, bins)
    entropy = math.log(deviation * math.sqrt(2 * math.pi * math.e))  # of a Gaussian
    loss = simcc_kl((even, even), places, torch.ones(1, 1), deviation)
    assert loss.item() == pytest.approx(2 * (math.log(bins) - entropy), abs=1e-3)
    at = torch.arange(bins)
    x, y = (-((at - p) ** 2) / (2 * deviation**2) for p in (20, 40))
    assert simcc_kl((x[None, None], y[None, None]), places, torch.ones(1, 1), 2.0).item() < 1e-6
    assert simcc_kl((even, even), places, torch.zeros(1, 1), 2.0).item() == 0
    assert expected(x).item() == pytest.approx(20, abs=1e-3)


def test_it_begins_with_what_lightning_sees():
    """A bump of the joints' maps gives the bins at its place the highest logits."""
    lightning = movenet.LIGHTNING_NETWORK.trained()
    network = from_maps(lightning)
    maps = torch.zeros(1, 17, 48, 48)
    maps[0, 0, 10, 30] = 1  # row, column; its middle is at pixels 42, 122
    x, y = network.to_x(maps.flatten(2)), network.to_y(maps.flatten(2))
    assert x[0, 0].argmax().item() / SPLIT == 122
    assert y[0, 0].argmax().item() / SPLIT == 42
    assert x[0, 0].max().item() == pytest.approx(5.0)


def test_the_decoder_reads_it():
    network = from_maps(movenet.LIGHTNING_NETWORK.trained()).eval()
    with torch.no_grad():
        outputs = network(torch.from_numpy(picture([[60, 20, 130, 180]], (192, 192))[None]))
    assert [tuple(o.shape) for o in outputs] == [(1, 17, 384)] * 2
    points, scores = SimCC(keypoints="coco17")([o.numpy() for o in outputs], None, (192, 192))
    assert points.shape == (1, 14, 2)
    assert scores.max() <= 1


@pytest.mark.parametrize("oks", [0.0, 1.0])
def test_it_learns(tmp_path, oks):
    """The loss of one batch falls while it is learned by heart."""
    config = settings.load(PoseTrainConfig(), None, {**SMALL, "oks_weight": oks})
    with PixelFile(tmp_path / "store") as store:
        items = find_items(read_mix(write_mix(tmp_path, count=4)), store, 320)
        network = beginning("lightning-simcc", None)
        network.trunk.requires_grad_(False)
        task = SimCCTask(network, packaged("lightning-simcc"), items, config, "cpu")
        batch = next(iter(task.batches(0)))
    values, count = losses_by_heart(task, batch, network, 3e-3, steps=6)
    assert count == 2
    assert values[-1] < 0.8 * values[0]


def test_its_folder_is_a_pose_network(tmp_path):
    done = command.train_pose(
        write_mix(tmp_path, count=4), output=tmp_path / "m", set={**SMALL, "frozen": True},
        device="cpu",
    )  # fmt: skip
    model = registry.load_estimator(str(done.folder), "cpu", threads=1)
    ((points, scores),) = model.estimate(
        [picture([[20, 10, 60, 100]])], [np.array([[20.0, 10, 60, 100]])]
    )
    assert points.shape == (1, 14, 2)
    assert np.isfinite(scores).all()
