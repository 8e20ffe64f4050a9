import numpy as np
import pytest

from hie_cli.core.types import People
from hie_cli.tracking.pruning import drop_duplicates
from hie_cli.tracking.settings import Observation, TrackConfig
from hie_cli.tracking.tracker import Association
from hie_cli.tracking.tracklets import (
    Tracklet,
    chosen,
    collect,
    emit,
    join,
    lengths,
    owners,
    quantile,
    split,
)

CONFIG = TrackConfig()
LEFT, RIGHT = [0.0, 0.0, 10.0, 20.0], [50.0, 0.0, 60.0, 20.0]


def joined(numbers):
    count = len(numbers)
    return Association(np.array(numbers, np.int64), np.ones(count, bool), np.zeros(count))


def seen(index, boxes):
    return Observation(index, People(np.array(boxes).reshape(-1, 4), np.full(len(boxes), 0.9)))


def test_no_frames_and_empty_frames():
    assert collect([], []) == []
    empty = [seen(0, [])]
    assert collect(empty, [joined([])]) == []
    (people,) = emit([], empty)
    assert len(people) == 0
    assert people.track_ids.tolist() == []


def test_collect_sorts_people_into_tracks_and_drops_those_without():
    frames = [seen(0, [LEFT, RIGHT]), seen(2, [RIGHT]), seen(3, [RIGHT, LEFT])]
    tracks = collect(frames, [joined([7, 3]), joined([3]), joined([-1, 7])])
    assert [t.frames.tolist() for t in tracks] == [[0, 2], [0, 3]]
    assert tracks[0].boxes.tolist() == [RIGHT, RIGHT]


def test_emit_numbers_from_one_by_first_appearance_and_gives_every_frame():
    frames = [seen(0, [RIGHT]), seen(1, []), seen(2, [RIGHT, LEFT])]
    tracks = collect(frames, [joined([9]), joined([]), joined([9, 4])])
    out = emit(tracks, frames)
    assert [people.track_ids.tolist() for people in out] == [[1], [], [1, 2]]
    assert out[2].boxes.tolist() == [RIGHT, LEFT]


def tracklet(first, count, box, score=0.9):
    boxes = np.tile(np.array(box), (count, 1))
    return Tracklet(np.arange(first, first + count), boxes, np.full(count, score))


def test_a_second_view_of_a_longer_track_is_dropped():
    long, double = tracklet(0, 30, LEFT), tracklet(5, 10, [1.0, 0.0, 11.0, 20.0])
    beside = tracklet(5, 10, RIGHT)
    assert drop_duplicates([double, long, beside], CONFIG) == [long, beside]
    assert drop_duplicates([], CONFIG) == []


def test_tracklets_are_cut_out_of_their_rows_again():
    whole = tracklet(3, 5, LEFT)
    one, two = split(whole, np.array([2, 3]))
    assert [one.frames.tolist(), two.frames.tolist()] == [[3, 4], [5, 6, 7]]
    assert len(two.boxes) == len(two.scores) == 3
    assert two.keypoints is None
    assert lengths([one, two]).tolist() == [2, 3]
    assert owners([one, two]).tolist() == [0, 0, 1, 1, 1]


def test_parts_are_joined_in_time_and_of_two_in_one_frame_the_surer_stays():
    late, early, sure = tracklet(5, 3, LEFT), tracklet(0, 3, LEFT), tracklet(2, 2, RIGHT, 0.95)
    whole, alone = join([[late, early, sure], [late]])
    assert whole.frames.tolist() == [0, 1, 2, 3, 5, 6, 7]
    assert whole.scores.tolist() == [0.9, 0.9, 0.95, 0.95, 0.9, 0.9, 0.9]
    assert whole.boxes[2].tolist() == RIGHT
    assert alone.frames.tolist() == [5, 6, 7]
    twin = tracklet(0, 3, RIGHT)  # as sure: the first of the chain stays
    assert join([[early, twin]])[0].boxes.tolist() == early.boxes.tolist()
    assert join([]) == []


def test_some_observations_of_each_are_chosen():
    kept = np.array([True, False, True, False, False, True])
    found = chosen([tracklet(0, 4, LEFT), tracklet(7, 2, RIGHT)], kept)
    assert [t.frames.tolist() for t in found] == [[0, 2], [8]]
    assert found[1].boxes.tolist() == [RIGHT]


def test_the_quantile_of_each_lies_between_values_by_a_line():
    parts = [[0.3], [0.9, 0.1], [0.5, 0.5, 0.5], [0.1, 0.7, 0.2, 0.9, 0.4]]
    count = np.array([len(part) for part in parts])
    for share in (0.5, 0.875, 1.0):
        expected = [np.quantile(part, share) for part in parts]
        assert quantile(np.concatenate(parts), count, share) == pytest.approx(expected)
