"""Trains a small recogniser of actions, in as many processes as torchrun starts.

Arguments: the output folder, the batch of each process, ``resume`` or ``new``, and the epoch in
which the second process is killed (-1: none).
"""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from hie_cli.recognition.learned.pose_stream import PoseStream
from hie_cli.training.action.learning import train
from hie_cli.training.action.samples import Sample
from hie_cli.training.action.settings import TrainConfig
from hie_cli.training.engine import distributed
from hie_cli.training.engine.report import write_log
from tests.support.two_classes import samples


def moving(count: int, seed: int = 0) -> list[Sample]:
    """``samples`` of people whose joints move, so that no channel is constant."""
    rng = np.random.default_rng(seed + 100)
    found = []
    for sample in samples(count, seed):
        joints = rng.normal(0, 1, sample.view.joints.shape).astype(np.float32)
        found.append(replace(sample, view=replace(sample.view, joints=joints)))
    return found


def trained(folder: Path, batch: int, *, resume: bool = False) -> list[dict[str, float]]:
    """Every epoch's figures, without dropout."""
    torch.manual_seed(5)
    network = PoseStream(width=16, channels=(4, 4))
    network.drop.p = 0.0  # what is dropped hangs on the process
    config = TrainConfig(epochs=4, batch=batch, learning_rate=0.01)
    with distributed.group("cpu"):
        done = train(network, moving(22), moving(8, 1), config, folder, resume=resume)
    return done.history


def kill_in(epoch: int) -> None:
    """Let the second process die without a word when it waits for the figures of ``epoch``."""
    real, calls = distributed.from_first, []

    def waiting(value):
        calls.append(0)
        if len(calls) > epoch and distributed.rank() == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(value)

    distributed.from_first = waiting


if __name__ == "__main__":
    output, size, how, last = sys.argv[1:]
    if int(last) >= 0:
        kill_in(int(last))
    history = trained(Path(output), int(size), resume=how == "resume")
    if distributed.rank() == 0:
        write_log(Path(output), history)
