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
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import caviar
import caviar_own

sys.path.insert(0, str(Path(__file__).parent))
from kinematic_judging import (
    bins,
    calibration_error,
    clip_of,
    crowd_error,
    held,
    judged,
    macro,
    plot,
    report,
    show_reliability,
)

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.progress import progress
from hie_cli.core.types import BoolArray, FloatArray
from hie_cli.formats.files import atomic_write
from hie_cli.recognition.kinematic.decision import PACKAGED, Decision
from hie_cli.simulation.style import Split
from hie_cli.training.action.kinematic_data import (
    CameraKind,
    Measured,
    label_step,
    measured,
    simulated,
)
from hie_cli.training.action.kinematic_fit import (
    ITERATIONS,
    Examples,
    adjusted,
    asking,
    fit,
    joined,
    loss,
    of_classes,
)
from hie_cli.training.action.labels import matched
from hie_cli.training.action.moving_camera import drawn_way, seen_by
from hie_cli.training.action.perturb import LabelledClip, drawn, perturbed

CROWDS: dict[CameraKind, int] = {"usual": 65, "moving": 40, "ceiling": 85}
KINDS = ("none", *caviar.MODELS)  # of poses
TESTED = 25  # crowds of held-out styles, for each camera
OWN = "own"  # our own boxes, poses and tracks
OWN_OVERLAP = 0.4  # IoU with the true box from which an own one shows the same person
# Perturbed versions of each clip; the poses of CAVIAR's small people are seldom trusted, so that
# other kinds differ little from no poses.
VARIANTS = {"none": 8, "multipose": 1, "thunder": 3, OWN: 3}
RIDGE = 5e-5
REFIT = 30  # iterations of a fit that begins with the fit on everything
# How rare the rare actions and how sharp the scores may be made, chosen left out.
RARER = (1.0, 0.5, 0.25, 0.1)
SHARPER = (1.0, 1.1, 1.2, 1.3, 1.5)
NAMED = {"none": "true boxes", OWN: "own boxes and poses"}
CAVIAR_SHARE = 1.0  # weight of CAVIAR's people, all crowds' being 1
MOVING = 0.25  # share of perturbed versions whose camera is held in a hand
# What people do who have nothing to do with those beside them.
ALONE = {"", "walking-alone", "running-alone", "standing-alone", "fall-over"}
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


def labelled(
    folder: Path, rows: list[caviar.Row], kind: str, own: Path | None, cache: Path | None
) -> list[LabelledClip]:
    """CAVIAR's runs with true boxes and poses of a ``kind``, or with our ``own`` tracks; labels are
    rows of truth.csv, -1 for people whom it does not know.
    """
    if kind != OWN:
        runs = caviar.sequences(rows, caviar.poses(folder, rows, kind, cache))
        return [
            LabelledClip(video, people, [np.array(place, int) for place in places])
            for places, video, people in runs
        ]
    assert own is not None
    clips = []
    for clip in caviar_own.read(own, rows):
        step = clip.people[1].index - clip.people[0].index if len(clip.people) > 1 else 1
        video = replace(clip.video, fps=clip.video.fps / step)
        people = [replace(item, index=t) for t, item in enumerate(clip.people)]
        labels = []
        for item, place in zip(people, clip.places, strict=True):
            truth = replace(caviar_own.truth(rows, place, True), actions=np.arange(len(place)))
            which = matched(item.people, truth, OWN_OVERLAP)
            labels.append(np.array([place[k] if k >= 0 else -1 for k in which], int))
        clips.append(LabelledClip(video, people, labels))
    return clips


def recorded(
    folder: Path, rows: list[caviar.Row], own: Path | None, cache: Path | None
) -> Recorded:
    """CAVIAR's people, as they are and perturbed, with poses of all ``KINDS``."""

    def make() -> dict[str, Any]:
        parts, clips, kinds, exact = [], [], [], []
        for kind in (*KINDS, *([] if own is None else [OWN])):
            runs = labelled(folder, rows, kind, own, cache)
            for clip in progress(runs, f"CAVIAR, {kind}", len(runs), "run"):
                name = clip_of(clip.video.name)
                for k, part in enumerate(variants(clip, rows, kind)):
                    seconds = 0.2 if k == 0 else 0.3
                    every = max(1, round(seconds * part.video.fps))
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
        "belief": found.belief,
    }


def _measured(kept: dict[str, Any]) -> Measured:
    columns = (kept[name] for name in ("values", "labels", "rules", "belief"))
    return Measured(tuple(kept["names"]), *columns)


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


