"""Reads and scores one sequence: what it contributes to each track, and notes for the reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.errors import InputError
from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import FramePeople
from hie_cli.evaluation.length import labelled, reaching
from hie_cli.evaluation.matching import true_joints
from hie_cli.evaluation.settings import EvalConfig
from hie_cli.evaluation.suspicions import suspicions
from hie_cli.evaluation.timeline import Timeline, timeline
from hie_cli.evaluation.tracks import Loaded, Metric, known
from hie_cli.evaluation.tracks.track1_boxes import BoxTrackMetric
from hie_cli.evaluation.worst_frames import WorstFrame, worst_frames


@dataclass(frozen=True)
class Wish:
    """What is wanted of each sequence: tracks (none: all), timelines, so many worst frames."""

    chosen: tuple[str, ...] = ()
    timelines: bool = False
    worst: int = 0

    def metrics(self, config: EvalConfig) -> list[Metric[Any]]:
        """The metrics of the tracks."""
        every = [metric for metric in known() if not self.chosen or metric.key in self.chosen]
        return [metric(config) for metric in every]


@dataclass(frozen=True)
class SequenceScores:
    """What one sequence contributes.

    ``parts``: to each track that it holds · ``lacking``: tracks of its truth that its results lack.
    """

    name: str
    notes: tuple[str, ...]
    parts: dict[str, Any]
    lacking: tuple[str, ...]
    timeline: Timeline | None = None
    worst: tuple[WorstFrame, ...] | None = None


@dataclass(frozen=True)
class Unscored:
    """A sequence that could not be read or scored, and why."""

    name: str
    error: Exception


def score_sequence(
    name: str,
    truth: Mapping[str, TruthSequence],
    results: Mapping[str, tuple[FramePeople, ...]],
    config: EvalConfig,
    wish: Wish,
    boxes: Mapping[str, TruthSequence] | None = None,
) -> SequenceScores:
    """Read and score one sequence; as ``evaluate``, which see for the errors."""
    metrics = wish.metrics(config)
    whole, boxed, note = loaded(name, truth, results, config, boxes)
    notes = [note] if note else []
    notes += _suspicions(boxed, config)
    notes += _unposed(whole, metrics, config)
    parts, lacking, drawn = {}, [], None
    for metric in metrics:
        sequence = boxed if metric.scores_boxes else whole
        if not _truth_holds(metric, sequence):
            continue
        if not _results_hold(metric, sequence):
            lacking.append(metric.key)
            continue
        parts[metric.key] = metric.collect(sequence)
        if wish.timelines and metric.key == BoxTrackMetric.key:
            drawn = timeline(sequence.frames, config.box.iou)
    bad = worst_frames(boxed.frames, config.box.iou, wish.worst) if wish.worst else None
    return SequenceScores(name, tuple(notes), parts, tuple(lacking), drawn, bad)


def loaded(
    name: str,
    truth: Mapping[str, TruthSequence],
    results: Mapping[str, tuple[FramePeople, ...]],
    config: EvalConfig,
    boxes: Mapping[str, TruthSequence] | None = None,
) -> tuple[Loaded, Loaded, str]:
    """One sequence as all tracks score it, as box tracks do, and a note (or nothing)."""
    people = tuple(results[name])
    whole_truth, note = _scored(truth[name], name, people, config)
    whole = Loaded(whole_truth, people)
    if boxes is None or name not in boxes:
        return whole, whole, note
    box_truth, note = _scored(boxes[name], name, people, config)
    return whole, Loaded(box_truth, people), note


def _scored(
    truth: TruthSequence, name: str, people: Sequence[FramePeople], config: EvalConfig
) -> tuple[TruthSequence, str]:
    """The sequence's ``truth`` of as many frames as are scored, and a note (or nothing)."""
    reached, note = reaching(truth, people, config.lengths.get(name))
    return labelled(reached) if config.empty_frames == "unlabelled" else (reached, note)


def _truth_holds(metric: Metric[Any], sequence: Loaded) -> bool:
    return any(metric.in_truth(frame) for frame in sequence.truth.frames if frame.annotated)


def _results_hold(metric: Metric[Any], sequence: Loaded) -> bool:
    """Whether anybody has what the track scores; results without anybody lack nothing."""
    filled = [item.people for item in sequence.people if len(item.people)]
    return not filled or any(metric.in_results(people) for people in filled)


def _suspicions(sequence: Loaded, config: EvalConfig) -> list[str]:
    """What seems wrong with a sequence; InputError where that is certain enough not to score it."""
    found = suspicions(sequence.truth, sequence.people)
    for suspicion in found:
        if suspicion.certain and config.suspicious == "refuse":
            raise InputError(f"{suspicion.text}; --set suspicious=note scores it all the same")
    return [suspicion.text for suspicion in found]


def _unposed(sequence: Loaded, metrics: Sequence[Metric[Any]], config: EvalConfig) -> list[str]:
    """A note where some true people have no annotated joint and poses on them do not count."""
    if config.effective_unposed == "wrong" or not any(m.scores_poses for m in metrics):
        return []
    rows = [
        true_joints(frame, "annotated")[~frame.ignore]
        for frame in sequence.truth.frames
        if frame.annotated and frame.keypoints is not None
    ]
    posed = np.any(np.concatenate([np.zeros((0, NUM_JOINTS), np.bool_), *rows]), axis=1)
    if posed.all() or not posed.any():
        return []
    return [
        f"{sequence.truth.name}: {int((~posed).sum())} of {len(posed)} true people have no "
        "annotated joint; poses on them count neither way (--set unposed=wrong: as false)"
    ]
