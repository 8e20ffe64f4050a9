"""Tracking against ground truth, ours and others, on the very same detections.

    python benchmarks/tracking.py DOCUMENT TRUTH [--video VIDEO] [--tune N] [--json]
    python benchmarks/tracking.py --crowd 60 [--seed 0] [--report 1 2 3] [--tune N]

DOCUMENT is a detect or pose stage document, TRUTH ground truth of any layout that ``hie eval``
reads. With --video, appearance, flow and camera motion are taken from its pixels. --crowd takes
made-up crowds instead (crossings, people who leave and come back): those of the --report seeds,
means over them. --tune N draws N random settings for each other tracker from the range it documents
and keeps the one of the best IDF1: on the sequence itself, which favours them, or on the crowd of
--seed, which is not among those reported. They are tuned without the pixels of camera-motion
compensation. Ours has its defaults; on a crowd it is also given boxes alone, as they are.
Needs the ``bench`` extra (trackers, trackeval).
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from crowd_boxes import make_crowd
from peers import PEERS, Tracks, as_tracks, counted, judge, print_table, run_peer, sample_settings

from hie_cli.core import config
from hie_cli.core.types import FramePeople, VideoInfo
from hie_cli.formats.documents.document import Document
from hie_cli.formats.truth import read_truth
from hie_cli.tracking.stage import Observation, TrackConfig, describe, track


def images_of(path: Path) -> list[Any]:
    """All frames of a short video, BGR."""
    capture = cv2.VideoCapture(str(path))
    images = []
    while (read := capture.read())[0]:
        images.append(read[1])
    return images


def sightings_of(
    detections: Sequence[FramePeople], images: Sequence[Any] | None, settings: TrackConfig
) -> list[Observation]:
    """What our tracker sees: boxes and poses, and if there are images what pixels add."""
    if images is None:
        return list(describe(detections, settings))
    frames = (replace(d, image=images[d.index]) for d in detections)
    return list(describe(frames, settings))


@dataclass(frozen=True)
class World:
    """One sequence: its truth, what a tracker sees of it, and its frames (BGR) if there are any."""

    truth: Tracks
    sightings: Sequence[Observation]
    video: VideoInfo
    images: Sequence[Any] | None = None

    @property
    def detections(self) -> list[FramePeople]:
        """What the others see of it."""
        return [FramePeople(s.index, s.people) for s in self.sightings]


def crowd_world(people: int, frames: int, seed: int) -> World:
    """A made-up crowd, with looks."""
    crowd = make_crowd(people, frames, seed=seed)
    truth = dict(enumerate(zip(crowd.ids, crowd.boxes, strict=True)))
    seen = describe(crowd.detections, TrackConfig())
    sightings = [replace(s, appearance=k) for s, k in zip(seen, crowd.looks, strict=True)]
    return World(truth, sightings, crowd.video)


def tuned(name: str, world: World, trials: int) -> dict[str, Any]:
    """The setting of the best IDF1 on ``world``, of ``trials`` random ones."""
    rng = np.random.default_rng(0)
    tried = []
    for _ in range(trials):
        drawn = sample_settings(name, rng)
        found = run_peer(name, world.detections, world.video, drawn)
        tried.append((judge(world.truth, found, hota=False)["IDF1"], drawn))
    return max(tried, key=lambda pair: pair[0])[1]


def ours(world: World, settings: TrackConfig) -> Tracks:
    return as_tracks(list(track(world.sightings, world.video, settings)))


def compare(
    worlds: Sequence[World], settings: TrackConfig, tune_on: World, trials: int
) -> dict[str, dict[str, Any]]:
    """Figures of ours (offline and online) and of every other tracker, means over ``worlds``."""
    offline, online = settings, replace(settings, online=True)
    rows: dict[str, dict[str, Any]] = {
        "hie": _mean([judge(w.truth, ours(w, offline)) for w in worlds]),
        "hie online": _mean([judge(w.truth, ours(w, online)) for w in worlds]),
    }
    if all(w.images is None for w in worlds):
        bare = [replace(w, sightings=list(describe(w.detections, TrackConfig()))) for w in worlds]
        rows["hie, boxes"] = _mean([judge(w.truth, ours(w, offline)) for w in bare])
        rows["hie online, boxes"] = _mean([judge(w.truth, ours(w, online)) for w in bare])
    for name in PEERS:
        choices: dict[str, dict[str, Any] | None] = {name: None}
        if trials:
            choices[f"{name} tuned"] = tuned(name, tune_on, trials)
        for row, drawn in choices.items():
            found = [run_peer(name, w.detections, w.video, drawn, w.images) for w in worlds]
            judged = [judge(w.truth, f) for w, f in zip(worlds, found, strict=True)]
            rows[row] = {**_mean(judged), **({"settings": drawn} if drawn else {})}
            print(row, rows[row], file=sys.stderr, flush=True)
    return rows


def _mean(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Means; of one row, the row."""
    if len(rows) == 1:
        return rows[0]
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("document", type=Path, nargs="?")
    parser.add_argument("truth", type=Path, nargs="?")
    parser.add_argument("--video", type=Path)
    parser.add_argument("--crowd", type=int, help="people of made-up crowds")
    parser.add_argument("--frames", type=int, default=300, help="of each crowd")
    parser.add_argument("--seed", type=int, default=0, help="of the crowd to tune on")
    parser.add_argument("--report", type=int, nargs="+", default=[1, 2, 3], metavar="SEED")
    parser.add_argument("--tune", type=int, default=0, metavar="N")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    settings = config.load(TrackConfig(), sets=args.set)
    if args.crowd:
        worlds = [crowd_world(args.crowd, args.frames, seed) for seed in args.report]
        tune_on = crowd_world(args.crowd, args.frames, args.seed)
    elif args.document and args.truth:
        document = Document(args.document)
        if document.header is None:
            parser.error(f"{args.document}: not a stage document of hie")
        images = images_of(args.video) if args.video else None
        truth = counted(next(iter(read_truth(args.truth).values())))
        sightings = sightings_of(list(document), images, settings)
        tune_on = World(truth, sightings, document.header.video, images)
        worlds = [tune_on]
    else:
        parser.error("give DOCUMENT and TRUTH, or --crowd N")
    rows = compare(worlds, settings, tune_on, args.tune)
    if args.json:
        print(json.dumps(rows))
    else:
        print_table(rows)


if __name__ == "__main__":
    main()
