"""Tracking against ground truth, ours and others, on the very same detections.

    python benchmarks/tracking.py DOCUMENT TRUTH [--video VIDEO] [--tune N] [--json]
    python benchmarks/tracking.py --crowd 60 [--tune N]

DOCUMENT is a detect or pose stage document, TRUTH ground truth of any layout that ``hie eval``
reads. With --video, appearance, flow and camera motion are taken from its pixels. --crowd tracks a
made-up crowd instead. --tune N draws N random settings for each other tracker from the range it
documents and keeps the one of the best IDF1 on this very sequence (which favours them; tuned
without the pixels of camera-motion compensation).
Needs the ``bench`` extra (trackers, trackeval).
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from crowd_boxes import make_crowd
from peers import PEERS, Tracks, as_tracks, counted, judge, print_table, run_peer, sample_settings

from hie_cli import config
from hie_cli.formats.document import Document
from hie_cli.formats.truth import read_truth
from hie_cli.stages.track import Sighting, TrackConfig, describe, track, undescribed
from hie_cli.types import Frame, FramePeople, VideoInfo


def images_of(path: Path) -> list[Any]:
    """All frames of a short video, BGR."""
    capture = cv2.VideoCapture(str(path))
    images = []
    while (read := capture.read())[0]:
        images.append(read[1])
    return images


def sightings_of(
    detections: Sequence[FramePeople], images: Sequence[Any] | None, settings: TrackConfig
) -> list[Sighting]:
    """What our tracker sees: boxes and poses, and if there are images what pixels add."""
    if images is None:
        return list(undescribed(detections))
    pairs = ((Frame(d.frame_index, images[d.frame_index]), d.people) for d in detections)
    return list(describe(pairs, settings))


def compare(
    truth: Tracks,
    sightings: Sequence[Sighting],
    video: VideoInfo,
    settings: TrackConfig,
    images: Sequence[Any] | None,
    trials: int,
) -> dict[str, dict[str, Any]]:
    """Figures of ours (offline and online) and of every other tracker."""
    detections = [FramePeople(s.frame_index, s.people) for s in sightings]
    rows: dict[str, dict[str, Any]] = {}
    for name, online in (("hie", False), ("hie online", True)):
        people = list(track(sightings, video, replace(settings, online=online)))
        rows[name] = judge(truth, as_tracks(people))
    for name in PEERS:
        rows[name] = judge(truth, run_peer(name, detections, video, None, images))
        rng = np.random.default_rng(0)
        tried = []
        for _ in range(trials):
            drawn = sample_settings(name, rng)
            found = run_peer(name, detections, video, drawn)
            tried.append((judge(truth, found, hota=False)["IDF1"], drawn))
        if tried:
            _, drawn = max(tried, key=lambda pair: pair[0])
            best = judge(truth, run_peer(name, detections, video, drawn))
            rows[f"{name} tuned"] = {**best, "settings": drawn}
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("document", type=Path, nargs="?")
    parser.add_argument("truth", type=Path, nargs="?")
    parser.add_argument("--video", type=Path)
    parser.add_argument("--crowd", type=int, help="people of a made-up crowd")
    parser.add_argument("--seed", type=int, default=0, help="of the crowd")
    parser.add_argument("--tune", type=int, default=0, metavar="N")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    settings = config.load(TrackConfig(), sets=args.set)
    images = images_of(args.video) if args.video else None
    if args.crowd:
        crowd = make_crowd(args.crowd, seed=args.seed)
        video = crowd.video
        truth = dict(enumerate(zip(crowd.ids, crowd.boxes, strict=True)))
        seen = undescribed(crowd.detections)
        sightings = [replace(s, appearance=k) for s, k in zip(seen, crowd.looks, strict=True)]
    elif args.document and args.truth:
        document = Document(args.document)
        if document.header is None:
            parser.error(f"{args.document}: not a stage document of hie")
        video = document.header.video
        sequences = read_truth(args.truth)
        truth = counted(next(iter(sequences.values())))
        sightings = sightings_of(list(document), images, settings)
    else:
        parser.error("give DOCUMENT and TRUTH, or --crowd N")
    rows = compare(truth, sightings, video, settings, images, args.tune)
    if args.json:
        print(json.dumps(rows))
    else:
        print_table(rows)


if __name__ == "__main__":
    main()
