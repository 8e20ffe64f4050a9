"""The frames round a moving middle, from a stream, in bounded memory."""

import dataclasses

import numpy as np
import pytest

from hie_cli.core.errors import InputError
from hie_cli.core.types import Frame, VideoInfo
from hie_cli.recognition.learned.footage import Footage, FrameRequest, clip_size
from hie_cli.recognition.learned.pose_clips import Sampling

VIDEO = VideoInfo("v", 96, 64, 10.0, 40)


def frames(count=40, first=0, step=1):
    """Frames whose grey value is twice their index."""
    for t in range(first, count, step):
        yield Frame(t, np.full((64, 96, 3), 2 * t, np.uint8))


def greys(look):
    return [int(image[0, 0, 0]) // 2 for image in look.images]


def test_a_clip_is_centred_and_repeats_the_ends():
    # 4 instants 10 a second at 10 frames a second: offsets -2, -1, 0, 1.
    footage = Footage(frames(), VIDEO, FrameRequest(Sampling(10.0, 4), 64))
    assert greys(footage.look(0)) == [0, 0, 0, 1]
    assert greys(footage.look(10)) == [8, 9, 10, 11]
    assert greys(footage.look(39)) == [37, 38, 39, 39]


def test_a_clip_takes_time_not_frames():
    # 5 instants a second of 10 frames a second: every second frame.
    footage = Footage(frames(), VIDEO, FrameRequest(Sampling(5.0, 4), 64))
    assert greys(footage.look(20)) == [16, 18, 20, 22]


def test_only_the_clip_is_held_and_only_it_is_read():
    pulled = []

    def counted():
        for frame in frames():
            pulled.append(frame.index)
            yield frame

    footage = Footage(counted(), VIDEO, FrameRequest(Sampling(10.0, 8), 64))
    for index in range(0, 30, 5):
        footage.look(index)
        assert len(footage) <= 8
        assert pulled[-1] == index + 3


def test_missing_frames_are_replaced_by_their_neighbours():
    footage = Footage(frames(step=3), VIDEO, FrameRequest(Sampling(10.0, 4), 64))
    assert greys(footage.look(10)) == [9, 9, 9, 12]  # 8, 9, 10, 11 of 6, 9, 12


def test_a_video_shorter_than_its_tracks_is_refused():
    footage = Footage(frames(5), VIDEO, FrameRequest(Sampling(10.0, 4), 64))
    with pytest.raises(InputError, match="ends before frame 20"):
        footage.look(20)


@pytest.mark.parametrize(
    ("width", "height", "want"),
    [(1920, 1080, (455, 256)), (1080, 1920, (256, 455)), (96, 64, (96, 64))],
)
def test_clips_shrink_to_their_shorter_side(width, height, want):
    video = dataclasses.replace(VIDEO, width=width, height=height)
    assert clip_size(video, 256) == want
