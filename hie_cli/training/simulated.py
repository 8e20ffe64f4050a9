"""Simulated crowds as training data, kept in memory."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from hie_cli.progress import progress
from hie_cli.recognition_models.clips import Sampling
from hie_cli.simulation.crowd import CrowdConfig, simulate, truth
from hie_cli.simulation.observe import Noise, observe
from hie_cli.simulation.style import Split
from hie_cli.training.labels import labels_of
from hie_cli.training.samples import Sample, samples_of
from hie_cli.types import FramePeople, TruthSequence, VideoInfo

FIRST_SEED = 100_000  # apart from the seeds that people try by hand


def scene(split: Split, number: int) -> tuple[list[FramePeople], VideoInfo, TruthSequence]:
    """Crowd ``number`` of a split: 2-30 people for 7 s at 10-30 fps, observed well or very badly.

    Small crowds are as common as large ones; joints err by 0.3 to 6 times the usual, as on people
    of 300 or of 30 pixels.
    """
    rng = np.random.default_rng([number, split == "test", 7])
    fps = float(rng.choice([10, 12.5, 15, 25, 30]))
    config = CrowdConfig(
        seed=FIRST_SEED + number,
        people=round(float(np.exp(rng.uniform(np.log(2), np.log(30))))),
        frames=round(7 * fps),
        fps=fps,
        split=split,
        pillars=int(rng.integers(0, 3)),
    )
    worse = float(np.exp(rng.uniform(np.log(0.3), np.log(6.0))))
    boxes_worse = float(np.exp(rng.uniform(np.log(0.3), np.log(3.0))))
    usual = Noise()
    noise = dataclasses.replace(
        usual,
        box=usual.box * boxes_worse,
        joint=usual.joint * worse,
        hidden=min(0.2, usual.hidden * worse),
        lost_joint=min(0.3, usual.lost_joint * worse),
        missed=min(0.2, usual.missed * boxes_worse),
        memory=float(rng.uniform(0.0, 0.9)),
    )
    crowd = simulate(config)
    return observe(crowd, noise), crowd.info, truth(crowd)


def simulated_samples(
    split: Split, scenes: int, sampling: Sampling, first: int = 0
) -> Iterator[Sample]:
    """Samples of ``scenes`` crowds from number ``first`` on, about one second apart."""
    for number in progress(range(first, first + scenes), f"simulating {split}", unit="scene"):
        observed, video, exact = scene(split, number)
        step = max(1, round(video.fps))
        frames = exact.frames
        labels = labels_of(observed[::step], frames)
        by_position = {k * step: row for k, row in labels.items()}
        yield from samples_of(observed, video, by_position, sampling)
