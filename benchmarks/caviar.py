"""Action recognition on the CAVIAR lobby clips, with the annotated boxes as tracks.

    python benchmarks/caviar.py DIR [--poses none|multipose|thunder] [--halves] [--json]

DIR holds truth.csv and the clips (EC Funded CAVIAR project/IST 2001 37540). A unit is one label of
one track: its rows with boxes of at least 500 px2. A unit is right if the action with the highest
mean score over its rows (or, as "vote", the action most often on top) belongs to its group.
"""

import argparse
import itertools
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from caviar_clips import MODELS, Row, poses, read_rows, sequences

from hie_cli.core import config
from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.types import FloatArray
from hie_cli.recognition.stage import ActionConfig, recognise

GROUPS = {
    "walking": ("walking-alone", "walking-together"),
    "standing": ("standing-alone", "gathering"),
    "fighting": ("fighting",),
    "fall-over": ("fall-over",),
}
LEAST_AREA, LEAST_ROWS = 500.0, 5


def score_rows(
    rows: list[Row], pose: tuple[FloatArray, FloatArray] | None, settings: ActionConfig
) -> FloatArray:
    """Scores (R, 14); NaN for rows of frames that were not sampled."""
    scores = np.full((len(rows), len(ACTIONS)), np.nan)
    for places, video, people in sequences(rows, pose):
        for item in recognise(people, video, settings):
            scores[places[item.index]] = item.people.action_scores
    return scores


@dataclass(frozen=True)
class Unit:
    """One label of one track and what was made of it."""

    video: str
    person: int
    action: str
    confidence: str
    rows: int
    by_mean: str
    by_vote: str

    @property
    def group(self) -> str:
        """Of the annotated action."""
        return group_of(self.action)


def group_of(action: str) -> str:
    return next((name for name, members in GROUPS.items() if action in members), action)


