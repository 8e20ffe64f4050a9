"""What a region's features say: its class, its box, and where its joints are."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

from hie_cli.models.networks.boxes import clipped, moved, suppressed
from hie_cli.models.networks.rcnn.pyramid import WIDTH
from hie_cli.models.networks.rcnn.regions import pooled

PERSON = 1  # class 0 is the background
JOINTS = 17
BOX_SIDE, JOINT_SIDE = 7, 14  # cells of a region's features
HEAT_SIDE = 4 * JOINT_SIDE
WEIGHTS = (10.0, 10.0, 5.0, 5.0)  # of ``boxes.offsets``
FLOOR = 0.05  # a person's lowest score
_OVERLAP = 0.5  # of two people
_LEAST_SIDE = 1e-2
_HIDDEN, _JOINT_WIDTH = 1024, 512


class BoxHead(nn.Module):
    """Features (M, 256, 7, 7) -> (M, 1024)."""

    def __init__(self) -> None:
        super().__init__()
        self.fc6 = nn.Linear(WIDTH * BOX_SIDE**2, _HIDDEN)
        self.fc7 = nn.Linear(_HIDDEN, _HIDDEN)

    def forward(self, regions: Tensor) -> Tensor:
        """See the class."""
        return relu(self.fc7(relu(self.fc6(regions.flatten(1)))))


class BoxPredictor(nn.Module):
    """(M, 1024) -> class logits (M, K), offsets (M, K, 4) of each class."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.cls_score = nn.Linear(_HIDDEN, classes)
        self.bbox_pred = nn.Linear(_HIDDEN, 4 * classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        logits = self.cls_score(x).float()
        return logits, self.bbox_pred(x).float().view(len(x), -1, 4)


def joint_head() -> nn.Sequential:
    """Features (M, 256, 14, 14) -> (M, 512, 14, 14), eight convolutions."""
    layers: list[nn.Module] = []
    for c_in in (WIDTH, *[_JOINT_WIDTH] * 7):
        convolution = nn.Conv2d(c_in, _JOINT_WIDTH, 3, padding=1)
        _begin(convolution)
        layers += [convolution, nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class JointPredictor(nn.Module):
    """(M, 512, 14, 14) -> logits (M, 17, 56, 56) of where each joint is."""

    def __init__(self) -> None:
        super().__init__()
        self.kps_score_lowres = nn.ConvTranspose2d(_JOINT_WIDTH, JOINTS, 4, 2, 1)
        _begin(self.kps_score_lowres)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        low = self.kps_score_lowres(x).float()
        return interpolate(low, scale_factor=2.0, mode="bilinear", align_corners=False)


def _begin(layer: nn.Conv2d | nn.ConvTranspose2d) -> None:
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)


class RegionHeads(nn.Module):
    """Second stage; ``joints``: whether it sees poses."""

    def __init__(self, classes: int, joints: bool) -> None:
        super().__init__()
        self.box_head = BoxHead()
        self.box_predictor = BoxPredictor(classes)
        if joints:
            self.keypoint_head = joint_head()
            self.keypoint_predictor = JointPredictor()

    def boxes(self, levels: Sequence[Tensor], regions: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Class logits and offsets of all pictures' regions in one row."""
        x = self.box_head(pooled(levels, regions, BOX_SIDE))
        found: tuple[Tensor, Tensor] = self.box_predictor(x)
        return found

    def joints(self, levels: Sequence[Tensor], regions: Sequence[Tensor]) -> Tensor:
        """Joint logits (M, 17, 56, 56) of all pictures' regions in one row."""
        maps: Tensor = self.keypoint_predictor(
            self.keypoint_head(pooled(levels, regions, JOINT_SIDE))
        )
        return maps


def people(
    logits: Tensor, by: Tensor, regions: Tensor, height: int, width: int, most: int
) -> tuple[Tensor, Tensor]:
    """Boxes (K, 4) and scores (K,) of one picture's people, at most ``most``, best first."""
    chance = logits.softmax(-1)[:, PERSON]
    boxes = clipped(moved(regions, by[:, PERSON], WEIGHTS), height, width)
    good = (chance > FLOOR) & ((boxes[:, 2:] - boxes[:, :2]) >= _LEAST_SIDE).all(1)
    boxes, chance = boxes[good], chance[good]
    kept = suppressed(boxes, chance, _OVERLAP)[:most]
    return boxes[kept], chance[kept]


def placed(maps: Tensor, boxes: Tensor) -> Tensor:
    """Joints (K, 17, 3): x, y and logit, where each map (K, 17, 56, 56) is highest in its box.

    As published: the map is brought to the box's size in whole pixels by cubic interpolation.
    """
    found = maps.new_zeros((len(boxes), maps.shape[1], 3))
    sizes = (boxes[:, 2:] - boxes[:, :2]).clamp(min=1)
    whole = sizes.ceil()
    for k, (width, height) in enumerate(whole.int().tolist()):
        heat = interpolate(
            maps[k : k + 1], size=(height, width), mode="bicubic", align_corners=False
        )[0].flatten(1)
        score, best = heat.max(1)
        column, row = best % width, best.div(width, rounding_mode="floor")
        at = (torch.stack((column, row), 1) + 0.5) * (sizes[k] / whole[k]) + boxes[k, :2]
        found[k] = torch.cat((at, score[:, None]), 1)
    return found
