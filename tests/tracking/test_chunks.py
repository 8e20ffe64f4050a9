from dataclasses import replace

import numpy as np
import pytest

from hie_cli.core.types import People, VideoInfo
from hie_cli.tracking import chunks
from hie_cli.tracking.chunks import forward
from hie_cli.tracking.score_scale import ScoreScale
from hie_cli.tracking.settings import Observation, TrackConfig
from hie_cli.tracking.tracker import Association, Tracker

VIDEO = VideoInfo("v", 640, 480, 10.0, None)  # chunks share 1 s: 10 frames


def walks(frames, people=3, stride=1):
    """People 70 px high side by side, who sway; one in ten is missed."""
    rng = np.random.default_rng(people)
    seen = []
    for t in range(frames):
        x = 60.0 + 150 * np.arange(people) + 20 * np.sin(0.1 * t + np.arange(people))
        boxes = np.stack([x, np.full(people, 200.0), x + 30, np.full(people, 270.0)], axis=1)
        boxes = boxes[rng.random(people) < 0.9]
        shown = People(boxes, rng.uniform(0.7, 0.9, len(boxes)))
        seen.append(Observation(t * stride, shown))
    return seen


def scale_of(seen):
    """What the scores mean, a detector's."""
    scale = ScoreScale()
    for item in seen:
        scale.add(item.people.scores, np.full(len(item.people), 70.0))
    assert scale.doubtful
    return scale


def joined(seen, many):
    """By chunks if there are ``many``, else in one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "DETECTIONS", 36 if many else 1)
        return forward(seen, TrackConfig(), VIDEO, scale_of(seen))


@pytest.mark.parametrize("given", [{}, {"stride": 2}])
def test_chunks_give_the_identities_of_one_pass(given):
    seen = walks(200, **given)
    for one, other in zip(joined(seen, False), joined(seen, True), strict=True):
        assert one.numbers.tolist() == other.numbers.tolist()
        assert one.occlusion.tolist() == other.occlusion.tolist()
        assert (one.camera is None) == (other.camera is None)


def test_how_many_chunks_there_are():
    """Of 200 frames, less 15, 12 times 15; with 11 people in each 36 / 11."""
    frames = list(range(200))
    assert chunks._chunks(frames, 200, 15) == 12
    assert chunks._chunks(frames, 2200, 15) == 3
    assert chunks._chunks(frames, 0, 15) == 12
    assert [chunks._chunks(frames[:n], n, 15) for n in (14, 29, 44, 45)] == [1, 1, 1, 2]
    assert chunks._chunks([*frames[:90], *frames[91:]], 200, 15) == 1


def test_where_pixels_were_looked_at_or_boxes_are_given_there_is_one_pass(monkeypatch):
    counts = []

    def made(config, video, scale, count):
        counts.append(count)
        return Tracker(config, video, scale, count)

    monkeypatch.setattr(chunks, "Tracker", made)
    seen = walks(200)
    posed = [replace(item, appearance=np.full((len(item.people), 4), 0.5)) for item in seen]
    panned = [*seen[:150], replace(seen[150], camera=np.eye(3)), *seen[151:]]
    for looked in (seen, posed, panned):
        assert len(forward(looked, TrackConfig(), VIDEO, scale_of(seen))) == 200
    assert len(forward(seen, TrackConfig(), VIDEO, ScoreScale())) == 200
    assert counts == [13, 1, 1, 1]


@pytest.mark.parametrize("frames", [1, 9, 10, 11, 30, 31, 41])
def test_every_frame_is_joined_once(frames):
    seen = walks(frames)
    found = joined(seen, True)
    assert [len(one.numbers) for one in found] == [len(item.people) for item in seen]


def test_somebody_whom_only_the_later_chunk_knows_is_somebody_new():
    """Two frames shared: 1 and 2 go on as 2 and 1, and 3 of the second chunk is nobody's."""

    def association(*numbers):
        found = np.array(numbers)
        return Association(found, found >= 0, np.zeros(len(found)))

    before = [association(1), association(1, 2), association(1, 2)]
    after = [association(2, 1), association(2, 1), association(2, 1, 3)]
    whole = before + chunks._continued(before[1:], after, 3)
    assert [one.numbers.tolist() for one in whole] == [[1], [1, 2], [1, 2], [1, 2, 3]]


def test_people_of_several_chunks_do_not_meet():
    """Two chunks in step at the same place: each has its own two people, and neither covers, takes
    over or keeps from being born those of the other.
    """
    tracker = Tracker(TrackConfig(), VIDEO, ScoreScale(), chunks=2)
    boxes = np.array([[100.0, 100, 140, 200], [300.0, 100, 340, 200]])
    people = People(boxes, np.full(2, 0.9))
    steps = [[Observation(t, people), Observation(t + 50, people)] for t in range(5)]
    for one, other in tracker.steps(steps):
        assert one.numbers.tolist() == [1, 2]
        assert other.numbers.tolist() == [3, 4]
        assert not one.occlusion.any()
        assert not other.occlusion.any()
    (last,) = tracker.steps([[Observation(5, people)]])[0]  # the last chunk has ended
    assert last.numbers.tolist() == [1, 2]
