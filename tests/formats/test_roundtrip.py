"""Every layout keeps what it claims to hold, and the loss report counts exactly the rest."""

import shutil
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.core.annotations import VISIBLE
from hie_cli.core.types import People
from hie_cli.formats.layouts import find
from hie_cli.formats.readers import read_sequences
from hie_cli.formats.sequence import (
    ResultSequence,
    SequenceFrame,
    VideoSequence,
    contents,
    of_results,
    of_truth,
)
from hie_cli.formats.writers import lost, targets, write

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=8, deadline=None)
TRUTH_ONLY = ("hieve-xml", "hieve-json")
# For other programs: written and not read (tests/formats/layouts/test_exports.py).
WRITTEN_ONLY = ("keypoints-long", "keypoints-wide", "openpose", "people", "yolo", "yolo-pose")
TARGETS = [t for t in targets() if t not in ("parquet", *WRITTEN_ONLY)]
READ_AS = {"document": "annolist", "coco17": "coco", "crowdpose": "coco"}
# Words that count what is not there: how often they occur depends on what else a layout drops.
ABSENCES = {"frames without people", "empty frames at the end", "people without an action"}
# Words whose arrays are compared joint by joint instead, since hidden or foreign joints may go.
JOINTS = {"joints", "noses", "chests", "hidden joints", "joint scores"}
# Layouts whose files end with the last labelled frame.
SHORTENED = ("annolist", *TRUTH_ONLY)
# Words of truth, and the array of Annotations that stands for each.
ARRAYS = {
    "ignored people": "ignore",
    "distractors": "distractor",
    "actions": "actions",
    "head boxes": "head_boxes",
    "areas": "areas",
}


def there_and_back(sequence: VideoSequence, target: str) -> VideoSequence:
    folder = Path(tempfile.mkdtemp())
    nobody = VideoSequence(sequence.name, (), 0, is_truth=sequence.is_truth)
    try:
        written = write(sequence, folder, target)
        if not written.files:  # no frame is labelled, and the layout is a file per labelled frame
            return nobody
        kind = "truth" if sequence.is_truth else "results"
        size = (1280, 720) if target == "ava" else None
        found = list(read_sequences(folder, READ_AS.get(target, target), kind, size=size))
        assert len(found) <= 1
        return found[0] if found else nobody
    finally:
        shutil.rmtree(folder)


def acting(frame: SequenceFrame) -> np.ndarray:
    """Rows of a frame's people that have an action."""
    if frame.truth is not None:
        return np.flatnonzero(frame.truth.actions >= 0) if len(frame.truth) else np.zeros(0, int)
    scores = frame.people.action_scores
    return np.flatnonzero([] if scores is None else np.isfinite(scores).all(axis=1))


def kept_points(frame: SequenceFrame, held: frozenset[str]) -> np.ndarray:
    """The joints (N, 14, 2) that a layout with these words keeps of a frame, NaN elsewhere."""
    points = np.array(frame.people.keypoints, float)
    if frame.truth is not None and "hidden joints" not in held:
        points[frame.truth.visibility != VISIBLE] = np.nan
    for joint, word in ((0, "noses"), (1, "chests")):
        if word not in held:
            points[:, joint] = np.nan
    return points


def check(sequence: VideoSequence, back: VideoSequence, target: str) -> None:
    layout = find(target)
    held = layout.kept(sequence)
    drops_people = "people without an action" not in held
    assert back.name == sequence.name
    assert back.is_truth == sequence.is_truth
    before, after = contents(sequence), contents(back)
    invented = set() if sequence.is_truth else {"image names"}
    fewer = {"boxes", "track ids", "unlabelled frames"} if drops_people else set()
    for word in held - ABSENCES - JOINTS - invented - fewer:
        assert after[word] == before[word], word
    expected = Counter({word: n for word, n in before.items() if word not in held})
    if "joints" not in held:
        expected.pop("noses", 0)
        expected.pop("chests", 0)
    assert lost(sequence, layout) == expected
    if "image size" in held:
        assert (back.width, back.height) == (sequence.width, sequence.height)
    if sequence.is_truth and "empty frames at the end" in held:
        gone = {"unlabelled frames at the end"} - held if target in SHORTENED else set()
        assert back.num_frames == sequence.num_frames - sum(before[word] for word in gone)
    frames = {frame.index: frame for frame in back.frames}
    assert len(frames) == len(back.frames)
    for frame in sequence.frames:
        rows = acting(frame) if drops_people else np.arange(len(frame.people))
        other = frames.pop(frame.index, None)
        if len(rows) or other is not None:
            assert other is not None, frame.index
            check_frame(frame, other, rows, held)
            if sequence.is_truth and held & {"unlabelled frames"} and not drops_people:
                assert other.labelled == frame.labelled
    assert not any(len(frame.people) for frame in frames.values())


