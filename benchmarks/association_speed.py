"""How many frames a second trackers associate, at 10, 60 and 200 people, and how well.

    python benchmarks/association_speed.py [--people 10 60 200] [--frames 300] [--json]

Made-up crowds (see crowd_boxes.py): boxes and scores only, no pixels. CPU seconds of this process,
so that other work on the machine does not count; the best of three runs. Ours is timed online
(causal, like the others) and offline, which includes linking, filling and smoothing.
Needs the ``bench`` extra (trackers, trackeval).
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from crowd_boxes import Crowd, make_crowd
from peers import PEERS, Tracks, as_tracks, judge, print_table, run_peer

from hie_cli.tracking.stage import TrackConfig, describe, track


def timed(work: Callable[[], Tracks], runs: int) -> tuple[float, Tracks]:
    """The least CPU seconds of ``runs`` runs, and what the last one gave."""
    seconds = []
    for _ in range(runs):
        before = time.process_time()
        tracks = work()
        seconds.append(time.process_time() - before)
    return min(seconds), tracks


def ours(crowd: Crowd, settings: TrackConfig) -> Tracks:
    return as_tracks(list(track(describe(crowd.detections, settings), crowd.video, settings)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, nargs="+", default=[10, 60, 200])
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    result: dict[str, dict[str, Any]] = {}
    for people in args.people:
        crowd = make_crowd(people, args.frames)
        truth = dict(enumerate(zip(crowd.ids, crowd.boxes, strict=True)))
        offline, online = TrackConfig(), replace(TrackConfig(), online=True)
        work: dict[str, Callable[[], Tracks]] = {
            "hie": lambda c=crowd, s=offline: ours(c, s),
            "hie online": lambda c=crowd, s=online: ours(c, s),
        }
        for name in PEERS:
            work[name] = lambda c=crowd, n=name: run_peer(n, c.detections, c.video)
        for name, call in work.items():
            seconds, tracks = timed(call, args.runs)
            figures = judge(truth, tracks)
            result[f"{people:3d} {name}"] = {
                "fps": round(args.frames / seconds),
                **{k: figures[k] for k in ("HOTA", "IDF1", "MOTA")},
            }
    if args.json:
        print(json.dumps(result))
    else:
        print_table(result, ("fps", "HOTA", "IDF1", "MOTA"))


if __name__ == "__main__":
    main()
