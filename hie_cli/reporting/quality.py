"""What makes the results of a video less certain, told from the results themselves."""

from dataclasses import dataclass

import numpy as np

from hie_cli.reporting.people_table import PeopleTable
from hie_cli.reporting.places import BORDERS, border

_MOVING = 0.01  # of the width in half a second
_SMALL = 50.0  # pixels of height: below, poses and actions are guesses
_SMALL_SHARE = 0.25
_CUT_SHARE = 0.25
_EMPTY_SHARE = 0.5
_LOW_SCORE = 0.5
_SHORT_SECONDS = 1.0
_SHORT_SHARE = 0.4
_UNSURE = 0.5


@dataclass(frozen=True)
class Remark:
    """One remark: what, and what follows; ``warning`` where results suffer from it."""

    warning: bool
    title: str
    text: str


def remarks(table: PeopleTable, shift: float | None) -> list[Remark]:
    """All that a reader should know, warnings first. ``shift`` as in ``Stills``."""
    found = [
        remark
        for remark in (
            _camera(table, shift),
            *_people(table),
            *_identities(table),
            *_actions(table),
        )
        if remark is not None
    ]
    return sorted(found, key=lambda remark: not remark.warning)


def _camera(table: PeopleTable, shift: float | None) -> Remark | None:
    if table.camera_shift is not None:
        moved = table.camera_shift * table.rate / 2 / table.width
        return Remark(
            moved > _MOVING,
            "The camera moves" if moved > _MOVING else "The camera moves a little",
            f"By {moved:.1%} of the picture's width in half a second, as the track stage found. "
            "Speeds, lines and areas allow for that; the heat map and the borders are in picture "
            "coordinates.",
        )
    if shift is None:
        return Remark(False, "Camera not looked at", "There is no overlay video in this folder.")
    if shift > _MOVING:
        return Remark(
            True,
            "The camera moves",
            f"By {shift:.1%} of the picture's width in half a second. Speeds, the heat map and the "
            "flows are in picture coordinates and include that motion.",
        )
    return Remark(False, "The camera stands still", "Speeds and places can be compared over time.")


def _people(table: PeopleTable) -> list[Remark | None]:
    if not len(table.boxes):
        return [Remark(True, "Nobody was found", "No frame holds a person.")]
    small = float((table.heights < _SMALL).mean())
    cut = float(
        np.mean([border(b, table.width, table.height) in BORDERS for b in _sample(table.boxes)])
    )
    empty, score = float((table.counts == 0).mean()), float(np.median(table.scores))
    return [
        Remark(
            small > _SMALL_SHARE,
            "Small people" if small > _SMALL_SHARE else "Size of people",
            f"{small:.0%} of boxes are lower than {_SMALL:.0f} pixels (median "
            f"{np.median(table.heights):.0f}); joints and actions of such people are guesses.",
        ),
        Remark(
            cut > _CUT_SHARE,
            "People cut off" if cut > _CUT_SHARE else "People at the border",
            f"{cut:.0%} of boxes lie at a border of the picture, where bodies may be cut off.",
        ),
        Remark(
            True,
            "Few detections",
            f"{empty:.0%} of frames hold nobody. If people are there, try --set detect.budget=3.",
        )
        if empty > _EMPTY_SHARE
        else None,
        Remark(
            True,
            "Unsure detections",
            f"Half of the boxes have a score below {score:.2f}; some may be no people.",
        )
        if score < _LOW_SCORE
        else None,
    ]


def _sample(boxes: np.ndarray, most: int = 20_000) -> np.ndarray:
    return boxes[:: -(-len(boxes) // most) or 1]


def _identities(table: PeopleTable) -> list[Remark | None]:
    if not table.rows_of:
        return []
    lengths = np.array([len(rows) for rows in table.rows_of.values()]) / table.rate
    short = float((lengths < _SHORT_SECONDS).mean())
    most = int(table.counts.max())
    return [
        Remark(
            short > _SHORT_SHARE,
            "Short tracks" if short > _SHORT_SHARE else "Length of tracks",
            f"{short:.0%} of {len(lengths)} identities live for less than a second (median "
            f"{np.median(lengths):.1f} s; at most {most} people at once). One person may have "
            "several identities.",
        )
    ]


def _actions(table: PeopleTable) -> list[Remark | None]:
    if not len(table.boxes):
        return []
    if table.actions is None:
        return [Remark(False, "No actions", "The action stage has not run on this video.")]
    known = table.actions[table.best_action >= 0]
    if not len(known):
        return [Remark(True, "No actions", "No person was seen for long enough.")]
    unsure = float((known.max(-1) < _UNSURE).mean())
    return [
        Remark(
            unsure > _UNSURE,
            "Unsure actions" if unsure > _UNSURE else "Certainty of actions",
            f"In {unsure:.0%} of cases the likeliest action has a score below {_UNSURE:g}.",
        )
    ]
