"""What the benchmarks of trained detectors share: data, test sets, figures with intervals.

Figures are kept beside the networks they are of, so that a second call goes on where one stopped.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.types import FramePeople, People
from hie_cli.evaluation.metrics.detection_ap import RECALLS, accumulate
from hie_cli.models.packaged import nanodet
from hie_cli.training.data.items import Item, find_items
from hie_cli.training.data.mix import read_mix
from hie_cli.training.detect.pictures import people_of
from hie_cli.training.detect.train_detect import train_detect
from hie_cli.training.detect.trainable import beginning
from hie_cli.training.engine.pixel_store import PixelFile

Sources = list[dict[str, object]]
KEPT = "tested.npz"
DRAWS = 1000


@dataclass(frozen=True)
class Ranked:
    """Detections of a test set, best first, so that AP of redrawn pictures is quick.

    picture (D,): of which picture each is · right, counts (10, D): whether it is on a person, and
    whether it counts at all, at IoU .5 to .95 · truth (P,): people of each picture.
    """

    picture: Any
    right: Any
    counts: Any
    truth: Any

    def ap(self, times: Any = None, levels: Sequence[int] = (0,)) -> float:
        """Average precision with picture p there ``times[p]`` times; levels: at which IoUs."""
        times = np.ones(len(self.truth)) if times is None else times
        each, total = times[self.picture], float((times * self.truth).sum())
        if total == 0:
            return float("nan")
        found = []
        for level in levels:
            weight = each * self.counts[level]
            right = np.cumsum(weight * self.right[level])
            precision = right / np.maximum(np.cumsum(weight), 1e-9)
            best = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0)
            found.append(best[np.searchsorted(right / total, RECALLS - 1e-12)].mean())
        return float(np.mean(found))


def clips(data: Path) -> dict[str, dict[str, object]]:
    """Truth and pixels of what has boxes."""
    parts = {
        "pets": ("pets09-s2l1/gt.txt", "pets09-s2l1/vtest.avi"),
        "tud": ("tud-campus/gt.txt", "tud-campus/TUD-Campus.mp4"),
        "mot": ("crowd-clips/gt_frames_1_4_7.txt", "crowd-clips/mot16-04-8frames.mp4"),
        "coco": ("pose-samples/coco/test_coco.json", "pose-samples/coco"),
    }
    return {
        name: {"name": name, "truth": str(data / truth), "images": [str(data / pixels)]}
        for name, (truth, pixels) in parts.items()
    }


def tests(data: Path, crowds: int) -> dict[str, Sources]:
    """The half of PETS09-S2L1 that nothing learns from, other places, and rendered crowds of
    styles that no training has.
    """
    known = clips(data)
    pets = {**known["pets"], "frames": "400:", "every": 20}
    sets = {
        "PETS09-S2L1, second half": pets,
        "TUD-Campus": {**known["tud"], "every": 5},
        "MOT16-04": {**known["mot"], "frames": "0:7:3"},  # the others have no truth
        "COCO stills": known["coco"],
        "rendered, unseen styles": {"simulate": crowds, "first": 1000},
    }
    return {name: [{**source, "val": ["*"]}] for name, source in sets.items()}


def write_data(path: Path, sources: Sources) -> Path:
    """A DATA.yaml of ``sources``, which JSON is as well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"sources": sources}))
    return path


def trained(data: Path, folder: Path, settings: Sequence[str], teacher: str | None = None) -> Path:
    """Train a detector into ``folder`` unless it is done; goes on where it was interrupted."""
    if not (folder / "card.json").exists():
        train_detect(
            data, output=folder, device="cpu", teacher=teacher, set=list(settings),
            resume=(folder / "last.pt").exists(),
        )  # fmt: skip
    return folder


def tested(
    folders: Sequence[Path], sets: dict[str, Sources], side: int
) -> dict[Path, dict[str, Ranked]]:
    """What each network finds in each test set. A folder without a card stands for the packaged
    network of its name, ``nanodet``, or for the slices that a training begins with.
    """
    missing = [folder for folder in folders if not (folder / KEPT).exists()]
    found: dict[Path, dict[str, Ranked]] = {folder: {} for folder in missing}
    for name, sources in sets.items() if missing else ():
        missing[0].mkdir(parents=True, exist_ok=True)
        with PixelFile(missing[0]) as store:
            mix = read_mix(write_data(missing[0] / "test.yaml", sources))
            items = find_items(mix, store, 2 * side).validation
            for folder in missing:
                people = people_of(network_of(folder), nanodet.SPEC, items, side, "cpu")
                found[folder][name] = ranked(people, items)
    for folder, figures in found.items():
        _keep(folder, figures)
    return {folder: _kept(folder) for folder in folders}


def network_of(folder: Path) -> nn.Module:
    """The network trained into ``folder``, or a packaged one; see ``tested``."""
    card = folder / "card.json"
    if not card.exists():
        return beginning(folder.name, None)
    return beginning(json.loads(card.read_text())["manifest"]["like"], str(folder))


def ranked(people: Sequence[People], items: Sequence[Item]) -> Ranked:
    """What was found in pictures, as ``hie eval`` matches it."""
    sums = [
        accumulate(TruthSequence("test", (item.labels,)), [FramePeople(0, each)])
        for item, each in zip(items, people, strict=True)
    ]
    order = np.argsort(-np.concatenate([each.scores for each in sums]), kind="stable")
    return Ranked(
        np.repeat(np.arange(len(sums)), [len(each.scores) for each in sums])[order],
        np.concatenate([each.right for each in sums], 1)[:, order],
        ~np.concatenate([each.void for each in sums], 1)[:, order],
        np.array([each.num_truth for each in sums]),
    )


def _keep(folder: Path, figures: dict[str, Ranked]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        f"{name}|{part.name}": getattr(each, part.name)
        for name, each in figures.items()
        for part in fields(Ranked)
    }
    np.savez_compressed(folder / KEPT, **arrays)


def _kept(folder: Path) -> dict[str, Ranked]:
    with np.load(folder / KEPT) as arrays:
        names = list(dict.fromkeys(key.split("|")[0] for key in arrays.files))
        return {
            name: Ranked(*(arrays[f"{name}|{part.name}"] for part in fields(Ranked)))
            for name in names
        }


def change(before: Sequence[Ranked], after: Sequence[Ranked]) -> tuple[float, float, float]:
    """By how much AP50 rises from runs ``before`` to runs ``after`` of the same test set, means
    over seeds, and its 95 % interval: pictures and seeds drawn again with replacement.
    """
    rng, pictures = np.random.default_rng(0), len(after[0].truth)

    def mean(runs: Sequence[Ranked], times: Any) -> float:
        return float(np.mean([run.ap(times) for run in runs]))

    def again(runs: Sequence[Ranked]) -> list[Ranked]:
        return [runs[k] for k in rng.integers(0, len(runs), len(runs))]

    values = []
    for _ in range(DRAWS):
        times = np.bincount(rng.integers(0, pictures, pictures), minlength=pictures)
        values.append(mean(again(after), times) - mean(again(before), times))
    low, high = np.nanpercentile(values, (2.5, 97.5))
    return mean(after, None) - mean(before, None), float(low), float(high)