def variants(clip: LabelledClip, rows: list[caviar.Row], kind: str) -> Iterator[LabelledClip]:
    """The clip itself, then perturbed ones."""
    yield clip
    rng = np.random.default_rng(list(f"{clip.video.name} {kind}".encode()))
    done: dict[int, set[str]] = defaultdict(set)
    for item, labels in zip(clip.people, clip.labels, strict=True):
        ids = [] if item.people.track_ids is None else item.people.track_ids.tolist()
        for identity, i in zip(ids, labels.tolist(), strict=True):
            done[identity].add(rows[i].action if i >= 0 else "")
    fighters = frozenset(k for k, actions in done.items() if "fighting" in actions)
    alone = frozenset(k for k, actions in done.items() if actions <= ALONE)
    for _ in range(VARIANTS[kind]):
        variant = perturbed(clip, drawn(rng, len(clip.people), fighters, alone), rng)
        yield seen_by(variant, drawn_way(rng), rng) if rng.random() < MOVING else variant


def crowds(split: Split, camera: CameraKind, count: int, cache: Path | None) -> Measured:
    """The labelled people of crowds 0..count."""

    def make() -> dict[str, Any]:
        parts = []
        for number in progress(range(count), f"crowds, {split}, {camera}", count, "crowd"):
            clip = simulated(number, split, camera)
            found = measured(clip, label_step(clip.video.fps))
            if found is not None:
                parts.append(found)
        return _columns(Measured.of(parts))

    every = _measured(_kept(cache, f"{split}-{camera}", make))
    return every[every.labels >= 0]


def usable(rows: list[caviar.Row], found: Measured) -> BoolArray:
    """Which people (R,) have a label and are large enough to learn from."""
    known = [rows[i].action != "" and rows[i].area >= LEAST_AREA for i in found.labels]
    return np.array(known) & (found.labels >= 0)


def caviar_examples(rows: list[caviar.Row], found: Measured, chosen: BoolArray) -> Examples:
    """The usable people of ``chosen`` (R,) rows: a group of actions is accepted as a whole."""
    action = np.array([rows[i].action for i in found.labels])
    used = chosen & usable(rows, found)
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


class Fits:
    """Fits on the crowds and on all CAVIAR clips but some, each made once."""

    def __init__(self, rows: list[caviar.Row], real: Recorded, crowd: Examples) -> None:
        self.rows, self.real, self.crowd = rows, real, crowd
        self.names = real.measured.names
        self.clips = sorted(set(real.clips.tolist()))
        self.start = fit(self.names, crowd, RIDGE)
        self.everything = self._fit(np.ones(len(real.clips), bool), self.start, ITERATIONS)
        self._without: dict[frozenset[str], Decision] = {}
        self._left_out: dict[str, Decision] = {}

    def without(self, *names: str) -> Decision:
        """The fit that has not seen the clips of these names."""
        key = frozenset(names)
        if key not in self._without:
            chosen = ~np.isin(self.real.clips, names)
            self._without[key] = self._fit(chosen, self.everything, REFIT)
        return self._without[key]

    def _fit(self, chosen: BoolArray, start: Decision, iterations: int) -> Decision:
        others = caviar_examples(self.rows, self.real.measured, chosen)
        both = joined([self.crowd, others], [1.0, CAVIAR_SHARE])
        return fit(self.names, both, RIDGE, start, iterations)

    def left_out(self, name: str) -> Decision:
        """The decision that has not seen a clip: fitted and tuned on the others."""
        if name not in self._left_out:
            self._left_out[name] = adjusted(asking(self.without(name)), *self.tuned(name))
        return self._left_out[name]

    def tuned(self, *left_out: str) -> tuple[float, float]:
        """How rare the rare actions are best, and how sharp the scores: each of the other clips
        judged by a fit on the rest of them.

        The first by the log loss on those clips and on the crowds, the second by the calibration
        error on those clips.
        """
        rows, found = self.rows, self.real.measured
        seen = self.real.exact & ~np.isin(self.real.clips, left_out)
        chosen = usable(rows, found) & seen
        examples = caviar_examples(rows, found, chosen)
        clips = self.real.clips[chosen]
        judges = {
            name: asking(self.without(name, *left_out)) for name in sorted(set(clips.tolist()))
        }
        crowd = asking(self.without(*left_out) if left_out else self.everything)

        def missed(rare: float) -> float:
            total = loss(crowd, self.names, self.crowd, rare)
            for name, judge in judges.items():
                mine = examples.of(clips == name)
                share = float(mine.weights.sum() / examples.weights.sum())
                total += share * loss(judge, self.names, mine, rare)
            return total

        rare = min(RARER, key=missed)

        # Sharp as documents hold them: with the boxes that show nobody, and the doubt in them.
        nobody = seen & (found.labels < 0) & np.isin(self.real.clips, clips)
        boxes = found[chosen | nobody]
        of_box = self.real.clips[chosen | nobody]

        def error(sharp: float) -> float:
            scores = np.zeros((len(of_box), len(ACTIONS)))
            for name, judge in judges.items():
                mine = boxes[of_box == name]
                scores[of_box == name] = judged(adjusted(judge, rare, sharp), mine, mine.belief)
            return calibration_error(*held(rows, boxes, scores))

        return rare, min(SHARPER, key=error)


