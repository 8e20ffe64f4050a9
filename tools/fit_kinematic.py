"""Fit the decision of the kinematic recogniser and write hie_cli/weights/kinematic.json.

    python tools/fit_kinematic.py DIR                        # fit on everything, write the file
    python tools/fit_kinematic.py DIR --leave-one-out        # and judge: each clip by the others

DIR holds CAVIAR's clips and truth.csv (see benchmarks/caviar.py; EC Funded CAVIAR project/IST 2001
37540). Learned from are those clips, as they are and perturbed (boxes, scale, frame rate, mirrored,
rotated, cut short, drifting fights), with and without poses, and simulated crowds under cameras of
all heights. The four groups of actions that CAVIAR's labels decide weigh the same, as do a group's
tracks about. --leave-one-out leaves out all runs of one CAVIAR clip at a time.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import caviar

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.progress import progress
from hie_cli.core.types import BoolArray, FloatArray
from hie_cli.formats.files import atomic_write
from hie_cli.recognition.kinematic.decision import PACKAGED, Decision
from hie_cli.recognition.kinematic.measures import Measures
from hie_cli.training.action.kinematic_data import Measured, label_step, measured, simulated
from hie_cli.training.action.kinematic_fit import Examples, fit, joined, of_classes
from hie_cli.training.action.perturb import LabelledClip, drawn, perturbed

CROWDS = {"usual": 130, "ceiling": 170}
KINDS = ("none", *caviar.MODELS)  # of poses
TESTED = 50  # crowds of held-out styles, for each camera
VARIANTS = 8  # perturbed versions of each clip
RIDGE = 2e-4
CAVIAR_SHARE = 1.0  # weight of CAVIAR's people, all crowds' being 1
LEAST_AREA = 300.0  # px²: smaller people are not learned from
OTHERS = 0.25  # weight of CAVIAR's labels outside the four groups, a group's being 1


@dataclass(frozen=True)
class Recorded:
    """CAVIAR's people, measured; labels are rows of truth.csv.

    clips (R,): the CAVIAR clip of each · kinds (R,): which poses · exact (R,): not perturbed.
    """

    measured: Measured
    clips: NDArray[np.str_]
    kinds: NDArray[np.str_]
    exact: BoolArray


def clip_of(video: str) -> str:
    """CAVIAR's clip that a run is part of: Walk3_0212-0772.mp4 -> Walk3."""
    return video.rsplit("_", 1)[0]


def recorded(folder: Path, rows: list[caviar.Row], cache: Path | None) -> Recorded:
    """CAVIAR's people, as they are and perturbed, with poses of all ``KINDS``."""

    def make() -> dict[str, Any]:
        parts, clips, kinds, exact = [], [], [], []
        for kind in KINDS:
            runs = list(caviar.sequences(rows, caviar.poses(folder, rows, kind, cache)))
            for places, video, people in progress(runs, f"CAVIAR, poses {kind}", len(runs), "run"):
                clip = LabelledClip(video, people, [np.array(place, int) for place in places])
                name = clip_of(rows[next(i for place in places for i in place)].video)
                for k, part in enumerate(variants(clip, rows, f"{video.name} {kind}")):
                    every = 5 if k == 0 else max(1, round(0.3 * part.video.fps))
                    found = measured(part, every)
                    if found is not None:
                        size = len(found.labels)
                        parts.append(found)
                        clips += [name] * size
                        kinds += [kind] * size
                        exact += [k == 0] * size
        return {"clips": clips, "kinds": kinds, "exact": exact, **_columns(Measured.of(parts))}

    kept = _kept(cache, "caviar", make)
    return Recorded(_measured(kept), kept["clips"], kept["kinds"], kept["exact"])


def _columns(found: Measured) -> dict[str, Any]:
    return {
        "names": found.names,
        "values": found.values,
        "labels": found.labels,
        "rules": found.rules,
    }


def _measured(kept: dict[str, Any]) -> Measured:
    return Measured(tuple(kept["names"]), kept["values"], kept["labels"], kept["rules"])


