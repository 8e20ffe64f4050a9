import numpy as np
import pytest
import torch

from hie_cli.core import config as settings
from hie_cli.models.decoders.heatmaps import Heatmaps
from hie_cli.models.manifest import packaged
from hie_cli.models.networks.hrnet import HRNet
from hie_cli.training.data.items import find_items
from hie_cli.training.data.mix import read_mix
from hie_cli.training.data.samples import Sample, narrowed
from hie_cli.training.engine.pixel_store import PixelFile
from hie_cli.training.pose.gaussians import gaussians
from hie_cli.training.pose.heatmaps import (
    SPREAD,
    HeatmapTask,
    backbone_of,
    expected_places,
    heatmap_loss,
)
from hie_cli.training.pose.settings import PoseTrainConfig
from hie_cli.training.pose.trainable import TRAINABLE
from tests.support.learning import losses_by_heart
from tests.support.stills import write_mix


def test_the_loss_by_hand():
    """Maps of 0 against a peak: half its squares over the cells; what is unknown is free."""
    points, labelled = torch.tensor([[[8.0, 6.0]]]), torch.ones(1, 1)
    maps, known = torch.zeros(1, 1, 16, 12), torch.ones(1, 1, 16, 12)
    peak = gaussians(points[0] + 0.5, torch.tensor(SPREAD), 16, 12)
    assert peak[0, 6, 8] == 1
    want = (peak**2).sum() / (2 * 16 * 12)
    torch.testing.assert_close(heatmap_loss(maps, points, labelled, known), want)
    assert heatmap_loss(peak[None], points, labelled, known) == 0
    assert heatmap_loss(maps, points, labelled, known * 0) == 0
    assert heatmap_loss(maps, points, labelled * 0, known) == 0
    torch.testing.assert_close(expected_places(peak[None]), points, atol=0.35, rtol=0)


def test_what_is_learned_is_decoded_where_it_was():
    """The peak of a joint at pixel (41, 30) is read within half a cell."""
    points = torch.tensor([[[41.0, 30.0]]]) / 4
    maps = gaussians(points[0] + 0.5, torch.tensor(SPREAD), 64, 48).expand(17, 64, 48)[None]
    found, scores = Heatmaps(keypoints="coco17")([maps.numpy()], None, (192, 256))
    assert np.abs(found[0, 0] - [41, 30]).max() <= 2
    assert scores[0, 0] == 1


def test_a_narrow_window_is_the_middle_of_a_square_one():
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, 8:56] = 7
    points = np.full((1, 14, 2), np.nan)
    points[0, :2] = [[20, 30], [4, 30]]
    boxes, ignored = np.array([[4.0, 4, 60, 60]]), np.zeros((64, 64), bool)
    sample = Sample(image, boxes, np.zeros(1, bool), points, ignored, 0)
    found = narrowed(sample, (48, 64))
    assert found.image.shape == (64, 48, 3)
    assert found.image.min() == 7
    assert found.boxes.tolist() == [[0, 4, 48, 60]]
    assert found.keypoints[0, 0].tolist() == [12, 30]
    assert np.isnan(found.keypoints[0, 1]).all()
    assert narrowed(sample, (64, 64)) is sample


@pytest.mark.parametrize("oks", [0, 1])
def test_it_learns(tmp_path, oks):
    """A narrow HRNet's loss of one batch falls while it is learned by heart."""
    config = settings.load(
        PoseTrainConfig(), None,
        {"network": "hrnet-w32", "batch": 2, "people": 2, "workers": 0, "oks_weight": oks},
    )  # fmt: skip
    with PixelFile(tmp_path / "store") as store:
        items = find_items(read_mix(write_mix(tmp_path, count=4)), store, 320)
        torch.manual_seed(0)
        network = HRNet(4)
        task = HeatmapTask(network, packaged("hrnet-w32"), items, config, "cpu")
        batch = next(iter(task.batches(0)))
    assert batch.images.shape == (2, 256, 192, 3)
    assert batch.heat_known.shape == (2, 17, 64, 48)
    values, _ = losses_by_heart(task, batch, network, 3e-3, steps=5)
    assert values[-1] < 0.9 * values[0]


def test_the_published_ones_can_be_trained():
    for name in ("simplebaseline-r50", "hrnet-w32", "hrnet-w48"):
        kind = TRAINABLE[name]
        assert kind.task is HeatmapTask
        with torch.device("meta"):
            network = kind.begin()
        kept = {id(p) for part in backbone_of(network) for p in part.parameters()}
        left = [n for n, p in network.named_parameters() if id(p) not in kept]
        assert all(n.startswith(("stage4", "deconv_layers", "final_layer")) for n in left)
        assert left
