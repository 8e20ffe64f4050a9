"""A sequence on its way between layouts: people, and beside them the extras of ground truth."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.action_classes import NUM_ACTIONS
from hie_cli.core.types import (
    INVISIBLE,
    VISIBLE,
    Annotations,
    FramePeople,
    People,
    TruthSequence,
)
from hie_cli.formats.documents.document import Header


@dataclass(frozen=True)
class SequenceFrame:
    """One frame: its people and, in ground truth, the annotations they were taken from."""

    index: int
    people: People
    truth: Annotations | None = None


@dataclass(frozen=True)
class VideoSequence:
    """A sequence of either kind; ``num_frames`` is at least the last moment's index + 1."""

    name: str
    moments: tuple[SequenceFrame, ...]
    num_frames: int
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    is_truth: bool = False
    dropped: tuple[tuple[str, int], ...] = ()


def of_truth(sequence: TruthSequence) -> VideoSequence:
    """Ground truth as a clip."""
    moments = tuple(SequenceFrame(t, people_of(a), a) for t, a in enumerate(sequence.frames))
    return VideoSequence(
        sequence.name,
        moments,
        len(moments),
        sequence.width,
        sequence.height,
        sequence.fps,
        True,
        sequence.dropped,
    )


def of_results(name: str, frames: tuple[FramePeople, ...], header: Header | None) -> VideoSequence:
    """Results as a clip; size and length from the document's header where there is one."""
    moments = tuple(SequenceFrame(item.index, item.people) for item in frames)
    count = moments[-1].index + 1 if moments else 0
    if header is None:
        return VideoSequence(name, moments, count)
    video = header.video
    count = max(count, video.num_frames or 0)
    extras = len(header.models) + len(header.config)
    dropped = (("models and configuration", extras),) if extras else ()
    return VideoSequence(name, moments, count, video.width, video.height, video.fps, False, dropped)


def people_of(truth: Annotations) -> People:
    """Annotations as people: score 1, joints scored 1 visible or 0 hidden, actions one-hot."""
    scores: NDArray[np.float32] | None = None
    actions: NDArray[np.float32] | None = None
    keypoints = truth.keypoints
    if keypoints is not None:
        seen = np.isfinite(keypoints).all(-1)
        visible = seen if truth.visibility is None else truth.visibility == VISIBLE
        scores = np.asarray(seen & visible, np.float32)
    if truth.actions is not None:
        actions = np.full((len(truth), NUM_ACTIONS), np.nan, np.float32)
        known = truth.actions >= 0
        actions[known] = np.eye(NUM_ACTIONS, dtype=np.float32)[truth.actions[known]]
    return People(truth.boxes, np.ones(len(truth)), truth.track_ids, keypoints, scores, actions)


def contents(clip: VideoSequence) -> Counter[str]:
    """How much of each kind of information a clip holds; the keys are those of ``HOLDS``."""
    counts: Counter[str] = Counter()
    for moment in clip.moments:
        _count_people(moment.people, clip.is_truth, counts)
        if moment.truth is not None:
            _count_truth(moment.truth, counts)
        counts["frames without people"] += not len(moment.people)
    labelled = [m.index for m in clip.moments if m.truth is None or m.truth.annotated]
    if clip.is_truth:
        end = clip.num_frames - 1 - max(labelled, default=-1)
        counts["unlabelled frames at the end"] = end
        counts["unlabelled frames"] = clip.num_frames - len(labelled) - end
    last = max((m.index for m in clip.moments if len(m.people)), default=-1)
    counts["empty frames at the end"] = clip.num_frames - 1 - last
    counts["image size"] = int(clip.width is not None)
    counts["frame rate"] = int(clip.fps is not None)
    return +counts


def _count_people(people: People, is_truth: bool, counts: Counter[str]) -> None:
    counts["boxes"] += len(people)
    if people.track_ids is not None:
        counts["track ids"] += int((people.track_ids >= 0).sum())
    if people.keypoints is not None:
        counts["joints"] += int(np.isfinite(people.keypoints).all(-1).sum())
        counts["noses"] += int(np.isfinite(people.keypoints[:, 0]).all(-1).sum())
        counts["chests"] += int(np.isfinite(people.keypoints[:, 1]).all(-1).sum())
    if people.action_scores is not None:
        known = int(np.isfinite(people.action_scores).all(-1).sum())
        counts["actions" if is_truth else "action scores"] += known
        counts["people without an action"] += len(people) - known
    elif len(people):
        counts["people without an action"] += len(people)
    if not is_truth:
        counts["scores"] += int((people.scores != 1).sum())
        if people.keypoint_scores is not None:
            counts["joint scores"] += int((people.keypoint_scores != 0).sum())


def _count_truth(truth: Annotations, counts: Counter[str]) -> None:
    counts["ignored people"] += int(truth.ignore.sum())
    counts["distractors"] += 0 if truth.distractor is None else int(truth.distractor.sum())
    if truth.visibility is not None:
        counts["hidden joints"] += int((truth.visibility == INVISIBLE).sum())
    counts["ignore regions"] += len(truth.ignore_regions)
    counts["head boxes"] += 0 if truth.head_boxes is None else len(truth.head_boxes)
    counts["areas"] += 0 if truth.areas is None else len(truth.areas)
    counts["crowd index"] += truth.crowd_index is not None
    counts["image names"] += bool(truth.image)