def _kept(
    cache: Path | None, name: str, make: Callable[[], dict[str, Any]]
) -> dict[str, NDArray[Any]]:
    """What ``make`` gives, as arrays, kept in the folder ``cache``."""
    path = None if cache is None else cache / f"measured-{name}.npz"
    if path is not None and path.exists():
        with np.load(path) as arrays:
            return dict(arrays)
    made = {key: np.asarray(value) for key, value in make().items()}
    if path is not None:
        np.savez_compressed(path, **made)
    return made


def variants(clip: LabelledClip, rows: list[caviar.Row], seed: str) -> Iterator[LabelledClip]:
    """The clip itself, then perturbed ones."""
    yield clip
    rng = np.random.default_rng(list(seed.encode()))
    fighters = frozenset(
        rows[i].person for row in clip.labels for i in row if rows[i].action == "fighting"
    )
    for _ in range(VARIANTS):
        yield perturbed(clip, drawn(rng, len(clip.people), fighters), rng)


def crowds(split: str, camera: str, count: int, cache: Path | None) -> Measured:
    """The labelled people of crowds 0..count."""

    def make() -> dict[str, Any]:
        parts = []
        for number in progress(range(count), f"crowds, {split}, {camera}", count, "crowd"):
            clip = simulated(number, split, camera)  # type: ignore[arg-type] # two literals
            found = measured(clip, label_step(clip.video.fps))
            if found is not None:
                parts.append(found)
        return _columns(Measured.of(parts))

    every = _measured(_kept(cache, f"{split}-{camera}", make))
    known = every.labels >= 0
    return Measured(every.names, every.values[known], every.labels[known], every.rules[known])


def caviar_examples(rows: list[caviar.Row], found: Measured, chosen: BoolArray) -> Examples:
    """The labelled people of ``chosen`` (R,) rows: a group of actions is accepted as a whole."""
    action = np.array([rows[i].action for i in found.labels])
    area = np.array([rows[i].area for i in found.labels])
    used = chosen & (action != "") & (area >= LEAST_AREA)
    group = np.array([caviar.group_of(name) for name in action])
    of_action = np.array([caviar.group_of(name) for name in ACTIONS])
    track = [(rows[i].video, rows[i].person, g) for i, g in zip(found.labels, group, strict=True)]
    size = Counter(track[k] for k in np.flatnonzero(used))
    # Long tracks weigh more, but by far less than they are longer.
    weights = np.array([size[one] ** -0.7 if size[one] else 0.0 for one in track])
    for name in set(group[used]):
        mine = used & (group == name)
        share = 1.0 if name in caviar.GROUPS else OTHERS
        weights[mine] *= share / weights[mine].sum()
    accepted = group[used][:, None] == of_action[None]
    return Examples(found.values[used], accepted, weights[used])


def judged(decision: Decision, found: Measured) -> FloatArray:
    """Scores (R, 14) of people who are surely there."""
    return decision.scores(Measures(found.names, found.values), np.ones(len(found.values)))


def macro(scores: FloatArray, labels: FloatArray) -> float:
    """Mean over the classes of the share of people whose top action is right."""
    right = scores.argmax(1) == labels
    return float(np.mean([right[labels == k].mean() for k in np.unique(labels)]))


def interval(found: list[caviar.Unit]) -> tuple[float, float]:
    """95 % of the macro accuracy over clips drawn with repetition."""
    rng = np.random.default_rng(0)
    clips = sorted({clip_of(u.video) for u in found})
    of_clip = {name: [u for u in found if clip_of(u.video) == name] for name in clips}
    draws = []
    for _ in range(2000):
        units = [u for name in rng.choice(clips, len(clips)) for u in of_clip[name]]
        draws.append(caviar.accuracy(units)["macro"]["mean"])
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)


def calibration_error(rows: list[caviar.Row], scores: FloatArray) -> float:
    """Expected calibration error of the groups' shares over ten bins."""
    sure, right = caviar.sureness(rows, scores)
    bins = np.minimum((sure * 10).astype(int), 9)
    gaps = [abs(sure[bins == k].mean() - right[bins == k].mean()) for k in np.unique(bins)]
    sizes = [float((bins == k).mean()) for k in np.unique(bins)]
    return float(np.dot(gaps, sizes))


