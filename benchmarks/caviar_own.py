"""CAVIAR's clips with our own tracks: what was found, and how its actions fare against the truth.

Used by caviar_learned.py. Tracks are documents of ``hie track``; frames count where they have one.
CAVIAR does not annotate everybody in view, so each figure comes twice: with boxes that touch nobody
annotated (IoU below 0.1) left out, and with every such box as a mistake.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import caviar
import caviar_clips
import numpy as np

from hie_cli.core.action_classes import ACTIONS, NUM_ACTIONS
from hie_cli.core.annotations import Annotations
from hie_cli.core.geometry import iou
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.evaluation.metrics.action_map import ActionMapConfig, action_map, collect_actions
from hie_cli.formats.documents.document import Document
from hie_cli.recognition.base import Recogniser
from hie_cli.recognition.settings import ActionConfig
from hie_cli.recognition.stage import recognise
from hie_cli.training.action.labels import matched

TOUCHES = 0.1
# Each group is scored as one class, under the number of its first action.
CLASS_OF = {name: ACTIONS.index(members[0]) for name, members in caviar.GROUPS.items()}
OPTIONS = ActionMapConfig(ious=(0.5,), stride=1, score="product")


@dataclass(frozen=True)
class PoseClip:
    """One clip: its tracks, and for each of their frames the annotated rows there."""

    video: VideoInfo
    people: list[FramePeople]
    places: list[list[int]]


def read(folder: Path, rows: list[caviar_clips.Row]) -> list[PoseClip]:
    """The clips that ``folder`` has documents of."""
    by_frame: dict[tuple[str, int], list[int]] = {}
    for index, row in enumerate(rows):
        if row.role != "leaving object":
            by_frame.setdefault((Path(row.video).stem, row.frame), []).append(index)
    clips = []
    for path in sorted(folder.glob("*.json")):
        document = Document(path)
        assert document.header is not None
        people = list(document)
        places = [by_frame.get((path.stem, item.index), []) for item in people]
        clips.append(PoseClip(document.header.video, people, places))
    return clips


def scored(clip: PoseClip, models: tuple[Recogniser, ...]) -> PoseClip:
    """The clip with the models' mean scores."""
    settings = ActionConfig(every=1, models=("kinematic",) * len(models))
    people = list(recognise(clip.people, clip.video, settings, models))
    return dataclasses.replace(clip, people=people)


def truth(rows: list[caviar_clips.Row], place: list[int], everybody: bool) -> Annotations:
    """A frame's truth by group, or (``everybody``) all people as one class."""
    boxes = np.array([rows[i].box for i in place]).reshape(-1, 4)
    small = np.array([rows[i].area < caviar.LEAST_AREA for i in place], bool)
    groups = [CLASS_OF.get(caviar.group_of(rows[i].action), -1) for i in place]
    actions = np.zeros(len(place)) if everybody else np.array(groups)
    ids = np.array([rows[i].person for i in place], np.int64)
    return Annotations(boxes, ids, small, actions=actions.astype(np.int64))


def grouped(people: People) -> People:
    """Scores of the actions added up by group."""
    assert people.action_scores is not None
    scores = np.zeros((len(people), NUM_ACTIONS))
    for name, members in caviar.GROUPS.items():
        chosen = [ACTIONS.index(action) for action in members]
        scores[:, CLASS_OF[name]] = people.action_scores[:, chosen].sum(1)
    return people.replace(action_scores=scores)


def as_one_class(people: People) -> People:
    """Everybody as sure to be somebody as the detector is."""
    scores = np.zeros((len(people), NUM_ACTIONS))
    scores[:, 0] = 1
    return people.replace(action_scores=scores)


def precision(
    rows: list[caviar_clips.Row], clips: list[PoseClip], strict: bool, detection: bool = False
) -> dict[str, float]:
    """AP at IoU 0.5 of every group and their mean, or with ``detection`` of finding people."""
    parts = []
    for clip in clips:
        pairs = []
        for item, place in zip(clip.people, clip.places, strict=True):
            exact = truth(rows, place, detection)
            people = as_one_class(item.people) if detection else grouped(item.people)
            if not strict:
                overlap = iou(people.boxes, exact.boxes)
                people = people[overlap.max(1, initial=0.0) >= TOUCHES]
            pairs.append((exact, people))
        parts.append(collect_actions(pairs, OPTIONS))
    table = action_map(parts, OPTIONS)
    if detection:
        return {"AP": float(table.ap[0, 0])}
    found = {name: float(table.ap[0, k]) for name, k in CLASS_OF.items()}
    return {**found, "mAP": float(np.nanmean(list(found.values())))}


def recall(rows: list[caviar_clips.Row], clips: list[PoseClip]) -> float:
    """Share of annotated people of at least 500 px² who have a box with IoU 0.5."""
    hits = []
    for clip in clips:
        for item, place in zip(clip.people, clip.places, strict=True):
            exact = truth(rows, place, True)
            overlap = iou(item.people.boxes, exact.boxes).max(0, initial=0.0)
            hits.extend((overlap >= 0.5)[~exact.ignore])
    return float(np.mean(hits))


def units(rows: list[caviar_clips.Row], clips: list[PoseClip]) -> list[caviar.Unit]:
    """The units of true tracks; each row has the scores of the own box that overlaps it most.

    Units without any such box are there too, recognised as "missed".
    """
    scores = np.full((len(rows), NUM_ACTIONS), np.nan)
    shown = np.full((len(rows), NUM_ACTIONS), np.nan)
    for clip in clips:
        for item, place in zip(clip.people, clip.places, strict=True):
            exact = truth(rows, place, True)
            shown[place] = 0
            numbered = dataclasses.replace(exact, actions=np.arange(len(place)))
            which = matched(item.people, numbered)
            assert item.people.action_scores is not None
            for person in np.flatnonzero(which >= 0):
                scores[place[which[person]]] = item.people.action_scores[person]
    found = {(u.video, u.person, u.action): u for u in caviar.units(rows, scores)}
    everybody = caviar.units(rows, shown)
    missed = [dataclasses.replace(u, rows=0, by_mean="missed", by_vote="missed") for u in everybody]
    return [found.get((u.video, u.person, u.action), u) for u in missed]
