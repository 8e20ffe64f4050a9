"""How many frames a second trackers associate, and how well: crowds of 10, 60, 200, and clips.

    python benchmarks/association_speed.py [--people 10 60 200] [--frames 300] [--clips FOLDER ...]
                                           [--methods NAME ...] [--runs 3] [--json]

Made-up crowds (see crowd_boxes.py) and the detections of MOTChallenge folders (det/det.txt with
gt/gt.txt): boxes and scores only, no pixels. CPU seconds of this process, so that other work on the
machine does not count; the best of several runs, in each of which every method has its turn. Ours
is timed online (causal, like the others) and offline, which includes linking, filling and
smoothing. ``ratio`` is to the fastest of the others. Needs the ``bench`` extra (trackers,
trackeval).
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from crowd_boxes import make_crowd
from peers import PEERS, Tracks, as_tracks, counted, judge, print_table, run_peer
from suite_sequences import mot_boxes

from hie_cli.core.types import FramePeople, VideoInfo
from hie_cli.tracking.stage import TrackConfig, describe, track

OURS = {"hie": TrackConfig(), "hie online": replace(TrackConfig(), online=True)}


def timed(
    work: Mapping[str, Callable[[], Tracks]], runs: int
) -> tuple[dict[str, float], dict[str, Tracks]]:
    """The least CPU seconds of ``runs`` runs of each, in turns, and what the last ones gave."""
    seconds = dict.fromkeys(work, float("inf"))
    tracks: dict[str, Tracks] = {}
    for _ in range(runs):
        for name, call in work.items():
            before = time.process_time()
            tracks[name] = call()
            seconds[name] = min(seconds[name], time.process_time() - before)
    return seconds, tracks


def ours(detections: Sequence[FramePeople], video: VideoInfo, settings: TrackConfig) -> Tracks:
    return as_tracks(list(track(describe(detections, settings), video, settings)))


def measured(
    truth: Tracks,
    detections: Sequence[FramePeople],
    video: VideoInfo,
    methods: Sequence[str],
    runs: int,
) -> dict[str, dict[str, Any]]:
    """Speed and figures of each method on one sequence."""
    work: dict[str, Callable[[], Tracks]] = {
        name: (lambda n=name: ours(detections, video, OURS[n]))
        if name in OURS
        else (lambda n=name: run_peer(n, detections, video))
        for name in methods
    }
    seconds, tracks = timed(work, runs)
    fastest = min((seconds[n] for n in methods if n in PEERS), default=float("nan"))
    rows: dict[str, dict[str, Any]] = {}
    for name in methods:
        figures = judge(truth, tracks[name])
        rows[name] = {
            "fps": round(len(detections) / seconds[name]),
            "ratio": round(fastest / seconds[name], 2),
            **{k: figures[k] for k in ("HOTA", "IDF1", "MOTA")},
        }
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, nargs="*", default=[10, 60, 200])
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--clips", type=Path, nargs="*", default=[], metavar="FOLDER")
    parser.add_argument("--methods", nargs="+", default=[*OURS, *PEERS], choices=[*OURS, *PEERS])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    result: dict[str, dict[str, Any]] = {}
    for people in args.people:
        crowd = make_crowd(people, args.frames)
        truth = dict(enumerate(zip(crowd.ids, crowd.boxes, strict=True)))
        rows = measured(truth, crowd.detections, crowd.video, args.methods, args.runs)
        result.update({f"{people:3d} {name}": row for name, row in rows.items()})
    for folder in args.clips:
        clip = mot_boxes(folder)
        found = [FramePeople(item.index, item.people) for item in clip.seen]
        rows = measured(counted(clip.truth), found, clip.video, args.methods, args.runs)
        result.update({f"{folder.name} {name}": row for name, row in rows.items()})
    if args.json:
        print(json.dumps(result))
    else:
        print_table(result, ("fps", "ratio", "HOTA", "IDF1", "MOTA"))


if __name__ == "__main__":
    main()
