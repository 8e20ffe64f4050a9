import pytest
import torch

from hie_cli.core import config as settings
from hie_cli.core.errors import ConfigError
from hie_cli.models.manifest import packaged
from hie_cli.models.networks.rcnn.detector import RCNN
from hie_cli.models.networks.rcnn.heads import HEAT_SIDE
from hie_cli.models.networks.rcnn.proposals import Objectness
from hie_cli.training.data.items import find_items
from hie_cli.training.data.mix import read_mix
from hie_cli.training.detect import rcnn
from hie_cli.training.detect import train_detect as command
from hie_cli.training.detect.pictures import Batch
from hie_cli.training.detect.rcnn import ANCHORS, BACKGROUND, BETWEEN, REGIONS, RCNNTask
from hie_cli.training.detect.settings import DetectTrainConfig
from hie_cli.training.detect.trainable import beginning, freeze
from hie_cli.training.engine.pixel_store import PixelFile
from tests.support.stills import write_mix

PERSON = torch.tensor([[0.0, 0, 10, 10]])
NOTHING_IGNORED = torch.zeros((64, 64), dtype=torch.bool)
NOT_LABELLED = torch.full((1, 14, 2), float("nan"))


def boxes_of_overlap(*overlaps):
    """Boxes inside ``PERSON``, as high, whose overlap with it is their share of its width."""
    return torch.tensor([[0.0, 0, 10 * share, 10] for share in overlaps])


def test_who_answers_for_whom_by_hand():
    boxes = torch.cat((boxes_of_overlap(0.8, 0.6, 0.4, 0.2), torch.tensor([[30.0, 30, 40, 40]])))
    assert rcnn.matched(boxes, PERSON, ANCHORS).tolist() == [
        0, BETWEEN, BETWEEN, BACKGROUND, BACKGROUND,
    ]  # fmt: skip
    assert rcnn.matched(boxes, PERSON, REGIONS).tolist() == [0, 0] + [BACKGROUND] * 3
    # Nobody is left without: the best anchors are theirs, however small the overlap.
    assert rcnn.matched(boxes[3:], PERSON, ANCHORS).tolist() == [0, BACKGROUND]
    assert rcnn.matched(boxes[4:], PERSON, ANCHORS).tolist() == [BACKGROUND]
    assert rcnn.matched(boxes, PERSON[:0], ANCHORS).tolist() == [BACKGROUND] * 5


def test_how_many_are_taken():
    """A quarter of 512 regions at most are people's; background fills up, where it is known."""
    boxes = torch.cat((PERSON.repeat(300, 1), torch.tensor([[30.0, 30, 40, 40]]).repeat(900, 1)))
    chosen, whose = rcnn.taken(boxes, PERSON, NOTHING_IGNORED, REGIONS)
    assert (len(chosen), int((whose == 0).sum())) == (512, 128)
    chosen, whose = rcnn.taken(boxes, PERSON, ~NOTHING_IGNORED, REGIONS)
    assert (len(chosen), int((whose == 0).sum())) == (128, 128)


def test_the_first_stage_s_loss_by_hand():
    """One anchor on the person, one elsewhere, both said to be even: 2 ln 2 / 2; an offset wrong by
    1 costs 1 - 1 / 18, over two anchors.
    """
    anchors = torch.cat((PERSON, torch.tensor([[30.0, 30, 40, 40]])))
    by = torch.zeros(1, 2, 4)
    by[0, 0, 2] = 1.0
    batch = Batch(torch.zeros(1, 64, 64, 3), (PERSON,), (NOT_LABELLED,), NOTHING_IGNORED[None], ())
    found = Objectness(torch.zeros(1, 2), by, anchors, (2,), 64, 64)
    want = torch.tensor(2.0).log() + (1 - 1 / 18) / 2
    torch.testing.assert_close(rcnn.first_stage_loss(found, batch), want)


def test_the_second_stage_s_loss_by_hand():
    regions, whose = torch.cat((PERSON, PERSON + 30)), torch.tensor([0, BACKGROUND])
    by = torch.zeros(2, 2, 4)
    by[0, 1, 0] = 0.05  # below 1 / 9: squared, 9 / 2 times
    by[:, 0] = 7.0  # offsets of the background do not count
    loss = rcnn.second_stage_loss(torch.zeros(2, 2), by, [regions], [whose], (PERSON,))
    torch.testing.assert_close(loss, torch.tensor(2.0).log() + 4.5 * 0.05**2 / 2)


def test_a_joint_s_cell_by_hand():
    region = torch.tensor([[10.0, 20, 66, 132]])  # 56 wide, 112 high: cells of 1 x 2
    joints = NOT_LABELLED.clone()
    joints[0, 0] = torch.tensor([13.5, 25.0])  # HiEve's nose is COCO's
    joints[0, 3] = torch.tensor([5.0, 25.0])  # outside
    joints[0, 4] = torch.tensor([66.0, 132.0])  # on the far corner: the last cell
    cells = rcnn.cells_of(region, joints)
    assert cells[0, 0] == 2 * HEAT_SIDE + 3
    assert sorted(cells[0].tolist())[-1] == HEAT_SIDE**2 - 1
    assert int((cells >= 0).sum()) == 2
    maps = torch.zeros(1, 17, HEAT_SIDE, HEAT_SIDE, requires_grad=True)
    loss = rcnn.joint_loss(maps, cells)
    torch.testing.assert_close(loss, torch.tensor(float(HEAT_SIDE**2)).log())
    nobody = rcnn.joint_loss(maps, torch.full((1, 17), -1))
    nobody.backward()
    assert nobody.item() == 0


def test_both_stages_learn_from_a_batch(tmp_path):
    config = settings.load(
        DetectTrainConfig(), None,
        {"network": "keypointrcnn-r50", "side": 64, "batch": 1, "images": 1, "workers": 0},
    )  # fmt: skip
    with PixelFile(tmp_path / "store") as store:
        items = find_items(read_mix(write_mix(tmp_path, count=4)), store, 128)
        torch.manual_seed(0)
        network = beginning("keypointrcnn-r50", None)
        assert isinstance(network, RCNN)
        freeze(network, "keypointrcnn-r50", 4)
        task = RCNNTask(network, packaged("keypointrcnn-r50"), items, config, "cpu")
        batch = next(iter(task.batches(0)))
        loss, count = task.loss(batch)
        loss.backward()
        with torch.no_grad():  # joints of everybody whom random weights see would take a minute
            network.roi_heads.box_predictor.cls_score.bias[0] += 9
        figures = task.validate()
    assert count == 1
    assert torch.isfinite(loss)
    assert set(figures) == {"AP50", "AP", "recall", "OKS_AP"}
    for part in (network.rpn.head.conv, network.roi_heads.box_head, network.backbone.fpn):
        assert all(p.grad is not None and p.grad.any() for p in part.parameters())
    last = network.roi_heads.keypoint_predictor.kps_score_lowres.weight
    assert bool((last.grad != 0).any())
    assert not any(p.requires_grad for p in network.backbone.body.parameters())


def test_features_of_two_stages_are_not_imitated(tmp_path):
    with pytest.raises(ConfigError, match="learns from boxes only"):
        command.train_detect(
            write_mix(tmp_path), teacher="nanodet", output=tmp_path / "m", device="cpu",
            set={"network": "fasterrcnn-r50", "side": 64, "workers": 0},
        )  # fmt: skip