def leave_one_out(fits: Fits) -> dict[str, FloatArray]:
    """By kind of boxes and poses: scores (R, 14) of truth.csv's rows, those of each clip by a fit
    on the others, tuned on the others; NaN elsewhere.
    """
    real = fits.real
    kinds = dict.fromkeys(real.kinds.tolist())
    scores = {kind: np.full((len(fits.rows), len(ACTIONS)), np.nan) for kind in kinds}
    for name in progress(fits.clips, "clips left out", len(fits.clips), "clip"):
        decision = fits.left_out(name)
        for kind in kinds:
            here = (real.clips == name) & (real.kinds == kind) & real.exact
            people = real.measured[here & (real.measured.labels >= 0)]
            scores[kind][people.labels] = judged(decision, people)
    return scores


def as_held(fits: Fits) -> tuple[FloatArray, ...]:
    """Of our own boxes, those that show nobody among them, with the scores that documents hold,
    each clip's by a fit on the others: the best group's share (R,), and whether it is right.
    """
    parts = []
    for name in fits.clips:
        here = (fits.real.clips == name) & (fits.real.kinds == OWN) & fits.real.exact
        boxes = fits.real.measured[here]
        parts.append(held(fits.rows, boxes, judged(fits.left_out(name), boxes, boxes.belief)))
    return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))


def rules_alone(fits: Fits) -> FloatArray:
    """Scores (R, 14) of truth.csv's rows by the rules alone, on true boxes; NaN elsewhere."""
    real = fits.real
    here = (real.kinds == "none") & real.exact & (real.measured.labels >= 0)
    scores = np.full((len(fits.rows), len(ACTIONS)), np.nan)
    scores[real.measured.labels[here]] = real.measured.rules[here]
    return scores


def disturbed(fits: Fits) -> dict[str, dict[str, float]]:
    """For each group of actions: labelled people of perturbed copies, and the share whose top
    action is of the group, each clip by a fit on the others, averaged over clips.
    """
    real = fits.real
    known = usable(fits.rows, real.measured) & ~real.exact
    right: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for clip in fits.clips:
        here = known & (real.clips == clip)
        if not here.any():
            continue
        people = real.measured[here]
        tops = judged(fits.left_out(clip), people).argmax(1)
        for label, top in zip(people.labels, tops, strict=True):
            group = caviar.group_of(fits.rows[label].action)
            right[group][clip].append(caviar.group_of(ACTIONS[int(top)]) == group)
    return {
        group: {
            "people": sum(map(len, right[group].values())),
            "right": float(np.mean([np.mean(each) for each in right[group].values()])),
        }
        for group in caviar.GROUPS
    }


def main() -> None:
    """Fit and write, or judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--leave-one-out", action="store_true", help="also judge each clip apart")
    parser.add_argument("--plot", type=Path, help="a PNG file for the reliability left out")
    parser.add_argument("--own", type=Path, help="tracks that hie run made of DIR")
    parser.add_argument("--cache", type=Path, help="folder that keeps poses and measures")
    parser.add_argument("-o", "--output", type=Path, default=PACKAGED)
    args = parser.parse_args()
    rows = caviar.read_rows(args.folder)
    real = recorded(args.folder, rows, args.own, args.cache)
    train = Measured.of(
        [crowds("train", name, count, args.cache) for name, count in CROWDS.items()]
    )
    fits = Fits(rows, real, of_classes(train.values, train.labels))
    rare, sharp = fits.tuned()
    print(f"rare actions {rare:g} times as common, logits {sharp:g} times", flush=True)
    decision = adjusted(asking(fits.everything), rare, sharp)
    source = (
        "python tools/fit_kinematic.py DIR --own TRACKS: CAVIAR's clips (EC Funded CAVIAR project/"
        "IST 2001 37540, homepages.inf.ed.ac.uk/rbf/CAVIAR), as they are and perturbed, and "
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
            f"{macro(judged(fits.start, test), test.labels):.3f}; calibration error "
            f"{crowd_error(judged(decision, test), test.labels):.3f}",
            flush=True,
        )
    if args.leave_one_out:
        tables = {}
        for kind, scores in leave_one_out(fits).items():
            print(f"\n=== CAVIAR, each clip by a fit on the others: {NAMED.get(kind, kind)}")
            report(rows, scores)
            tables[NAMED.get(kind, f"poses of {kind}")] = bins(*caviar.sureness(rows, scores))
        if args.own is not None:
            sure, right = as_held(fits)
            print("\n=== Our own boxes with the scores that documents hold; of nobody: wrong")
            show_reliability(sure, right)
            tables["own boxes, as documents hold them"] = bins(sure, right)
        print("\n=== CAVIAR, the rules alone, true boxes")
        caviar.show(caviar.report(rows, rules_alone(fits)))
        print("\nPeople of disturbed copies, each clip by a fit on the others:")
        for group, entry in disturbed(fits).items():
            print(f"  {group:10s} {entry['people']:5.0f}  {entry['right']:.3f}")
        if args.plot:
            plot(args.plot, tables)


if __name__ == "__main__":
    main()
