"""Scores of a detector that is only guessed at, by those of known ones."""

from dataclasses import replace

import numpy as np
import pytest

from hie_cli.core.types import Frame
from hie_cli.detection.score_reference import guessed, score_map
from hie_cli.detection.settings import DetectConfig
from hie_cli.detection.stage import detect
from hie_cli.models.calibration import HEIGHTS, ScoreCalibration
from hie_cli.models.spec import ModelSpec
from tests.support import fakes


def logit(p):
    return np.log(p / (1 - p))


def test_the_nth_surest_gets_the_nth_surest_ones_score():
    """One look each: .4 is the first of the one, .9 of the other. Of three people two are seen at
    .5 or more, so that 2 / (2 + 5) of the log odds count.
    """
    found = score_map([np.array([0.1, 0.4, 0.2])], [np.array([0.9, 0.6, 0.3])])
    assert found.meant.tolist() == [0.3, 0.6, 0.9]
    assert found.weight == pytest.approx(2 / 7)
    (score,) = found(np.array([0.4]))
    assert logit(score) == pytest.approx(2 / 7 * logit(0.9) + 5 / 7 * logit(0.4))


def test_ranks_are_those_of_a_mean_frame():
    """Two references look at one frame: theirs, taken together, are two for each of one's own."""
    found = score_map([np.array([0.3, 0.2])], [np.array([0.9, 0.5]), np.array([0.8, 0.4])])
    # .9 .8 .5 .4 have the ranks 0, 1/2, 1, 3/2: the second of one's own (rank 1) is a .5.
    assert found.meant.tolist() == [0.5, 0.9]


def test_the_order_stays():
    rng = np.random.default_rng(0)
    own, seen = rng.random(40), rng.random(25)
    scores = np.sort(rng.random(100))
    assert (np.diff(score_map([own], [seen])(scores)) >= 0).all()


def test_nobody_says_nothing():
    assert score_map([np.zeros(0)], [np.array([0.9])]) is None
    assert score_map([np.array([0.9])], [np.zeros(0)]) is None


class Dim(fakes.SquareDetector):
    """Sees the squares at .2, and says that this is a guess."""

    spec = ModelSpec(
        "dim",
        "detect",
        score=ScoreCalibration((0.0, 1.0, 0.0, 0.0), (1.0,) * len(HEIGHTS), raw_weight=0.3),
    )

    def detect(self, images, long_side=None):
        return [p.replace(scores=np.full(len(p), 0.2)) for p in super().detect(images, long_side)]


def squares(count, frames):
    """Frames with ``count`` bright squares."""
    image = np.zeros((240, 320, 3), np.uint8)
    for k in range(count):
        image[40:100, 20 + 50 * k : 50 + 50 * k] = 255
    return [Frame(t, image) for t in range(frames)]


def test_a_guessed_detector_is_as_sure_as_its_references():
    config = DetectConfig(models=("dim",))
    assert guessed(Dim())
    assert not guessed(fakes.SquareDetector())
    alone = list(detect(squares(4, 3), config, [Dim()]))
    beside = list(detect(squares(4, 3), config, [Dim()], [fakes.SquareDetector()]))
    assert [len(item.people) for item in alone] == [len(item.people) for item in beside] == [4] * 3
    for before, after in zip(alone, beside, strict=True):
        assert (after.people.scores > before.people.scores + 0.1).all()


def test_known_detectors_are_left_alone():
    config = DetectConfig(models=("squares",))
    alone = list(detect(squares(4, 3), config, [fakes.SquareDetector()]))
    beside = list(detect(squares(4, 3), config, [fakes.SquareDetector()], [Dim()]))
    for before, after in zip(alone, beside, strict=True):
        assert before.people.scores.tolist() == after.people.scores.tolist()


def test_a_segment_begins_anew():
    """What is run again from a segment's first frame comes out as in a full run."""
    config = DetectConfig(models=("dim",), segment=10)
    frames = squares(2, 10) + [replace(f, index=f.index + 10) for f in squares(5, 10)]
    full = list(detect(frames, config, [Dim()], [fakes.SquareDetector()]))
    again = list(detect(frames[10:], config, [Dim()], [fakes.SquareDetector()]))
    for one, other in zip(full[10:], again, strict=True):
        assert one.people.scores.tolist() == other.people.scores.tolist()