def units(rows: list[Row], scores: FloatArray) -> list[Unit]:
    chosen: dict[tuple[str, int, str], list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        if row.action and row.area >= LEAST_AREA and np.isfinite(scores[index]).all():
            chosen[row.video, row.person, row.action].append(index)
    result = []
    for (video, person, action), members in chosen.items():
        if (
            sum(
                r.video == video
                and r.person == person
                and r.action == action
                and r.area >= LEAST_AREA
                for r in rows
            )
            < LEAST_ROWS
        ):
            continue
        confidence = Counter(rows[i].confidence for i in members).most_common(1)[0][0]
        top = Counter(int(k) for k in scores[members].argmax(1)).most_common(1)[0][0]
        mean = int(scores[members].mean(0).argmax())
        result.append(
            Unit(video, person, action, confidence, len(members), ACTIONS[mean], ACTIONS[top])
        )
    return result


def accuracy(found: list[Unit]) -> dict[str, dict[str, float]]:
    """Per group and macro: units, share right by mean score and by vote."""
    table: dict[str, dict[str, float]] = {}
    for name in GROUPS:
        mine = [u for u in found if u.group == name]
        if mine:
            table[name] = {
                "tracks": len(mine),
                "mean": float(np.mean([group_of(u.by_mean) == name for u in mine])),
                "vote": float(np.mean([group_of(u.by_vote) == name for u in mine])),
            }
    if table:
        table["macro"] = {
            "tracks": sum(int(entry["tracks"]) for entry in table.values()),
            "mean": float(np.mean([entry["mean"] for entry in table.values()])),
            "vote": float(np.mean([entry["vote"] for entry in table.values()])),
        }
    return table


def row_accuracy(rows: list[Row], scores: FloatArray) -> dict[str, dict[str, float]]:
    """Per group: annotated rows and the share whose top action is of the group."""
    right: dict[str, list[bool]] = defaultdict(list)
    for row, score in zip(rows, scores, strict=True):
        if row.action and row.area >= LEAST_AREA and np.isfinite(score).all():
            group = group_of(row.action)
            right[group].append(group_of(ACTIONS[int(score.argmax())]) == group)
    return {name: {"rows": len(v), "right": float(np.mean(v))} for name, v in right.items()}


def sureness(rows: list[Row], scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Of rows of the annotated groups (R,): the best group's share, and whether it is right."""
    sure, right = [], []
    for row, score in zip(rows, scores, strict=True):
        group = group_of(row.action)
        if group in GROUPS and row.area >= LEAST_AREA and np.isfinite(score).all():
            best = group_of(ACTIONS[int(score.argmax())])
            mine = [k for k, action in enumerate(ACTIONS) if group_of(action) == best]
            sure.append(float(score[mine].sum()))
            right.append(best == group)
    return np.array(sure), np.array(right)


def reliability(rows: list[Row], scores: FloatArray) -> list[dict[str, float]]:
    """Rows by their group's share: how sure, how often right (annotated groups only)."""
    sure, right = sureness(rows, scores)
    bins = np.digitize(sure, (0.5, 0.7, 0.9))
    return [
        {
            "rows": int((bins == k).sum()),
            "sure": float(np.mean(np.array(sure)[bins == k])),
            "right": float(np.mean(np.array(right)[bins == k])),
        }
        for k in np.unique(bins)
    ]


# The thresholds that decide between the annotated groups, and the values tried for each.
TRIED = {
    "kinematic.rules.moving_speed.at": (0.2, 0.25, 0.3),
    "kinematic.rules.lying_lean.at": (45, 50, 55),
    "kinematic.rules.fight_agitation.at": (0.35, 0.4, 0.45),
}


def fitted_halves(
    rows: list[Row], pose: tuple[FloatArray, FloatArray] | None, settings: ActionConfig
) -> list[dict[str, object]]:
    """Thresholds fitted on half of the clips, judged on the other half, and the reverse."""
    choices = [
        [f"{key}={value}" for key, value in zip(TRIED, values, strict=True)]
        for values in itertools.product(*TRIED.values())
    ]
    found = [
        units(rows, score_rows(rows, pose, config.load(settings, (), sets))) for sets in choices
    ]
    clips = sorted({row.video for row in rows})
    result: list[dict[str, object]] = []
    for mine in (set(clips[::2]), set(clips[1::2])):
        macro = [accuracy([u for u in f if u.video in mine])["macro"]["mean"] for f in found]
        best = int(np.argmax(macro))
        other = accuracy([u for u in found[best] if u.video not in mine])
        result.append({"chosen": choices[best], "fitted": macro[best], "held out": other})
    return result


def report(rows: list[Row], scores: FloatArray) -> dict[str, object]:
    found = units(rows, scores)
    confusion: dict[str, Counter[str]] = defaultdict(Counter)
    for unit in found:
        confusion[unit.action][unit.by_mean] += 1
    return {
        "all": accuracy(found),
        "clear": accuracy([u for u in found if u.confidence == "clear"]),
        "weak": accuracy([u for u in found if u.confidence == "weak"]),
        "rows": row_accuracy(rows, scores),
        "reliability": reliability(rows, scores),
        "confusion": {action: dict(counts) for action, counts in confusion.items()},
        "tracks": [
            f"{u.video} {u.person} {u.action} ({u.confidence}, {u.rows} rows): {u.by_mean}"
            for u in found
        ],
    }


def show(result: dict[str, object]) -> None:
    for part in ("all", "clear", "weak"):
        print(f"\nBy track, {part}: share of tracks right (mean score / vote)")
        for name, entry in result[part].items():  # type: ignore[attr-defined] # a table
            print(f"  {name:10s} {entry['tracks']:3d}  {entry['mean']:.3f}  {entry['vote']:.3f}")
    print("\nBy row:")
    for name, entry in result["rows"].items():  # type: ignore[attr-defined] # a table
        print(f"  {name:15s} {entry['rows']:5d}  {entry['right']:.3f}")
    print("\nReliability: rows, how sure of the group on average, how often right")
    for entry in result["reliability"]:  # type: ignore[attr-defined] # a list
        print(f"  {entry['rows']:5d}  {entry['sure']:.2f}  {entry['right']:.2f}")
    print("\nConfusion, by track: annotated: recognised")
    for action, counts in result["confusion"].items():  # type: ignore[attr-defined] # a table
        print(f"  {action}: " + ", ".join(f"{name} {n}" for name, n in counts.items()))
    print("\nTracks:")
    for line in result["tracks"]:  # type: ignore[attr-defined] # a list
        print(f"  {line}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--poses", choices=("none", *MODELS), default="none")
    parser.add_argument("--cache", type=Path, help="folder that keeps the poses between runs")
    parser.add_argument("--every", type=int, default=5, help="score every n-th frame")
    parser.add_argument("--config", type=Path, action="append", default=[])
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--halves", action="store_true", help="fit thresholds on half the clips")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    settings = config.load(ActionConfig(every=args.every), args.config, args.set)
    rows = read_rows(args.folder)
    pose = poses(args.folder, rows, args.poses, args.cache)
    if args.halves:
        print(json.dumps(fitted_halves(rows, pose, settings), indent=1))
        return
    result = report(rows, score_rows(rows, pose, settings))
    if args.json:
        print(json.dumps(result, indent=1))
    else:
        show(result)


if __name__ == "__main__":
    main()
