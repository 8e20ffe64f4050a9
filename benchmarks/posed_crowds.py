"""Rendered crowds, posed by noise on the truth or by the networks."""

from collections.abc import Iterable, Iterator

import numpy as np
from pose_clips import Chain, Scene, Truth, heights, posed

from hie_cli.core.types import Frame
from hie_cli.simulation.crowd import CrowdConfig, simulate
from hie_cli.simulation.observe import Noise, observe
from hie_cli.simulation.render import render


def simulated(
    seeds: Iterable[int], frames: int, fps: float, chain: Chain | None = None
) -> Iterator[Scene]:
    """Rendered crowds, posed by ``chain``, or as the truth with noise and with things missing."""
    kinds = {
        "clean": Noise(0.005, 0.004, 0.004, 0, 0, 0, 0, 0, memory=0.0),
        "joint noise": Noise(0.01, 0.025, 0.06, 0.03, 0, 0, 0, 0, memory=0.3),
        "missing": Noise(0.01, 0.008, 0.03, 0, 0.1, 0.1, 0, 0, memory=0.3),
        "everything": Noise(breaks=0),
    }
    for seed in seeds:
        size = {"width": 960, "height": 540}
        crowd = simulate(CrowdConfig(seed, 14, frames, fps, **size, split="test"))
        images = [Frame(f.index, f.image.copy()) for f in render(crowd)]
        truths = []
        for t in range(frames):
            who = np.flatnonzero(crowd.present[:, t] & crowd.seen[:, t].any(-1))
            joints = np.where(crowd.seen[who, t, :, None], crowd.pixels[who, t, :14], np.nan)
            boxes = crowd.boxes[who, t]
            truths.append(Truth(boxes, joints, who, heights(boxes)))
        if chain is not None:
            yield Scene("networks", truths, chain(f"crowd{seed}-{fps:g}", images, fps), fps)
            continue
        for kind, noise in kinds.items():
            people = [item.people.replace(track_ids=None) for item in observe(crowd, noise)]
            yield Scene(kind, truths, posed(images, people), fps)
