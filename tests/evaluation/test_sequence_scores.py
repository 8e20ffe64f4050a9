"""What is told of a sequence, and what then does not count."""

import dataclasses

import numpy as np
import pytest

from hie_cli.core.annotations import TruthSequence
from hie_cli.evaluation.evaluate import evaluate
from hie_cli.evaluation.settings import EvalConfig
from tests.support.scored_world import FRAMES, sequence


def test_people_without_annotated_joints_are_told_and_cost_nothing():
    truth, people = sequence(0)
    frames = []
    for frame in truth.frames:
        joints, seen = frame.keypoints.copy(), frame.visibility.copy()
        joints[0], seen[0] = np.nan, -1  # the first of three people
        frames.append(dataclasses.replace(frame, keypoints=joints, visibility=seen))
    bare = {"a": TruthSequence("a", tuple(frames))}
    scored = evaluate(bare, {"a": people}, EvalConfig(), ("3",))
    assert scored.tracks["3"].pooled.scalars["MOTA"] == pytest.approx(1.0)
    (note,) = scored.notes
    assert note.startswith(f"a: {FRAMES} of {3 * FRAMES} true people have no annotated joint")
    wrong = evaluate(bare, {"a": people}, EvalConfig(unposed="wrong"), ("3",))
    # Of each joint 3 are predicted in a frame, 2 of them right, 2 are true.
    assert wrong.tracks["3"].pooled.scalars["MOTA"] == pytest.approx(1 - 1 / 2)


def test_poses_are_not_mentioned_where_only_boxes_are_scored():
    truth, people = sequence(0)
    bare = dataclasses.replace(truth.frames[0], keypoints=np.full((3, 14, 2), np.nan))
    mixed = {"a": TruthSequence("a", (bare, *truth.frames[1:]))}
    assert evaluate(mixed, {"a": people}, EvalConfig(), ("1",)).notes == ()
