"""NanoDet fine-tuned on rendered crowds and half a clip: what is gained there, and lost elsewhere.

    python benchmarks/train_detector.py DATA -o out/bench --seeds 3

DATA holds ``pets09-s2l1`` (``vtest.avi``, ``gt.txt``), ``tud-campus``, ``crowd-clips``
(MOTChallenge truth) and ``pose-samples/coco``. Trained on: rendered crowds, and frames 0 to 319 of
PETS09-S2L1; the epoch is chosen on its frames 320 to 399 and on rendered crowds of other styles.
Tested on: its frames from 400 on, other places, and further rendered crowds of styles no training
has seen. AP at IoU .5 before and after, means over seeds with their range; the change with its 95 %
interval over pictures and seeds. A seed that is interrupted goes on.
"""

import argparse
from pathlib import Path

import numpy as np
from trainings import Sources, change, clips, tested, tests, trained, write_data


def training(data: Path, crowds: int) -> Sources:
    """What is learned from and what chooses the epoch."""
    pets = clips(data)["pets"]
    return [
        {**pets, "frames": "0:320", "every": 4},
        {**pets, "name": "choice", "frames": "320:400", "every": 8, "val": ["*"]},
        {"name": "crowds", "simulate": crowds + 4, "val": [f"sim-{crowds + k}" for k in range(4)]},
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--images", type=int, default=256, help="of an epoch")
    parser.add_argument("--side", type=int, default=320)
    parser.add_argument("--crowds", type=int, default=30, help="rendered ones to learn from")
    parser.add_argument("--tests", type=int, default=8, help="rendered ones to test on")
    parser.add_argument("--teacher", help="such as nanodet: it remembers what it was, beside")
    parser.add_argument("--set", action="append", default=[], help="further settings")
    options = parser.parse_args()
    root, side = options.output, options.side
    data = write_data(root / "data.yaml", training(options.data.resolve(), options.crowds))
    settings = [
        f"side={side}", f"epochs={options.epochs}", f"images={options.images}", "batch=8",
        "threads=1", *options.set,
    ]  # fmt: skip
    runs = [
        trained(data, root / f"seed{seed}", [*settings, f"seed={seed}"], options.teacher)
        for seed in range(options.seeds)
    ]
    found = tested([root / "nanodet", *runs], tests(options.data.resolve(), options.tests), side)
    for name, before in found[root / "nanodet"].items():
        after = [found[run][name] for run in runs]
        values = [each.ap() for each in after]
        gain, low, high = change([before], after)
        print(
            f"{name:26s} {len(before.truth):3d} pictures {before.truth.sum():4d} people  "
            f"AP50 {before.ap():.3f} -> {np.mean(values):.3f} "
            f"({min(values):.3f} to {max(values):.3f})  {gain:+.3f} [{low:+.3f}, {high:+.3f}]  "
            f"AP {before.ap(levels=range(10)):.3f} -> "
            f"{np.mean([each.ap(levels=range(10)) for each in after]):.3f}"
        )
    print(f"NanoDet at {side}, {options.seeds} seeds, {options.epochs} epochs of {options.images}")


if __name__ == "__main__":
    main()
