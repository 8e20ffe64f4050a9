"""What it costs a student's feature maps to differ from its teacher's."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hie_cli.training.engine import distributed

# CWD's and PKD's weights as published (logits of a GFL head; FCOS to RetinaNet). Imitation's lambda
# is .01 for VGG16's maps after their ReLU; the squares of NanoDet's neck sum to 1 to 8 a cell over
# the channels, so that .01 of them would be a hundredth of the detector's own loss.
IMITATION, CWD, PKD = 1.0, 2.0, 10.0
_STILL = 1e-12  # variance of a channel that is the same everywhere
_SPREAD = 1e-4  # of the adapter's first weights, cut at two deviations


class Adapter(nn.Sequential):
    """From the student's channels to the teacher's: 3 x 3 convolution, nearly 0 at first.

    So the first loss is about the square of the teacher's features; hence the warm-up. rectified:
    with a ReLU, as published for a teacher's maps after theirs; half of the energy of a neck's maps
    is below 0, where it could not follow.
    """

    def __init__(self, student: int, teacher: int, rectified: bool = False) -> None:
        convolution = nn.Conv2d(student, teacher, 3, padding=1)
        nn.init.trunc_normal_(convolution.weight, std=_SPREAD, a=-2 * _SPREAD, b=2 * _SPREAD)
        assert convolution.bias is not None
        nn.init.zeros_(convolution.bias)
        super().__init__(convolution, *([nn.ReLU()] if rectified else []))


def imitated(
    student: Sequence[Tensor], teacher: Sequence[Tensor], mask: Sequence[Tensor], normaliser: float
) -> Tensor:
    """Sum of squared differences over the masked cells and all channels, / (normaliser * cells).

    Maps (N, C, h, w), one a level, and which cells count (N, h, w); the cells are those of the
    whole batch (on all processes). Without any it is 0, with a gradient of 0.
    """
    cells = torch.stack([m.sum() for m in mask]).sum().float()
    total = sum(
        (((s - t.detach()) ** 2).sum(1) * m).sum()
        for s, t, m in zip(student, teacher, mask, strict=True)
    )
    assert isinstance(total, Tensor)
    return total / (normaliser * distributed.shared_count(cells))


def channel_wise(
    student: Sequence[Tensor], teacher: Sequence[Tensor], temperature: float
) -> Tensor:
    """CWD: tau^2 KL(teacher || student) of each channel's softmax over all cells, / (C N).

    C. Shu et al., Channel-wise Knowledge Distillation (ICCV 2021); summed over the levels.
    """
    total = student[0].new_zeros(())
    for s, t in zip(student, teacher, strict=True):
        soft = (t.detach().flatten(2) / temperature).softmax(-1)
        logs = (s.flatten(2) / temperature).log_softmax(-1)
        kl = (soft * (soft.clamp(min=1e-12).log() - logs)).sum()
        total = total + kl * temperature**2 / (s.shape[0] * s.shape[1])
    return total


def pearson(student: Sequence[Tensor], teacher: Sequence[Tensor]) -> Tensor:
    """PKD: half the mean squared difference of maps whose channels have mean 0 and deviation 1.

    W. Cao et al., PKD (NeurIPS 2022): 1 - the Pearson correlation; statistics over the batch (of
    all processes) and all cells; summed over the levels.
    """
    total = student[0].new_zeros(())
    for s, t in zip(student, teacher, strict=True):
        total = total + ((_normal(s) - _normal(t.detach())) ** 2).mean() / 2
    return total


def _normal(maps: Tensor) -> Tensor:
    flat = maps.transpose(0, 1).flatten(1)
    count = distributed.shared_sum(flat.new_tensor(float(flat.shape[1])))
    apart = flat - distributed.shared_sum(flat.sum(1, keepdim=True)) / count
    variance = distributed.shared_sum((apart**2).sum(1, keepdim=True)) / (count - 1)
    return apart / (variance + _STILL).sqrt()
