"""What the kinematic recogniser says of everybody in a video of tracks, without any truth.

    hie run DIR/vtest.avi -o out --preset fast --until track
    python benchmarks/action_counts.py out/track/vtest.json

For footage in which somebody knows what cannot be there: stairs on level ground, fights among
strollers. Counts the top actions on every 10th frame, those below the overlay's least score as
unsure; and by themselves those of people who move at 0.2 to 0.5 body heights a second.
"""

import argparse
from collections import Counter
from pathlib import Path

from hie_cli.core.action_classes import ACTIONS
from hie_cli.formats.documents.document import Document
from hie_cli.recognition.kinematic.recogniser import Kinematic
from hie_cli.recognition.kinematic.settings import KinematicConfig
from hie_cli.recognition.window import windows
from hie_cli.rendering.settings import RenderConfig

SLOW, FAST = 0.2, 0.5  # body heights a second: slower than usual walkers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("document", type=Path)
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--decision", choices=("fitted", "rules"), default="fitted")
    args = parser.parse_args()
    document = Document(args.document)
    assert document.header is not None
    video = document.header.video
    model = Kinematic(video, KinematicConfig(decision=args.decision))
    least = RenderConfig().min_action_score
    every: Counter[str] = Counter()
    slow: Counter[str] = Counter()
    for _, window in windows(document, video, 2.0, args.every):
        if window is None or not len(window.people):
            continue
        seen = model.observe(window)
        scores = model.decide(seen)
        for row, speed in zip(scores, seen.features.speed, strict=True):
            name = ACTIONS[int(row.argmax())] if row.max() >= least else "unsure"
            every[name] += 1
            if SLOW < speed < FAST:
                slow[name] += 1
    for title, counts in (("everybody", every), (f"at {SLOW} to {FAST} heights/s", slow)):
        told = ", ".join(f"{name} {count}" for name, count in counts.most_common())
        print(f"{title}, {counts.total()}: {told}")


if __name__ == "__main__":
    main()
