"""People who stand under a hand-held camera: how often they are said to stand or to gather.

    hie run DIR/street.avi -o out --preset fast --until track
    python benchmarks/street_standing.py out/track/street.json [--uncompensated]

The boxes of tests/data/street-standing.csv were labelled by eye on every 10th frame. A labelled box
counts if a found one overlaps it by IoU 0.5; the action is the top one, as is the group's share.
"""

import argparse
import csv
import dataclasses
from collections import defaultdict
from pathlib import Path

import numpy as np

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.geometry import iou
from hie_cli.formats.documents.document import Document
from hie_cli.recognition.kinematic.recogniser import Kinematic
from hie_cli.recognition.kinematic.settings import KinematicConfig
from hie_cli.recognition.window import windows

LABELS = Path(__file__).parents[1] / "tests" / "data" / "street-standing.csv"
STANDING = [ACTIONS.index(name) for name in ("standing-alone", "gathering")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("document", type=Path)
    parser.add_argument("--uncompensated", action="store_true", help="as if the camera stood still")
    parser.add_argument("--decision", choices=("fitted", "rules"), default="fitted")
    args = parser.parse_args()
    labelled: dict[int, list[tuple[int, list[float]]]] = defaultdict(list)
    with open(LABELS, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            box = [float(row[name]) for name in ("x1", "y1", "x2", "y2")]
            labelled[int(row["frame"])].append((int(row["person"]), box))
    document = Document(args.document)
    assert document.header is not None
    video = document.header.video
    model = Kinematic(video, KinematicConfig(decision=args.decision))
    right: dict[int, list[bool]] = defaultdict(list)
    shares = []
    for item, window in windows(document, video, 2.0, 10):
        if window is None or not len(item.people):
            continue
        if args.uncompensated:
            window = dataclasses.replace(window, camera=None)
        scores = model.score(window)
        for person, box in labelled.get(item.index, []):
            overlap = iou(np.array([box]), item.people.boxes)[0]
            if overlap.max() >= 0.5:
                found = scores[int(overlap.argmax())]
                right[person].append(int(found.argmax()) in STANDING)
                shares.append(float(found[STANDING].sum()))
    every = [value for values in right.values() for value in values]
    labels = sum(map(len, labelled.values()))
    print(f"{len(every)} of {labels} labelled boxes found; standing or gathering: "
          f"{np.mean(every):.3f}, mean share {np.mean(shares):.3f}")  # fmt: skip
    for person, values in sorted(right.items()):
        print(f"  person {person}: {sum(values)} of {len(values)}")


if __name__ == "__main__":
    main()
