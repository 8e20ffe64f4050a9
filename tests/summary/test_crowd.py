"""Signals of a crowd by hand."""

import numpy as np
import pytest

from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.summary.crowd import (
    CrowdSignals,
    closeness,
    likely,
    novelty,
    signals_of_document,
    surprise,
)
from hie_cli.summary.saliency import crowd_saliency
from hie_cli.summary.samples import Samples

VIDEO = VideoInfo("v", 640, 480, 10.0, 40)


def samples(*picks):
    count = len(picks)
    return Samples(VIDEO, 40, np.array(picks), np.eye(count, 4), np.zeros(count))


def test_surprise_is_what_lies_above_the_usual():
    # Quarters 2, 3, 4 of 1..5: the spread is 2 / 1.349; 5 lies 2 above, a 2.698th of four spreads.
    found = surprise(np.array([1.0, 2, 3, 4, 5, np.nan]), 0.1)
    assert found == pytest.approx([0, 0, 0, 1.349 / 8, 1.349 / 4, 0])
    even = np.array([0.0] * 9 + [2.0])
    # Middle half 0..0: the spread is the least, .5; 2 / (4 * .5) = 1.
    assert surprise(even, 0.5) == pytest.approx([0] * 9 + [1])
    assert surprise(even, 1.0)[-1] == pytest.approx(0.5)
    assert surprise(-even, 0.5).max() == 0  # less than usual is no event
    assert surprise(np.full(3, np.nan), 1.0).tolist() == [0, 0, 0]


def test_closeness_counts_the_covered():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [50, 0, 60, 10]], float)
    assert closeness(People(boxes, np.ones(3))) == pytest.approx(0.5 + 0.5)
    assert closeness(People.empty()) == 0


def test_who_is_tracked_or_sure_counts():
    boxes = np.tile([0.0, 0, 10, 10], (3, 1))
    scores = np.array([0.9, 0.05, 0.05])
    assert len(likely(People(boxes, scores))) == 1
    assert likely(People(boxes, scores, np.array([-1, 4, -1]))).track_ids.tolist() == [-1, 4]


def test_speeds_in_body_heights_a_second():
    """Boxes of 50 px; one moves 5 px a frame: 10 frames a second, so one height a second."""
    frames = []
    for t in range(40):
        boxes = np.array([[5.0 * t, 0, 5.0 * t + 20, 50], [400, 0, 420, 50]])
        frames.append(FramePeople(t, People(boxes, np.ones(2), np.array([1, 2]))))
    found = signals_of_document(frames, samples(0, 10, 20, 30))
    assert found.people == pytest.approx([2, 2, 2, 2])
    # The three fastest of both persons' speeds: those of the one who moves.
    assert found.speed[1:] == pytest.approx([2 / 3] * 3, abs=0.35)
    assert np.isnan(found.event).all()  # no action was scored
    assert (found.action == -1).all()


def test_frames_that_a_document_lacks_are_unknown():
    frames = [FramePeople(t, People(np.ones((1, 4)), np.ones(1))) for t in range(10)]
    found = signals_of_document(frames, samples(0, 10, 20))
    assert found.people[0] == 1
    assert np.isnan(found.people[1:]).all()
    assert np.isnan(found.speed).all()


def test_a_camera_that_moves_is_no_event():
    unknown = np.full(4, np.nan)
    signals = CrowdSignals(unknown, unknown, unknown, unknown, np.full(4, -1))
    motion = np.array([0.1, 0.1, 0.12, 0.9])
    seen = Samples(VIDEO, 40, np.arange(4), np.ones((4, 4)) / 2, motion)
    found = crowd_saliency(seen, signals).parts["motion"]
    # The third lies .02 above the median of what is known, its spread .01 / 1.349.
    assert found.argmax() == 2


def test_novelty_is_the_distance_from_the_mean():
    features = np.eye(2)[[0, 0, 0, 1]].astype(float)
    mean = np.array([3.0, 1.0]) / np.sqrt(10)
    assert novelty(features) == pytest.approx(1 - np.array([mean[0]] * 3 + [mean[1]]))
