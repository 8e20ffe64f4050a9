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
from collections import defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import caviar
import caviar_clips

sys.path.insert(0, str(Path(__file__).parent))
from kinematic_judging import (
    bins,
    calibration_error,
    crowd_error,
    held,
    judged,
    macro,
    plot,
    report,
    show_reliability,
)
from kinematic_people import OWN, Recorded, caviar_examples, crowds, recorded, usable

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.progress import progress
from hie_cli.core.types import BoolArray, FloatArray
from hie_cli.formats.files import atomic_write
from hie_cli.recognition.kinematic.decision import PACKAGED, Decision
from hie_cli.training.action.kinematic_data import CameraKind, Measured
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

CROWDS: dict[CameraKind, int] = {"usual": 65, "moving": 40, "ceiling": 85}
TESTED = 25  # crowds of held-out styles, for each camera
RIDGE = 5e-5
REFIT = 30  # iterations of a fit that begins with the fit on everything
# How rare the rare actions and how sharp the scores may be made, chosen left out.
RARER = (1.0, 0.5, 0.25, 0.1)
SHARPER = (1.0, 1.1, 1.2, 1.3, 1.5)
NAMED = {"none": "true boxes", OWN: "own boxes and poses"}
CAVIAR_SHARE = 1.0  # weight of CAVIAR's people, all crowds' being 1


class Fits:
    """Fits on the crowds and on all CAVIAR clips but some, each made once."""

    def __init__(self, rows: list[caviar_clips.Row], real: Recorded, crowd: Examples) -> None:
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
    rows = caviar_clips.read_rows(args.folder)
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