def check_frame(
    frame: SequenceFrame, other: SequenceFrame, rows: np.ndarray, held: frozenset[str]
) -> None:
    """``other`` came back of ``frame``, of whose people the ``rows`` are kept."""
    people, found = frame.people, other.people
    assert len(found) == len(rows)
    if not len(rows):
        return
    points = kept_points(frame, held)[rows]
    if "boxes" in held:
        same(found.boxes, people.boxes[rows], "boxes")
    else:  # PoseTrack 2017: the extent of the joints
        same(found.boxes[:, :2], np.nanmin(points, axis=1), "upper left of the joints")
        same(found.boxes[:, 2:], np.nanmax(points, axis=1), "lower right of the joints")
    if "track ids" in held:
        assert found.track_ids.tolist() == people.track_ids[rows].tolist()
    if "joints" in held:
        same(found.keypoints, points, "joints")
    else:
        assert found.keypoints is None
    if frame.truth is None:
        if "scores" in held:
            same(found.scores, people.scores[rows], "scores")
        if "joint scores" in held:
            seen = np.isfinite(points).all(-1)
            same(found.keypoint_scores[seen], people.keypoint_scores[rows][seen], "joint scores")
        if "action scores" in held:
            same(found.action_scores, people.action_scores[rows], "action scores")
        return
    truth, annotations = frame.truth, other.truth
    for word, name in ARRAYS.items():
        value = getattr(annotations, name)
        if word in held:
            expected = getattr(truth, name)[rows]
            if word == "actions" and value is None:  # nobody has one
                value = np.full(len(rows), -1)
            same(value, expected, word)
    if "hidden joints" in held:
        expected = np.array(truth.visibility[rows])
        expected[np.isnan(points).any(-1)] = -1
        same(annotations.visibility, expected, "hidden joints")
    if "ignored people" not in held:
        assert not annotations.ignore.any()
    if "crowd index" in held:
        same(annotations.crowd_index, truth.crowd_index, "crowd index")
    if "image names" in held:
        assert annotations.image == truth.image
    if "ignore regions" in held:
        for region, polygon in zip(annotations.ignore_regions, truth.ignore_regions, strict=True):
            same(region, polygon, "ignore regions")


def same(found: object, expected: object, word: str) -> None:
    """Equal but for the third decimal, which some layouts round."""
    np.testing.assert_allclose(
        np.asarray(found, float), np.asarray(expected, float), atol=2e-3, err_msg=word
    )


@pytest.mark.parametrize("target", TARGETS)
@FEW
@given(seed=SEEDS)
def test_truth(make_truth, target: str, seed: int) -> None:
    sequence = of_truth(make_truth(seed))
    back = there_and_back(sequence, target)
    written = {  # a file per labelled frame, a row per person with an action: maybe none
        **dict.fromkeys(TRUTH_ONLY, any(frame.labelled for frame in sequence.frames)),
        "ava": any(len(acting(frame)) for frame in sequence.frames),
    }
    if not written.get(target, True):
        assert back.frames == ()
    else:
        check(sequence, back, target)


@pytest.mark.parametrize("target", [t for t in TARGETS if t not in TRUTH_ONLY])
@FEW
@given(seed=SEEDS)
def test_results(make_results, target: str, seed: int) -> None:
    sequence = results_of(make_results(seed), target in ("document", "ava"))
    check(sequence, there_and_back(sequence, target), target)


def results_of(frames, sized: bool) -> VideoSequence:
    sequence = of_results(ResultSequence("clip", frames))
    if not sized:
        return sequence
    return VideoSequence("clip", sequence.frames, sequence.num_frames, 1280, 720, 25.0)


def test_parquet(make_truth, make_results) -> None:
    pytest.importorskip("pyarrow")
    truth = of_truth(make_truth(3))
    check(truth, there_and_back(truth, "parquet"), "parquet")
    results = results_of(make_results(3), sized=False)
    check(results, there_and_back(results, "parquet"), "parquet")


# Frames that a file keeps of one frame in which nobody is: rows of text and AVA are people.
FRAMES_OF_NOBODY = {"track1": [], "mot": [], "ava": []}


@pytest.mark.parametrize("target", [t for t in TARGETS if t not in TRUTH_ONLY])
def test_nobody(target: str) -> None:
    frame = SequenceFrame(0, People.empty())
    sequence = VideoSequence("clip", (frame,), 1, 10, 10, 5.0)
    back = there_and_back(sequence, target)
    assert [f.index for f in back.frames] == FRAMES_OF_NOBODY.get(target, [0])
    assert [len(f.people) for f in back.frames] == [0] * len(back.frames)


@pytest.mark.parametrize("target", TRUTH_ONLY)
def test_nobody_in_truth(target: str) -> None:
    """One labelled frame without people is one file, and comes back as a labelled frame."""
    frame = SequenceFrame(0, People.empty())
    sequence = VideoSequence("clip", (frame,), 1, 10, 10, is_truth=True)
    (back,) = there_and_back(sequence, target).frames
    assert back.labelled
    assert len(back.people) == 0
