"""Whom the kinematic decision is fitted on: people of CAVIAR's clips and of simulated crowds.

Used by fit_kinematic.py.
"""

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
import caviar_clips
import caviar_own

sys.path.insert(0, str(Path(__file__).parent))
from kinematic_judging import clip_of

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.progress import progress
from hie_cli.core.types import BoolArray
from hie_cli.simulation.style import Split
from hie_cli.training.action.kinematic_data import (
    CameraKind,
    Measured,
    label_step,
    measured,
    simulated,
)
from hie_cli.training.action.kinematic_fit import Examples
from hie_cli.training.action.labels import matched
from hie_cli.training.action.moving_camera import drawn_way, seen_by
from hie_cli.training.action.perturb import LabelledClip, drawn, perturbed

KINDS = ("none", *caviar_clips.MODELS)  # of poses
OWN = "own"  # our own boxes, poses and tracks
OWN_OVERLAP = 0.4  # IoU with the true box from which an own one shows the same person
# Perturbed versions of each clip; the poses of CAVIAR's small people are seldom trusted, so that
# other kinds differ little from no poses.
VARIANTS = {"none": 8, "multipose": 1, "thunder": 3, OWN: 3}
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
    folder: Path, rows: list[caviar_clips.Row], kind: str, own: Path | None, cache: Path | None
) -> list[LabelledClip]:
    """CAVIAR's runs with true boxes and poses of a ``kind``, or with our ``own`` tracks; labels are
    rows of truth.csv, -1 for people whom it does not know.
    """
    if kind != OWN:
        runs = caviar_clips.sequences(rows, caviar_clips.poses(folder, rows, kind, cache))
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
    folder: Path, rows: list[caviar_clips.Row], own: Path | None, cache: Path | None
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


def variants(clip: LabelledClip, rows: list[caviar_clips.Row], kind: str) -> Iterator[LabelledClip]:
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


def usable(rows: list[caviar_clips.Row], found: Measured) -> BoolArray:
    """Which people (R,) have a label and are large enough to learn from."""
    known = [rows[i].action != "" and rows[i].area >= LEAST_AREA for i in found.labels]
    return np.array(known) & (found.labels >= 0)


def caviar_examples(rows: list[caviar_clips.Row], found: Measured, chosen: BoolArray) -> Examples:
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
