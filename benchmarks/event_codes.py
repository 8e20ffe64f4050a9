"""Search for events in simulated crowds: video codes, crowd statistics alone, backbone alone.

    python benchmarks/event_codes.py --cache events.npz

Clips of 16 frames (2.6 s, 640 x 360) of ten people, some of whom fight, queue, fall, climb stairs
or gather while the others walk; in clips of the class "walking" nothing else happens.
Codes are trained on crowds of the styles "train", 16 clips a class; database (8) and queries (4)
are of the styles "test", whose cameras, tempi, gestures and spacing no training clip has. A clip is
relevant to another one of its event. Statistics are those of noisy observations of the crowd.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hie_cli.core.action_classes import action_index
from hie_cli.evaluation.metrics.retrieval_map import RetrievalMap, retrieval_map
from hie_cli.retrieval.codes import hamming_distances
from hie_cli.retrieval.encoder import projections
from hie_cli.retrieval.features import BACKBONE, Describer, mean_direction
from hie_cli.retrieval.statistics import CrowdStatistics, crowd_statistics, distance
from hie_cli.simulation.crowd import Crowd, CrowdConfig, simulate
from hie_cli.simulation.observe import observe
from hie_cli.simulation.render import render
from hie_cli.training.hash.learning import Head, Labelled, codes_of, train_head
from hie_cli.training.hash.settings import HashConfig

WALKING = ("walking-alone", "walking-together")
EVENTS = ("fighting", "queuing", "fall-over", "walking-up-down-stairs", "gathering", "walking")
PARTS = {"train": ("train", 16), "database": ("test", 8), "query": ("test", 4)}
FPS, FRAMES, BITS = 6.25, 16, 64


@dataclass(frozen=True)
class Part:
    """N clips: features (N, T, D) of their frames, labels (N, K), statistics (N, 6)."""

    clips: Labelled
    statistics: list[CrowdStatistics]

    @property
    def frames(self) -> Labelled:
        """The same by the mean frame, (N, D)."""
        means = np.stack([mean_direction(clip) for clip in self.clips.features])
        return Labelled(means, self.clips.labels)


def crowd_of(event: str, split: str, number: int) -> Crowd | None:
    """A crowd in which the event takes place in half of the frames at least; None if it does not.

    Numbers of different events never share a seed.
    """
    names = WALKING if event == "walking" else (event, *WALKING)
    crowd = simulate(
        CrowdConfig(
            seed=EVENTS.index(event) * 100_000 + number, people=10, frames=FRAMES, fps=FPS,
            width=640, height=360, split="train" if split == "train" else "test", actions=names,
        )
    )  # fmt: skip
    if event == "walking":
        return crowd
    shown = (crowd.actions == action_index(event)) & crowd.present
    return crowd if shown.any(axis=0).mean() >= 0.5 else None


def describe(cache: Path) -> None:
    """Make all clips and keep their features and statistics, a file a part and event."""
    describer = Describer(BACKBONE)
    for part, (split, count) in PARTS.items():
        for event in EVENTS:
            path = cache / f"{part}-{event}.npz"
            if path.exists():
                continue
            features, statistics = [], []
            number = 50_000 if part == "query" else 0
            while len(features) < count:
                crowd = crowd_of(event, split, number)
                number += 1
                if crowd is None:
                    continue
                features.append(describer.images([frame.image for frame in render(crowd)]))
                seen = crowd_statistics(observe(crowd), crowd.config.height, FPS)
                statistics.append([np.nan if v is None else v for v in seen.record().values()])
            np.savez(path, features=np.float16(features), statistics=np.array(statistics))
            print(path.name, flush=True)


def load(cache: Path, part: str) -> Part:
    """What ``describe`` kept."""
    saved = [np.load(cache / f"{part}-{event}.npz") for event in EVENTS]
    features = np.concatenate([s["features"] for s in saved]).astype(np.float32)
    labels = np.repeat(np.arange(len(EVENTS)), [len(s["features"]) for s in saved])
    rows = np.concatenate([s["statistics"] for s in saved])
    return Part(
        Labelled(features, labels[:, None] == np.arange(len(EVENTS))),
        [CrowdStatistics(*row) for row in rows],
    )


def by_statistics(query: Part, database: Part) -> np.ndarray:
    """Distances (Q, N) of crowd statistics; those that cannot be compared come last."""
    rows = [[distance(a, b) for b in database.statistics] for a in query.statistics]
    return np.nan_to_num(np.array(rows), nan=9.0)


def trained(data: Labelled, seed: int) -> Head:
    """A head of CSQ with the defaults of ``hie train hash`` but 30 epochs; a quarter chooses."""
    generator = np.random.default_rng(seed)
    kinds = data.labels.argmax(axis=1)
    held = np.concatenate(
        [generator.permutation(np.flatnonzero(kinds == k))[:4] for k in range(len(EVENTS))]
    )
    apart = np.isin(np.arange(len(data)), held)
    with tempfile.TemporaryDirectory() as folder:
        head, _ = train_head(
            Labelled(data.features[~apart], data.labels[~apart]),
            Labelled(data.features[apart], data.labels[apart]),
            HashConfig(bits=BITS, seed=seed, epochs=30),
            Path(folder),
        )
    return head


def hamming(head: Head, query: Labelled, database: Labelled) -> np.ndarray:
    """Distances in shares of the bits."""
    codes = codes_of(head, query.features), codes_of(head, database.features)
    return hamming_distances(*codes) / BITS


def main() -> None:
    """Parse the command line, measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cache", type=Path, default=Path("events"))
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    describe(options.cache)
    train, database, query = (load(options.cache, part) for part in PARTS)
    relevance = query.clips.labels.astype(int) @ database.clips.labels.T.astype(int) > 0
    kinds = query.clips.labels.argmax(axis=1)

    def row(name: str, find: Callable[[int], np.ndarray], seeds: int = options.seeds) -> None:
        every = [find(seed) for seed in range(seeds)]
        found: list[RetrievalMap] = [retrieval_map(d, relevance) for d in every]
        usual = [f.usual for f in found]
        each = [
            np.mean([retrieval_map(d[kinds == k], relevance[kinds == k]).usual for d in every])
            for k in range(len(EVENTS))
        ]
        told = "  ".join(f"{value:.2f}" for value in each)
        print(f"{name:<24} {np.mean(usual):.3f} ±{np.std(usual):.3f}   {told}", flush=True)

    print(f"{'':<24} mAP             " + "  ".join(event[:4] for event in EVENTS))
    crowds = by_statistics(query, database)
    row("crowd statistics", lambda _: crowds, 1)
    cosine = -query.frames.features @ database.frames.features.T
    row("backbone, cosine", lambda _: cosine, 1)

    def projected(seed: int) -> np.ndarray:
        encoder = projections(train.frames.features, BITS, BACKBONE, "", seed)
        codes = encoder.encode(query.frames.features), encoder.encode(database.frames.features)
        return hamming_distances(*codes)

    row("backbone, 64 bits", projected)
    still = [trained(train.frames, seed) for seed in range(options.seeds)]
    row("codes of mean frames", lambda s: hamming(still[s], query.frames, database.frames))
    moving = [trained(train.clips, seed) for seed in range(options.seeds)]
    video = [hamming(head, query.clips, database.clips) for head in moving]
    row("video codes", lambda s: video[s])
    for weight in (0.1, 0.3, 1.0):
        joined = [codes + weight * np.minimum(crowds, 1) for codes in video]
        row(f"video codes, crowd {weight}", lambda s, joined=joined: joined[s])


if __name__ == "__main__":
    main()
