"""A small world in memory whose figures are easy to see: three people in each of three videos."""

import dataclasses

import numpy as np

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.types import FramePeople, People
from hie_cli.evaluation.settings import BootstrapConfig, EvalConfig

FRAMES = 21
CONFIG = EvalConfig(bootstrap=BootstrapConfig(samples=60))


def sequence(seed, noise=0.0, missed=0.0):
    """Three people walking in parallel with poses, ids and actions, and a view of them."""
    rng = np.random.default_rng(seed)
    truth, people = [], []
    for t in range(FRAMES):
        left = np.array([0.0, 100.0, 200.0]) + 2 * t
        boxes = np.stack([left, np.full(3, 10.0), left + 30, np.full(3, 90.0)], 1)
        pose = boxes[:, None, :2] + np.linspace(0, 1, 14)[:, None] * (30.0, 80.0)
        actions = np.array([0, 8, 10])
        truth.append(
            Annotations(
                boxes, [1, 2, 3], [False] * 3, pose, np.ones((3, 14)),
                actions if t % 20 == 0 else None,
            )
        )  # fmt: skip
        seen = rng.random(3) >= missed
        view = People(
            boxes + rng.normal(0, noise, boxes.shape),
            rng.uniform(0.5, 1, 3),
            np.array([7, 8, 9]),
            pose + rng.normal(0, noise, pose.shape),
            rng.uniform(0.5, 1, (3, 14)),
            np.clip(np.eye(14)[actions] + rng.normal(0, 0.02 * noise, (3, 14)), 0, 1),
        )
        people.append(FramePeople(t, view[seen]))
    return TruthSequence("", tuple(truth)), tuple(people)


def world(noise=0.0, missed=0.0, names=("2", "10", "1")):
    made = {name: sequence(i, noise, missed) for i, name in enumerate(names)}
    truth = {n: dataclasses.replace(t, name=n) for n, (t, _) in made.items()}
    return truth, {n: p for n, (_, p) in made.items()}
