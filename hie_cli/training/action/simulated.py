"""Simulated crowds as training data, rendered for networks that look at pixels."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from hie_cli.core.progress import progress
from hie_cli.core.types import Frame
from hie_cli.recognition.learned.network_specs import NetworkSpec
from hie_cli.simulation.crowd import Crowd, CrowdConfig, simulate, truth
from hie_cli.simulation.observe import draw_noise, observe
from hie_cli.simulation.render import render
from hie_cli.simulation.style import Split
from hie_cli.training.action.data import Material
from hie_cli.training.action.labels import labels_of
from hie_cli.training.action.pixels import PixelStore
from hie_cli.training.action.samples import Sample, samples_of

FIRST_SEED = 100_000  # apart from the seeds that people try by hand
SIZE = (1280, 720)
RENDERED = (640, 360)  # cheaper to draw, and enough for crops of 48 pixels


def scene(split: Split, number: int, size: tuple[int, int] = SIZE) -> Material:
    """Crowd ``number`` of a split: 2-30 people for 7 s at 10-30 fps, observed well or very badly.

    Small crowds are as common as large ones; joints err by 0.3 to 6 times the usual, as on people
    of 300 or of 30 pixels. Labelled about once a second.
    """
    rng = np.random.default_rng([number, split == "test", 7])
    fps = float(rng.choice([10, 12.5, 15, 25, 30]))
    config = CrowdConfig(
        seed=FIRST_SEED + number,
        people=round(float(np.exp(rng.uniform(np.log(2), np.log(30))))),
        frames=round(7 * fps),
        fps=fps,
        width=size[0],
        height=size[1],
        split=split,
        pillars=int(rng.integers(0, 3)),
    )
    noise = draw_noise(rng)
    crowd = simulate(config)
    observed = observe(crowd, noise)
    step = max(1, round(fps))
    labels = labels_of(observed[::step], truth(crowd).frames)
    by_position = {k * step: row for k, row in labels.items()}

    def frames(indices: Sequence[int]) -> Iterable[Frame]:
        pictures = render(at(crowd, indices))
        return (Frame(t, p.image) for t, p in zip(indices, pictures, strict=True))

    return Material(crowd.info.name, crowd.info, observed, by_position, frames)


def at(crowd: Crowd, indices: Sequence[int]) -> Crowd:
    """The crowd at some of its frames only, so that only those are drawn."""
    chosen = np.asarray(indices, np.int64)
    actors = tuple(
        dataclasses.replace(a, position=a.position[chosen], heading=a.heading[chosen])
        for a in crowd.actors
    )
    parts = {
        name: getattr(crowd, name)[:, chosen]
        for name in ("world", "pixels", "depth", "boxes", "present", "seen", "actions")
    }
    config = dataclasses.replace(crowd.config, frames=len(chosen))
    return dataclasses.replace(crowd, config=config, actors=actors, **parts)


def simulated_samples(
    split: Split, scenes: int, kind: NetworkSpec, first: int = 0, store: PixelStore | None = None
) -> Iterator[Sample]:
    """Samples of ``scenes`` crowds from number ``first`` on, about one second apart."""
    size = SIZE if kind.wanted is None else RENDERED
    for number in progress(range(first, first + scenes), f"simulating {split}", unit="scene"):
        crowd = scene(split, number, size)
        yield from samples_of(crowd, crowd.labels, kind, store)
