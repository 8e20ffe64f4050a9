"""MoveNet for one person, fine-tuned on rendered joints and labelled stills, one set left out.

    python benchmarks/train_joints.py DATA/pose-samples -o out/joints --seeds 2

For each of the five sets of stills (MMPose's test samples): learned from rendered crowds and three
others, the epoch chosen on the fourth and on rendered crowds of other styles, tested on the set
left out and on rendered crowds of styles no training has seen. PCKh on true boxes: joints within
half a head, before and after, means over seeds; the change with its 95 % interval over people and
seeds. What is finished is kept, and a second call goes on from there.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from stills import DATA_SETS, half_heads
from trainings import DRAWS, Sources, write_data

from hie_cli.models.manifest import packaged
from hie_cli.training.data.items import Item, find_items
from hie_cli.training.data.mix import read_mix
from hie_cli.training.data.samples import posed_people
from hie_cli.training.engine.pixel_store import PixelFile
from hie_cli.training.pose.task import estimated
from hie_cli.training.pose.train_pose import train_pose
from hie_cli.training.pose.trainable import beginning

Counts = dict[str, list[list[int]]]  # by test set, of each person: joints right, joints labelled
RENDERED = "rendered, unseen styles"
ALL = "all stills, each when left out"


def stills(root: Path, name: str, **more: object) -> dict[str, object]:
    """One set of stills as a source."""
    truth, images, *_ = DATA_SETS[name]
    return {"name": name, "truth": str(root / truth), "images": [str(root / images)], **more}


def training(root: Path, left_out: str, crowds: int) -> Sources:
    """What is learned from and what chooses the epoch, without ``left_out``."""
    names = list(DATA_SETS)
    choice = names[(names.index(left_out) + 1) % len(names)]
    return [
        {"name": "crowds", "simulate": crowds + 1, "weight": 3, "val": [f"sim-{crowds}"]},
        stills(root, choice, val=["*"]),
        *(stills(root, name) for name in names if name not in (left_out, choice)),
    ]


def counted(network: Path | None, like: str, items: Sequence[Item]) -> list[list[int]]:
    """Joints right and labelled of each person."""
    spec, built = packaged(like), beginning(like, None if network is None else str(network))
    found = []
    for labels, points, _ in estimated(built, spec, items, "cpu"):
        assert labels.keypoints is not None
        size = labels.boxes[:, 2:] - labels.boxes[:, :2]
        reach = half_heads(labels.keypoints, size, None)
        for i in posed_people(labels):
            distance = np.linalg.norm(points[i] - labels.keypoints[i], axis=-1)
            there = np.isfinite(distance)
            found.append([int((distance[there] <= reach[i]).sum()), int(there.sum())])
    return found


def tested(
    network: Path | None, like: str, folder: Path, sets: dict[str, Sources]
) -> dict[str, Any]:
    """Counts by test set, kept in ``folder``; network None: the packaged one."""
    kept = folder / "tested.json"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        figures: Counts = {}
        for name, sources in sets.items():
            with PixelFile(folder) as store:
                mix = read_mix(write_data(folder / "test.yaml", sources))
                figures[name] = counted(network, like, find_items(mix, store, 1280).validation)
        kept.write_text(json.dumps(figures))
    return {name: np.array(each) for name, each in json.loads(kept.read_text()).items()}


def pckh(counts: Any, times: Any) -> float:
    """Share of joints right, with each person there so many times."""
    right, total = (counts * times[:, None]).sum(0)
    return float(right / total)


def change(before: Any, after: Sequence[Any]) -> tuple[float, float, float]:
    """The rise of PCKh, mean over seeds, and its 95 % interval: people and seeds drawn again."""
    rng, people = np.random.default_rng(0), len(before)
    values = []
    for _ in range(DRAWS):
        times = np.bincount(rng.integers(0, people, people), minlength=people)
        seeds = rng.integers(0, len(after), len(after))
        values.append(np.mean([pckh(after[s], times) for s in seeds]) - pckh(before, times))
    once = np.ones(people)
    mean = np.mean([pckh(each, once) for each in after]) - pckh(before, once)
    low, high = np.percentile(values, (2.5, 97.5))
    return float(mean), float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stills", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--network", default="movenet-lightning")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--people", type=int, default=96, help="of an epoch")
    parser.add_argument("--crowds", type=int, default=8, help="rendered ones to learn from")
    parser.add_argument("--tests", type=int, default=2, help="rendered ones to test on")
    parser.add_argument("--set", action="append", default=[], help="further settings")
    options = parser.parse_args()
    root, like = options.output, options.network
    every: dict[str, Sources] = {
        name: [stills(options.stills.resolve(), name, val=["*"])] for name in DATA_SETS
    }
    rendered: Sources = [{"simulate": options.tests, "first": 1000, "val": ["*"]}]
    before = tested(None, like, root / "before", {**every, RENDERED: rendered})
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in DATA_SETS}
    for seed in range(options.seeds):
        for name in DATA_SETS:
            data = training(options.stills.resolve(), name, options.crowds)
            folder = root / f"{name}-{seed}"
            if not (folder / "card.json").exists():
                train_pose(
                    write_data(root / f"{name}.yaml", data), output=folder, device="cpu",
                    set=[
                        f"network={like}", f"epochs={options.epochs}", f"people={options.people}",
                        "threads=1", f"seed={seed}", *options.set,
                    ],
                    resume=(folder / "last.pt").exists(),
                )  # fmt: skip
            sets = {name: every[name], RENDERED: rendered}
            runs[name].append(tested(folder, like, folder, sets))
    told(before, runs, options.seeds)


def told(before: dict[str, Any], runs: dict[str, list[dict[str, Any]]], seeds: int) -> None:
    """Print the table."""
    rows = {name: (before[name], [run[name] for run in each]) for name, each in runs.items()}
    rows[ALL] = (
        np.concatenate([first for first, _ in rows.values()]),
        [np.concatenate([after[s] for _, after in rows.values()]) for s in range(seeds)],
    )
    rows[RENDERED] = (before[RENDERED], [run[RENDERED] for each in runs.values() for run in each])
    for name, (first, after) in rows.items():
        once = np.ones(len(first))
        values = [pckh(each, once) for each in after]
        gain, low, high = change(first, after)
        print(
            f"{name:32s} {len(first):3d} people {first[:, 1].sum():5d} joints  PCKh "
            f"{pckh(first, once):.3f} -> {np.mean(values):.3f} "
            f"({min(values):.3f} to {max(values):.3f})  {gain:+.3f} [{low:+.3f}, {high:+.3f}]"
        )


if __name__ == "__main__":
    main()
