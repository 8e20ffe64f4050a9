"""What each ingredient of the tracker is worth: each switched off in turn.

    python benchmarks/track_ablation.py DOCUMENT TRUTH --video VIDEO [--shaken 8] [--json]
    python benchmarks/track_ablation.py --crowd 60 [--seeds 1 2 3]
    python benchmarks/track_ablation.py --rendered 30 [--seeds 1 2 3]

Judged by TrackEval, as tracking.py. A few crossings decide much on one clip, so --shaken N tracks
it N times more with the detections disturbed (1 px of jitter, 2 % left out, scores off by .03):
means over these, and the worst IDF1. --crowd takes made-up crowds of boxes and looks, where rows
about pixels and poses repeat the full one. --rendered takes crowds of ``hie simulate``: walkers,
exact truth, what a detector and a pose network would make of them, pixels.
Needs the ``bench`` extra (trackeval).
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from peers import as_tracks, counted, judge, print_table
from tracking import World, crowd_world, images_of, sightings_of

from hie_cli.core.types import FramePeople, People
from hie_cli.formats.documents.document import Document
from hie_cli.formats.truth import read_truth
from hie_cli.simulation.crowd import CrowdConfig, simulate, truth
from hie_cli.simulation.observe import observe
from hie_cli.simulation.render import render
from hie_cli.tracking.stage import Observation, TrackConfig, describe, track

Sightings = Sequence[Observation]
MEASURED = TrackConfig(flow=True)  # what is taken from the pixels
COLUMNS = ("HOTA", "MOTA", "IDF1", "IDSW", "worst")


def without(*fields: str) -> Callable[[Sightings], Sightings]:
    """A function that leaves out these fields of sightings."""
    return lambda seen: [replace(s, **dict.fromkeys(fields)) for s in seen]


def without_poses(seen: Sightings) -> Sightings:
    return [replace(s, people=s.people.replace(keypoints=None, keypoint_scores=None)) for s in seen]


# name -> settings changed, what is left out of the sightings
ABLATIONS: dict[str, tuple[dict[str, Any], Callable[[Sightings], Sightings]]] = {
    "everything": ({}, list),
    "with flow": ({}, list),
    "no appearance": ({}, without("appearance")),
    "no camera motion": ({}, without("camera")),
    "no pose likeness": ({"pose_weight": 0.0}, list),
    "boxes only": ({}, lambda seen: without_poses(without("appearance", "camera")(seen))),
    "no weak detections": ({"low_score": 1.0}, list),
    "no widened boxes": ({"slack": 0.0}, list),
    "no cutting": ({"cut_threshold": 100.0}, list),
    "little rests linked": ({"clear_seconds": 0.0}, list),
    "no overlapping": ({"overlap_seconds": 0.0}, list),
    "no linking": ({"link_seconds": 0.0, "return_seconds": 0.0}, list),
    "no returns": ({"return_seconds": 0.0}, list),
    "no filling": ({"fill_seconds": 0.0}, list),
    "no smoothing": ({"smooth_seconds": 0.0}, list),
    "no duplicate removal": ({"duplicate_overlap": 1.0, "birth_overlap": 1.0}, list),
    "no pruning": ({"min_seconds": 0.0, "min_score": 0.0}, list),
    "online": ({"online": True}, list),
    "online, with flow": ({"online": True}, list),
}


def shaken(people: People, rng: np.random.Generator) -> People:
    """Detections disturbed as another run of a detector might."""
    count = len(people)
    moved = people.replace(
        boxes=people.boxes + rng.normal(0, 1, (count, 4)),
        scores=np.clip(people.scores + rng.normal(0, 0.03, count), 0.01, 1),
    )
    return moved[rng.random(count) >= 0.02]


def real_worlds(document: Path, true: Path, clip: Path, times: int) -> dict[str, list[World]]:
    """The sequence as it is, and ``times`` shaken versions of it."""
    source = Document(document)
    if source.header is None:
        raise SystemExit(f"{document}: not a stage document of hie")
    video, images = source.header.video, images_of(clip)
    expected = counted(next(iter(read_truth(true).values())))
    detections = list(source)

    def world(found: Sequence[FramePeople]) -> World:
        return World(expected, sightings_of(found, images, MEASURED), video)

    disturbed = []
    for seed in range(times):
        rng = np.random.default_rng(seed)
        disturbed.append(world([FramePeople(d.index, shaken(d.people, rng)) for d in detections]))
    return {"as it is": [world(detections)], **({"shaken": disturbed} if times else {})}


def rendered_world(people: int, seed: int) -> World:
    """A rendered crowd of walkers, 250 frames: noisy detections and poses, looks and flow."""
    crowd = simulate(
        CrowdConfig(
            seed=seed, people=people, split="test", actions=("walking-alone", "walking-together")
        )
    )
    found = [item.people.replace(track_ids=None) for item in observe(crowd)]
    frames = zip(render(crowd, None), found, strict=True)
    stream = (FramePeople(frame.index, people, frame.image) for frame, people in frames)
    return World(counted(truth(crowd)), list(describe(stream, MEASURED)), crowd.info)


def summary(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Means, and the worst IDF1."""
    means = {key: float(np.mean([row[key] for row in rows])) for key in COLUMNS[:-1]}
    return {**means, "worst": min(row["IDF1"] for row in rows)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("document", type=Path, nargs="?")
    parser.add_argument("truth", type=Path, nargs="?")
    parser.add_argument("--video", type=Path)
    parser.add_argument("--shaken", type=int, default=0, metavar="N")
    parser.add_argument("--crowd", type=int, help="people of made-up crowds")
    parser.add_argument("--rendered", type=int, help="people of rendered crowds")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.crowd:
        worlds = {"crowds": [crowd_world(args.crowd, 300, seed) for seed in args.seeds]}
    elif args.rendered:
        worlds = {"rendered": [rendered_world(args.rendered, seed) for seed in args.seeds]}
    elif args.document and args.truth and args.video:
        worlds = real_worlds(args.document, args.truth, args.video, args.shaken)
    else:
        parser.error("give DOCUMENT, TRUTH and --video, or --crowd N, or --rendered N")
    result = {}
    for kind, group in worlds.items():
        rows = {}
        for name, (changes, reduce) in ABLATIONS.items():
            config = replace(TrackConfig(), **changes)
            flowless = list if "flow" in name else without("flow")  # off by default
            seen = [reduce(flowless(w.sightings)) for w in group]
            found = [
                as_tracks(list(track(s, w.video, config))) for s, w in zip(seen, group, strict=True)
            ]
            rows[name] = summary([judge(w.truth, f) for w, f in zip(group, found, strict=True)])
        result[kind] = rows
        if not args.json:
            print(f"{kind} ({len(group)})")
            print_table(rows, COLUMNS)
    if args.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
