"""Figures of labelled pictures, and their plots."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import libraries
from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.annotations import VISIBLE
from hie_cli.core.geometry import known
from hie_cli.core.skeletons import JOINTS, NUM_JOINTS
from hie_cli.evaluation.metrics.crowd_index import crowd_index
from hie_cli.formats.files import atomic_write
from hie_cli.training.data.items import Item

_BAR = 0.4  # of an action's row


@dataclass(frozen=True)
class Statistics:
    """Of the people that count, in pixels of the pictures as they are stored.

    heights (N,): of boxes · people (T,): a picture · crowd (T,): Crowd Index · joints (14,): share
    of people whose joint is labelled · visible (14,): of the labelled ones, share visible (NaN:
    nobody says) · actions: people by action.
    """

    pictures: int
    ignored: int
    heights: NDArray[np.float64]
    people: NDArray[np.int64]
    crowd: NDArray[np.float64]
    joints: NDArray[np.float64]
    visible: NDArray[np.float64]
    actions: dict[str, int]

    def numbers(self) -> dict[str, float | int | dict[str, int]]:
        """The main figures by name."""
        count = len(self.heights)
        return {
            "pictures": self.pictures,
            "people": count,
            "ignored": self.ignored,
            "people_a_picture": round(float(self.people.mean()), 2) if len(self.people) else 0.0,
            "median_height": round(float(np.median(self.heights)), 1) if count else 0.0,
            "small_people": int((self.heights < 32).sum()),
            "crowd_index": round(float(self.crowd.mean()), 3) if len(self.crowd) else 0.0,
            "joints": round(float(self.joints.mean()), 3),
            "actions": self.actions,
        }


def statistics(items: Sequence[Item]) -> Statistics:
    """Figures of ``items``."""
    heights: list[NDArray[np.float64]] = [np.zeros(0)]
    people, crowd, ignored = [], [], 0
    labelled, seen, told = np.zeros(NUM_JOINTS), np.zeros(NUM_JOINTS), np.zeros(NUM_JOINTS)
    actions = np.zeros(len(ACTIONS), np.int64)
    for item in items:
        truth = item.labels
        counts = ~truth.ignore
        heights.append((truth.boxes[:, 3] - truth.boxes[:, 1])[counts])
        people.append(int(counts.sum()))
        ignored += int(truth.ignore.sum())
        crowd.append(crowd_index(truth) if truth.crowd_index is None else truth.crowd_index)
        if truth.keypoints is not None:
            there = known(truth.keypoints)[counts]
            labelled += there.sum(0)
            if truth.visibility is not None:
                told += there.sum(0)
                seen += (there & (truth.visibility[counts] == VISIBLE)).sum(0)
        if truth.actions is not None:
            actions += np.bincount(truth.actions[counts & (truth.actions >= 0)], minlength=14)
    total = max(sum(people), 1)
    return Statistics(
        len(items), ignored, np.concatenate(heights), np.array(people, np.int64),
        np.array(crowd, np.float64), labelled / total,
        np.divide(seen, told, out=np.full(NUM_JOINTS, np.nan), where=told > 0),
        {name: int(n) for name, n in zip(ACTIONS, actions, strict=True) if n},
    )  # fmt: skip


def draw(found: dict[str, Statistics], path: Path) -> None:
    """A PNG of the distributions, one line each of ``found`` (training, validation)."""
    libraries.matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 7), layout="constrained")
    plots = figure.subplot_mosaic(
        [["boxes", "people", "actions"], ["crowding", "joints", "actions"]]
    )
    edges = np.geomspace(8, 1024, 29).tolist()
    places = np.arange(len(ACTIONS))
    for number, (name, each) in enumerate(found.items()):
        if not each.pictures:
            continue
        plots["boxes"].hist(each.heights, edges, histtype="step", density=True, label=name)
        plots["people"].hist(each.people, 30, histtype="step", density=True, label=name)
        plots["crowding"].hist(each.crowd, 30, histtype="step", density=True, label=name)
        plots["joints"].plot(each.joints, marker=".", label=name)
        counts = [each.actions.get(action, 0) for action in ACTIONS]
        plots["actions"].barh(places + number * _BAR, counts, _BAR, label=name)
    plots["boxes"].set(title="boxes", xlabel="height in pixels", xscale="log")
    plots["people"].set(title="people a picture", xlabel="people")
    plots["crowding"].set(title="crowding", xlabel="Crowd Index")
    plots["joints"].set(title="joints labelled", ylim=(0, 1))
    plots["joints"].set_xticks(
        range(NUM_JOINTS), [name.replace("_", " ") for name in JOINTS], rotation=60
    )
    plots["actions"].set(title="actions", xlabel="people")
    plots["actions"].set_yticks(places, ACTIONS)
    plots["actions"].invert_yaxis()
    plots["boxes"].legend()
    with atomic_write(path, "wb") as file:
        figure.savefig(file, format="png", dpi=100)