def leave_one_out(
    rows: list[caviar.Row], real: Recorded, crowd: Examples, start: Decision
) -> dict[str, FloatArray]:
    """By kind of poses: scores (R, 14) of truth.csv's rows, those of each clip by a fit on the
    others; NaN elsewhere. ``start``: fitted on the crowds alone.
    """
    scores = {kind: np.full((len(rows), len(ACTIONS)), np.nan) for kind in KINDS}
    names = real.measured.names
    clips = sorted(set(real.clips.tolist()))
    for name in progress(clips, "clips left out", len(clips), "clip"):
        others = caviar_examples(rows, real.measured, real.clips != name)
        decision = fit(names, joined([crowd, others], [1.0, CAVIAR_SHARE]), RIDGE, start)
        for kind in KINDS:
            here = (real.clips == name) & (real.kinds == kind) & real.exact
            told = Measures(names, real.measured.values[here])
            labels = real.measured.labels[here]
            scores[kind][labels] = decision.scores(told, np.ones(len(labels)))
    return scores


def report(rows: list[caviar.Row], scores: FloatArray) -> None:
    """Print tables, interval, calibration and the worst clips."""
    result = caviar.report(rows, scores)
    caviar.show(result)
    found = caviar.units(rows, scores)
    low, high = interval(found)
    print(f"\nmacro by track, 95 % over clips drawn with repetition: {low:.3f} to {high:.3f}")
    print(f"expected calibration error by row: {calibration_error(rows, scores):.3f}")
    every = Counter(clip_of(u.video) for u in found if u.group in caviar.GROUPS)
    wrong = Counter(
        clip_of(u.video)
        for u in found
        if u.group in caviar.GROUPS and caviar.group_of(u.by_mean) != u.group
    )
    print("tracks right of all, by clip:")
    for name in sorted(every):
        print(f"  {name}: {every[name] - wrong[name]} of {every[name]}")


def main() -> None:
    """Fit and write, or judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--leave-one-out", action="store_true", help="also judge, each clip apart")
    parser.add_argument("--cache", type=Path, help="folder that keeps poses and measures")
    parser.add_argument("-o", "--output", type=Path, default=PACKAGED)
    args = parser.parse_args()
    rows = caviar.read_rows(args.folder)
    real = recorded(args.folder, rows, args.cache)
    train = Measured.of(
        [crowds("train", name, count, args.cache) for name, count in CROWDS.items()]
    )
    names = train.names
    crowd = of_classes(train.values, train.labels)
    everybody = caviar_examples(rows, real.measured, np.ones(len(real.clips), bool))
    start = fit(names, crowd, RIDGE)
    decision = fit(names, joined([crowd, everybody], [1.0, CAVIAR_SHARE]), RIDGE, start)
    source = (
        "tools/fit_kinematic.py: CAVIAR's clips (EC Funded CAVIAR project/IST 2001 37540, "
        f"homepages.inf.ed.ac.uk/rbf/CAVIAR) with {VARIANTS} perturbed versions of each, and "
        f"{sum(CROWDS.values())} simulated crowds"
    )
    with atomic_write(args.output) as file:
        file.write(json.dumps({"data": source, **decision.record()}) + "\n")
    for camera in CROWDS:
        test = crowds("test", camera, TESTED, args.cache)
        print(
            f"crowds of held-out styles, {camera} cameras, {len(test.labels)} people: macro "
            f"{macro(judged(decision, test), test.labels):.3f}, the rules alone "
            f"{macro(test.rules, test.labels):.3f}, fitted on crowds alone "
            f"{macro(judged(start, test), test.labels):.3f}",
            flush=True,
        )
    if args.leave_one_out:
        for kind, scores in leave_one_out(rows, real, crowd, start).items():
            print(f"\n=== CAVIAR, each clip by a fit on the others, poses: {kind}")
            report(rows, scores)


if __name__ == "__main__":
    main()
