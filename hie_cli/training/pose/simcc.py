"""Joints as bins of two axes: divergence from smoothed places, and what OKS would say."""

import torch
from torch import Tensor

from hie_cli.models.decoders.centernet import STRIDE
from hie_cli.models.networks.simcc import SPLIT, SimCCPose, spread
from hie_cli.training.engine.distributed import shared_count
from hie_cli.training.pose.losses import missed_oks
from hie_cli.training.pose.task import PoseBatch, PoseTask


class SimCCTask(PoseTask):
    """``PoseTask`` with SimCC's losses."""

    network: SimCCPose

    def loss(self, batch: PoseBatch) -> tuple[Tensor, int]:
        """See ``Task``."""
        logits = self.network.logits(batch.images)
        pixels = batch.points * STRIDE  # (N, 17, 2) x, y
        deviation = spread(self.network.side)
        total = simcc_kl(logits, pixels * SPLIT, batch.labelled, deviation)
        if self.config.oks_weight:
            found = torch.stack([expected(each) for each in logits], -1) / (SPLIT * STRIDE)
            missed = missed_oks(found, batch.points, batch.labelled, batch.areas)
            total = total + self.config.oks_weight * missed
        return total, len(batch.images)


def simcc_kl(
    logits: tuple[Tensor, Tensor], places: Tensor, labelled: Tensor, deviation: float
) -> Tensor:
    """KL(Gaussian round the true bin || softmax), summed over x and y, mean of labelled joints.

    logits: of x and y, (N, K, bins) · places (N, K, 2): in bins · labelled (N, K).
    """
    total = logits[0].new_zeros(())
    for each, place in zip(logits, places.unbind(-1), strict=True):
        bins = torch.arange(each.shape[-1], device=each.device)
        log_target = (-((bins - place[..., None]) ** 2) / (2 * deviation**2)).log_softmax(-1)
        kl = (log_target.exp() * (log_target - each.log_softmax(-1))).sum(-1)
        total = total + (kl * labelled).sum()
    return total / shared_count(labelled.sum())


def expected(logits: Tensor) -> Tensor:
    """The mean bin (...,) of logits (..., bins)."""
    bins = torch.arange(logits.shape[-1], device=logits.device, dtype=logits.dtype)
    return (logits.softmax(-1) * bins).sum(-1)
