import numpy as np
import pytest

from hie_cli.core.types import FramePeople, People
from hie_cli.rendering.blur import hidden_regions, hide
from tests.support.drawing import person


def at(x: float, track_id: int | None = 1) -> People:
    """A box of 30 x 150 whose upper left is (x, 50), without joints."""
    ids = None if track_id is None else [track_id]
    return People(np.array([[x, 50, x + 30, 200]]), np.array([0.1]), ids)


def frames(*people: People) -> list[FramePeople]:
    return [FramePeople(i, each) for i, each in enumerate(people)]


def centres(regions: np.ndarray) -> set[float]:
    return set(((regions[:, 0] + regions[:, 2]) / 2).round(3).tolist())


def test_nobody_is_hidden_where_nobody_is():
    assert hidden_regions([], "heads", 10.0) == {}
    assert len(hidden_regions(frames(People.empty()), "heads", 10.0)[0]) == 0


@pytest.mark.parametrize(("mode", "grown"), [("faces", 1.25), ("heads", 1.8)])
def test_the_size_of_what_is_hidden(mode, grown):
    """A head of 150 / 7.5 = 20 px around (15, 60), whatever the person's score."""
    [region] = hidden_regions(frames(at(0)), mode, 10.0)[0]
    half = 10 * grown
    assert region.tolist() == pytest.approx([15 - half, 60 - half, 15 + half, 60 + half])


def test_whole_people_and_a_margin():
    [region] = hidden_regions(frames(at(0)), "people", 10.0)[0]
    assert region.tolist() == pytest.approx([15 - 16.8, 125 - 84, 15 + 16.8, 125 + 84])


def test_somebody_is_followed_through_a_gap():
    """x 0 at frame 0, 80 at frame 8, nobody found between: at frame 4 about 40."""
    gone = [People.empty()] * 7
    hidden = hidden_regions(frames(at(0), *gone, at(80)), "heads", 10.0)
    assert 15 + 40.0 in centres(hidden[4])
    assert all(len(hidden[i]) for i in range(9))


def test_through_long_gaps_the_ends_are_held_for_half_a_second():
    gone = [People.empty()] * 39
    hidden = hidden_regions(frames(at(0), *gone, at(80)), "heads", 10.0)  # 4 s > 2 s
    # .5 s are 5 frames, and what is hidden in one frame is hidden two frames around it
    assert [len(hidden[i]) > 0 for i in (5, 7, 8, 32, 33)] == [True, True, False, False, True]


def test_before_the_first_and_after_the_last_sighting():
    gone = [People.empty()] * 8
    hidden = hidden_regions(frames(*gone, at(0), *gone), "heads", 10.0)
    assert [i for i in range(17) if len(hidden[i])] == list(range(1, 16))


def test_people_without_identities_are_hidden_two_frames_around():
    gone = [People.empty()] * 4
    hidden = hidden_regions(frames(*gone, at(0, None), *gone), "heads", 10.0)
    assert [i for i in range(9) if len(hidden[i])] == [2, 3, 4, 5, 6]


def test_nothing_of_a_face_is_left():
    """Stripes of one pixel: within the mosaic no contrast is left, outside all of it."""
    image = np.zeros((60, 60, 3), np.uint8)
    image[:, ::2] = 255
    region = np.array([10.0, 10, 50, 50])
    hidden = hide(image, [region], "heads")
    inside = hidden[25:35, 20:40].astype(int)
    assert np.abs(np.diff(inside, axis=1)).max() < 30
    assert (hidden[:, :9] == image[:, :9]).all()
    assert (hidden[11, 11] == image[11, 11]).all(), "the corners of an ellipse"
    assert image[30, 30].max() == 255 or image[30, 31].max() == 255, "the frame itself is kept"
    whole = hide(image, [region], "people")
    assert np.abs(np.diff(whole[11:14, 12:48].astype(int), axis=1)).max() < 30


def test_regions_beyond_the_border():
    image = np.full((20, 20, 3), 50, np.uint8)
    outside = np.array([[-30.0, -30, -5, -5], [15, 15, 40, 40], [5, 5, 5, 5]])
    assert hide(image, outside, "faces").shape == image.shape


def test_heads_by_joints():
    [region] = hidden_regions(frames(person(3)), "heads", 10.0)[0]
    assert region[0] < 60 - 20 / 0.9 / 2 < region[2]
