"""Every layout keeps what it claims to hold, and the loss report counts exactly the rest."""

import shutil
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.core.types import People
from hie_cli.formats import writers
from hie_cli.formats.readers import Reading, read_clips
from hie_cli.formats.sequence import VideoSequence, contents, of_results, of_truth
from hie_cli.formats.writers import HOLDS, TARGETS, lost, write_clips

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=8, deadline=None)
TRUTH_ONLY = ("hieve-xml", "hieve-json")
# Words that count what is not there: how often they occur depends on what else a layout drops.
ABSENCES = {"frames without people", "empty frames at the end", "people without an action"}
# Which arrays of People and of Annotations stand for a word of the loss report.
FIELDS = {
    "boxes": ("people", "boxes"),
    "track ids": ("people", "track_ids"),
    "scores": ("people", "scores"),
    "joint scores": ("people", "keypoint_scores"),
    "action scores": ("people", "action_scores"),
    "ignored people": ("truth", "ignore"),
    "distractors": ("truth", "distractor"),
    "hidden joints": ("truth", "visibility"),
    "actions": ("truth", "actions"),
    "head boxes": ("truth", "head_boxes"),
    "areas": ("truth", "areas"),
}


def there_and_back(clip: VideoSequence, target: str) -> VideoSequence:
    folder = Path(tempfile.mkdtemp())
    try:
        written = write_clips([clip], target, folder, overwrite=False)
        if not written.files:  # no frame is labelled, and the layout is a file per labelled frame
            return VideoSequence(clip.name, (), 0, is_truth=clip.is_truth)
        layout = {"document": "annolist", "coco17": "coco", "crowdpose": "coco"}.get(target, target)
        how = Reading(layout, clip.is_truth, (1280, 720) if target == "ava" else None)
        clips = list(read_clips(folder, how))
        if not clips:
            return VideoSequence(clip.name, (), 0, is_truth=clip.is_truth)
        (back,) = clips
        return back
    finally:
        shutil.rmtree(folder)


def check(clip: VideoSequence, back: VideoSequence, target: str) -> None:
    held = writers.held(clip, target)
    assert back.name == clip.name
    before, after = contents(clip), contents(back)
    invented = () if clip.is_truth else ("image names",)
    partial = set() if {"noses", "chests"} <= held else {"joints", "hidden joints"}
    for word in held - ABSENCES - partial - {"joint scores", *invented}:
        assert after[word] == before[word], word
    expected = Counter({word: n for word, n in before.items() if word not in held})
    if "joints" not in held:
        expected.pop("noses", 0)
        expected.pop("chests", 0)
    assert lost(clip, target) == expected
    if "image size" in held:
        assert (back.width, back.height) == (clip.width, clip.height)
    frames = {m.index: m for m in back.moments}
    for moment in clip.moments:
        if not len(moment.people):
            assert moment.index not in frames or len(frames[moment.index].people) == 0
            continue
        other = frames[moment.index]
        if "people without an action" not in held:
            acting = moment.people.action_scores
            if acting is None or not np.isfinite(acting).all():
                continue  # AVA drops the people without an action, so rows do not align
        assert len(other.people) == len(moment.people)
        for word, (side, name) in FIELDS.items():
            told = side == "truth" or word in ("boxes", "track ids") or not clip.is_truth
            if word in held and told and (side == "people" or clip.is_truth):
                a = getattr(getattr(moment, side), name)
                b = getattr(getattr(other, side), name)
                if word == "actions" and b is None:  # nobody has one
                    b = np.full(len(a), -1)
                if word == "hidden joints":
                    dropped = [j for j, w in ((0, "noses"), (1, "chests")) if w not in held]
                    a = a.copy()
                    a[:, dropped] = -1
                if word == "joint scores" and a is not None:
                    joints = [j for j, w in ((0, "noses"), (1, "chests")) if w in held]
                    rows = [*joints, *range(2, 14)]
                    a, b = a[:, rows], b[:, rows]
                np.testing.assert_allclose(b, a, atol=2e-3, err_msg=word)
        if "joints" in held and "hidden joints" in held:
            rows = [j for j in range(14) if j > 1 or ("noses", "chests")[j] in held]
            np.testing.assert_allclose(
                other.people.keypoints[:, rows], moment.people.keypoints[:, rows], atol=2e-3
            )


@pytest.mark.parametrize("target", [t for t in TARGETS if t != "parquet"])
@FEW
@given(seed=SEEDS)
def test_truth(make_truth, target: str, seed: int) -> None:
    clip = of_truth(make_truth(seed))
    back = there_and_back(clip, target)
    if back.moments or target not in (*TRUTH_ONLY, "ava"):
        held = HOLDS[target]
        if "hidden joints" not in held:  # they are lost, so fewer joints come back
            before, after = contents(clip), contents(back)
            if "joints" in held:
                assert after["joints"] == before["joints"] - before["hidden joints"]
            return
        check(clip, back, target)


@pytest.mark.parametrize("target", [t for t in TARGETS if t not in (*TRUTH_ONLY, "parquet")])
@FEW
@given(seed=SEEDS)
def test_results(make_results, target: str, seed: int) -> None:
    clip = of_results("clip", make_results(seed), None)
    if target in ("document", "ava"):
        clip = VideoSequence("clip", clip.moments, clip.num_frames, 1280, 720, 25.0)
    check(clip, there_and_back(clip, target), target)


def test_parquet(make_truth, make_results) -> None:
    pytest.importorskip("pyarrow")
    truth = of_truth(make_truth(3))
    check(truth, there_and_back(truth, "parquet"), "parquet")
    results = of_results("clip", make_results(3), None)
    check(results, there_and_back(results, "parquet"), "parquet")


@pytest.mark.parametrize("target", [t for t in TARGETS if t not in ("parquet", *TRUTH_ONLY)])
def test_nobody_at_all(target: str) -> None:
    """One frame without people comes back with nobody in it, or not at all."""
    moments = of_results("clip", (), None).moments
    clip = VideoSequence("clip", moments, 0, 10, 10, 5.0)
    back = there_and_back(clip, target)
    assert sum(len(m.people) for m in back.moments) == 0
    assert isinstance(People.empty(), People)
