"""A sequence between two layouts: people, and beside them the extras of ground truth."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.action_classes import NUM_ACTIONS
from hie_cli.core.annotations import INVISIBLE, VISIBLE, Annotations, TruthSequence
from hie_cli.core.errors import ConfigError
from hie_cli.core.types import ExactPeople, FloatArray, FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Header


@dataclass(frozen=True)
class ResultSequence:
    """Results of one video as a file states them: frames ascending, the document's header if any.

    ``dropped`` counts what the file says and ``People`` do not hold, for example COCO's eyes.
    width, height: pixels · fps: frames a second · num_frames: each where a file beside a headless
    one states it, else None.
    """

    name: str
    frames: tuple[FramePeople, ...]
    header: Header | None = None
    dropped: tuple[tuple[str, int], ...] = ()
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    num_frames: int | None = None


@dataclass(frozen=True)
class SequenceFrame:
    """One frame: its people; in ground truth, the annotations they were taken from; in results, the
    camera's motion (3, 3) since the frame before, where it moved.
    """

    index: int
    people: People
    truth: Annotations | None = None
    camera: FloatArray | None = None

    @property
    def labelled(self) -> bool:
        """Whether the frame says anything: results always do, truth where it was annotated."""
        return self.truth is None or self.truth.annotated


@dataclass(frozen=True)
class VideoSequence:
    """A sequence of either kind; ``num_frames`` is at least the last frame's index + 1.

    width, height: pixels · fps: frames a second · each None where unknown · dropped: counts of what
    the file said and these types do not hold. Iterating gives the frames as the stages take them,
    with their video where size and fps are known.
    """

    name: str
    frames: tuple[SequenceFrame, ...]
    num_frames: int
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    is_truth: bool = False
    dropped: tuple[tuple[str, int], ...] = ()

    def __iter__(self) -> Iterator[FramePeople]:
        video = None
        if self.width is not None and self.height is not None and self.fps is not None:
            video = VideoInfo(self.name, self.width, self.height, self.fps, self.num_frames)
        for frame in self.frames:
            yield FramePeople(frame.index, frame.people, video=video, camera=frame.camera)


def of_truth(sequence: TruthSequence) -> VideoSequence:
    """Ground truth as a sequence of either kind."""
    nobody = ExactPeople.empty()  # once: a sequence may have a million frames without people
    frames = tuple(
        SequenceFrame(t, people_of(a) if len(a) or a.keypoints is not None else nobody, a)
        for t, a in enumerate(sequence.frames)
    )
    return VideoSequence(
        sequence.name,
        frames,
        len(frames),
        sequence.width,
        sequence.height,
        sequence.fps,
        True,
        sequence.dropped,
    )


def of_results(sequence: ResultSequence) -> VideoSequence:
    """Results as a sequence of either kind; size and length from the header where there is one."""
    frames = tuple(
        SequenceFrame(item.index, item.people, camera=item.camera) for item in sequence.frames
    )
    count = frames[-1].index + 1 if frames else 0
    header = sequence.header
    if header is None:
        return VideoSequence(
            sequence.name,
            frames,
            max(count, sequence.num_frames or 0),
            sequence.width,
            sequence.height,
            sequence.fps,
            dropped=sequence.dropped,
        )
    video = header.video
    count = max(count, video.num_frames or 0)
    extras = len(header.models) + len(header.config)
    dropped = (("models and configuration", extras),) if extras else ()
    return VideoSequence(
        sequence.name,
        frames,
        count,
        video.width,
        video.height,
        video.fps,
        False,
        dropped + sequence.dropped,
    )


def image_size(sequence: VideoSequence) -> tuple[int, int]:
    """(width, height) of the images. Raises ConfigError where it is not known."""
    if sequence.width is None or sequence.height is None:
        raise ConfigError(
            f"{sequence.name}: its image size is not stated, or differs from image to image; "
            "add --size WIDTHxHEIGHT"
        )
    return sequence.width, sequence.height


def people_of(truth: Annotations) -> People:
    """Annotations as people: score 1, joints scored 1 visible or 0 hidden, actions one-hot."""
    scores: NDArray[np.float64] | None = None
    actions: NDArray[np.float64] | None = None
    keypoints = truth.keypoints
    if keypoints is not None:
        seen = geometry.known(keypoints)
        visible = seen if truth.visibility is None else truth.visibility == VISIBLE
        scores = np.asarray(seen & visible, np.float64)
    if truth.actions is not None:
        actions = np.full((len(truth), NUM_ACTIONS), np.nan, np.float64)
        known = truth.actions >= 0
        actions[known] = np.eye(NUM_ACTIONS, dtype=np.float64)[truth.actions[known]]
    return ExactPeople(
        truth.boxes, np.ones(len(truth)), truth.track_ids, keypoints, scores, actions
    )


def contents(sequence: VideoSequence) -> Counter[str]:
    """How much of each kind of information a sequence holds, in the words of ``Layout.holds``."""
    counts: Counter[str] = Counter()
    for frame in sequence.frames:
        _count_people(frame.people, sequence.is_truth, counts)
        if frame.truth is not None:
            _count_truth(frame.truth, counts)
        counts["frames without people"] += not len(frame.people)
        counts["camera motions"] += frame.camera is not None
    labelled = [frame.index for frame in sequence.frames if frame.labelled]
    if sequence.is_truth:
        end = sequence.num_frames - 1 - max(labelled, default=-1)
        counts["unlabelled frames at the end"] = end
        counts["unlabelled frames"] = sequence.num_frames - len(labelled) - end
    last = max((frame.index for frame in sequence.frames if len(frame.people)), default=-1)
    counts["empty frames at the end"] = sequence.num_frames - 1 - last
    counts["image size"] = int(sequence.width is not None)
    counts["frame rate"] = int(sequence.fps is not None)
    return +counts


def _count_people(people: People, is_truth: bool, counts: Counter[str]) -> None:
    if not len(people):  # of a million frames most may be empty
        return
    counts["boxes"] += len(people)
    if people.track_ids is not None:
        counts["track ids"] += int((people.track_ids >= 0).sum())
    if people.keypoints is not None:
        counts["joints"] += int(geometry.known(people.keypoints).sum())
        counts["noses"] += int(geometry.known(people.keypoints[:, 0]).sum())
        counts["chests"] += int(geometry.known(people.keypoints[:, 1]).sum())
    if people.action_scores is not None:
        known = int(np.isfinite(people.action_scores).all(-1).sum())
        counts["actions" if is_truth else "action scores"] += known
        counts["people without an action"] += len(people) - known
    else:
        counts["people without an action"] += len(people)
    if not is_truth:
        counts["scores"] += int((people.scores != 1).sum())
        if people.keypoint_scores is not None:
            counts["joint scores"] += int((people.keypoint_scores != 0).sum())


def _count_truth(truth: Annotations, counts: Counter[str]) -> None:
    if len(truth):
        counts["ignored people"] += int(truth.ignore.sum())
        counts["distractors"] += 0 if truth.distractor is None else int(truth.distractor.sum())
        if truth.visibility is not None:
            counts["hidden joints"] += int((truth.visibility == INVISIBLE).sum())
        counts["head boxes"] += 0 if truth.head_boxes is None else len(truth.head_boxes)
        counts["areas"] += 0 if truth.areas is None else len(truth.areas)
    counts["ignore regions"] += len(truth.ignore_regions)
    counts["crowd index"] += truth.crowd_index is not None
    counts["image names"] += bool(truth.image)
