import math

import numpy as np
import pytest

from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.recognition.kinematic.body import steadied
from hie_cli.recognition.window import frames_per_second, windows

VIDEO = VideoInfo("v", 640, 480, 10.0, None)


def people(ids: list[int] | None, x: float = 0.0, count: int | None = None) -> People:
    n = len(ids) if ids is not None else count or 0
    boxes = np.array([[x + 50 * i, 0, x + 50 * i + 20, 60] for i in range(n)]).reshape(-1, 4)
    return People(boxes, np.ones(n), None if ids is None else np.array(ids, np.int64))


def run(frames: list[FramePeople], seconds: float = 0.2, every: int = 1):  # type: ignore[no-untyped-def] # test helper
    return list(windows(frames, VIDEO, seconds, every))


def test_no_frames():
    assert run([]) == []


def test_frames_without_people_have_empty_windows():
    out = run([FramePeople(t, People.empty()) for t in range(3)])
    assert [item.index for item, _ in out] == [0, 1, 2]
    assert all(window is not None and window.tracks == () for _, window in out)


def test_only_sampled_frames_have_a_window():
    out = run([FramePeople(t, people([0])) for t in range(8)], every=3)
    assert [window is not None for _, window in out] == [t % 3 == 0 for t in range(8)]


def test_a_window_reaches_back_and_ahead():
    frames = [FramePeople(t, people([0], x=float(t))) for t in range(10)]
    window = run(frames)[5][1]
    assert window is not None
    [track] = window.tracks
    assert track.times == pytest.approx([-0.2, -0.1, 0, 0.1, 0.2])  # 10 frames a second, 0.2 s
    assert track.boxes[:, 0] == pytest.approx([3, 4, 5, 6, 7])
    assert track.now == 2


def test_person_zero_is_followed_and_a_negative_id_is_not():
    frames = [FramePeople(t, people([0, -1])) for t in range(5)]
    window = run(frames)[2][1]
    assert window is not None
    assert [len(track.times) for track in window.tracks] == [5, 1]


def test_without_ids_everybody_is_a_track_of_one_row():
    window = run([FramePeople(t, people(None, count=2)) for t in range(5)])[2][1]
    assert window is not None
    assert [len(track.times) for track in window.tracks] == [1, 1]


def test_equal_ids_in_a_frame_keep_their_own_boxes():
    frames = [FramePeople(t, people([7, 7])) for t in range(3)]
    window = run(frames)[1][1]
    assert window is not None
    assert [track.boxes[track.now, 0] for track in window.tracks] == [0, 50]


def test_gaps_and_strides_count_in_real_time():
    frames = [FramePeople(t, people([0])) for t in (0, 2, 4, 40)]
    window = run(frames)[1][1]
    assert window is not None
    assert window.tracks[0].times == pytest.approx([-0.2, 0, 0.2])


def test_each_window_equals_the_one_cut_from_the_whole_video():
    random = np.random.default_rng(3)
    frames = [
        FramePeople(t, people(sorted(random.choice(5, random.integers(0, 5), replace=False))))
        for t in sorted(random.choice(80, 50, replace=False))
    ]
    for item, window in run(frames, seconds=0.7):
        assert window is not None
        whole = [f for f in frames if abs(f.index - item.index) <= 7]
        assert item.people.track_ids is not None
        for identity, track in zip(item.people.track_ids, window.tracks, strict=True):
            there = [f.index for f in whole if identity in list(f.people.track_ids)]
            assert track.times * 10 + item.index == pytest.approx(there)


def test_memory_is_one_window():
    pulled = 0

    def stream():  # type: ignore[no-untyped-def] # test helper
        nonlocal pulled
        for t in range(10_000):
            pulled += 1
            yield FramePeople(t, people([0]))

    out = windows(stream(), VIDEO, 0.5, 1)
    for _ in range(100):
        next(out)
    assert pulled == 99 + 5 + 1 + 1  # frame 99, 5 frames ahead, and the one that shows the end


@pytest.mark.parametrize("fps", [0.0, -1.0, math.nan, math.inf])
def test_an_unknown_frame_rate_is_read_as_25(fps: float):
    assert frames_per_second(VideoInfo("v", 1, 1, fps, None)) == 25.0


def test_who_stands_stands_under_a_camera_that_pans():
    """People who stand, 4 px further left in every frame, as the camera pans right."""
    pan = np.array([[1.0, 0, -4], [0, 1, 0], [0, 0, 1]])
    frames = [
        FramePeople(t, people([0, 1], x=-4.0 * t), camera=pan if t else None) for t in range(12)
    ]
    for item, window in run(frames):
        for person in (0, 1):
            assert np.ptp(window.tracks[person].boxes[:, 0]) > 0
            steady = steadied(window.tracks[person], window)
            assert np.ptp(steady.boxes[:, 0]) < 1e-9
            assert steady.boxes[0] == pytest.approx(item.people.boxes[person])
    window = run([FramePeople(t, people([0])) for t in range(4)])[2][1]
    assert window.camera is None
    assert steadied(window.tracks[0], window) is window.tracks[0]
