"""What each ingredient of the tracker is worth: each switched off in turn.

    python benchmarks/track_ablation.py DOCUMENT TRUTH --video VIDEO [--json]
    python benchmarks/track_ablation.py --crowd 60

Judged by TrackEval, as tracking.py. On a made-up crowd there are boxes and looks only, so that the
rows about pixels and poses repeat the full one.
Needs the ``bench`` extra (trackeval).
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from crowd_boxes import make_crowd
from peers import as_tracks, counted, judge, print_table
from tracking import images_of, sightings_of

from hie_cli.formats.document import Document
from hie_cli.formats.truth import read_truth
from hie_cli.stages.track import Sighting, TrackConfig, track, undescribed

Sightings = Sequence[Sighting]


def without(*fields: str) -> Callable[[Sightings], Sightings]:
    """A function that leaves out these fields of sightings."""
    return lambda seen: [replace(s, **dict.fromkeys(fields)) for s in seen]


def without_poses(seen: Sightings) -> Sightings:
    return [replace(s, people=s.people.replace(keypoints=None, keypoint_scores=None)) for s in seen]


# name -> settings changed, what is left out of the sightings
ABLATIONS: dict[str, tuple[dict[str, Any], Callable[[Sightings], Sightings]]] = {
    "everything": ({}, list),
    "no appearance": ({}, without("appearance")),
    "no flow": ({}, without("flow")),
    "no camera motion": ({}, without("camera")),
    "no pose likeness": ({}, without_poses),
    "boxes only": ({}, lambda seen: without_poses(without("appearance", "flow", "camera")(seen))),
    "no weak detections": ({"low_score": 1.0}, list),
    "no widened boxes": ({"slack": 0.0}, list),
    "no cutting": ({"cut_threshold": 100.0}, list),
    "no linking": ({"link_seconds": 0.0}, list),
    "no filling": ({"fill_seconds": 0.0}, list),
    "no smoothing": ({"smooth_seconds": 0.0}, list),
    "no duplicate removal": ({"duplicate_overlap": 1.0, "birth_overlap": 1.0}, list),
    "no pruning": ({"min_seconds": 0.0, "min_score": 0.0}, list),
    "online": ({"online": True}, list),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("document", type=Path, nargs="?")
    parser.add_argument("truth", type=Path, nargs="?")
    parser.add_argument("--video", type=Path)
    parser.add_argument("--crowd", type=int, help="people of a made-up crowd")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.crowd:
        crowd = make_crowd(args.crowd)
        video = crowd.video
        truth = dict(enumerate(zip(crowd.ids, crowd.boxes, strict=True)))
        boxes = undescribed(crowd.detections)
        seen = [replace(s, appearance=k) for s, k in zip(boxes, crowd.looks, strict=True)]
    elif args.document and args.truth and args.video:
        document = Document(args.document)
        if document.header is None:
            parser.error(f"{args.document}: not a stage document of hie")
        video = document.header.video
        truth = counted(next(iter(read_truth(args.truth).values())))
        seen = sightings_of(list(document), images_of(args.video), TrackConfig())
    else:
        parser.error("give DOCUMENT, TRUTH and --video, or --crowd N")
    rows = {}
    for name, (changes, reduce) in ABLATIONS.items():
        found = list(track(reduce(seen), video, replace(TrackConfig(), **changes)))
        rows[name] = judge(truth, as_tracks(found))
    if args.json:
        print(json.dumps(rows))
    else:
        print_table(rows)


if __name__ == "__main__":
    main()
