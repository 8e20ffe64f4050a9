import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.recognition.scene.uses import USES, uses

VIDEO = VideoInfo("place", 640, 320, 10.0, 100)


def walker(x, y=200.0, height=80.0, identity=1):
    """A person 80 px high with the feet at (x, y)."""
    box = [x - 15, y - height, x + 15, y]
    return People(np.array([box]), np.ones(1), np.array([identity]))


def test_nobody_uses_the_place():
    assert uses([], VIDEO, (160, 320)).max() == 0
    people = [FramePeople(t, People.empty()) for t in range(5)]
    assert uses(people, VIDEO, (160, 320)).max() == 0


def test_walking_and_waiting_leave_their_traces():
    # 10 px a frame at 10 a second: 100 px/s = 1.25 heights/s walks; 1 px a frame waits.
    people = []
    for t in range(50):
        both = np.concatenate([walker(50 + 10 * t).boxes, walker(600, 300).boxes])
        people.append(FramePeople(t, People(both, np.ones(2), np.array([1, 2]))))
    found = uses(people, VIDEO, (160, 320))
    assert found[100, 150, 0] > 0  # (300, 200) in the video
    assert found[100, 150, 1] == 0
    assert found[149, 299, 1] == pytest.approx(1, rel=0.1)  # there all the time
    assert found[149, 299, 0] == 0
    assert found[20].max() == 0  # nobody there


def test_entrances_are_where_tracks_begin_and_exits_where_they_end():
    # Seen from 2.0 s to 3.9 s of 10 s: in at x = 100, out at x = 290.
    people = [FramePeople(t, People.empty()) for t in range(100)]
    for t in range(20, 40):
        people[t] = FramePeople(t, walker(100 + 10 * (t - 20)))
    found = uses(people, VIDEO, (160, 320))
    assert np.unravel_index(found[..., 2].argmax(), (160, 320))[1] == pytest.approx(50, abs=1)
    assert np.unravel_index(found[..., 3].argmax(), (160, 320))[1] == pytest.approx(145, abs=1)
    whole = [FramePeople(t, walker(100)) for t in range(100)]
    assert uses(whole, VIDEO, (160, 320))[..., 2:].max() == 0  # the video's ends are no doors


def test_who_comes_back_has_left_and_come_in_again():
    # Seen at x = 100 until 3.9 s and from 7.0 s on at x = 500: out at 50, in at 250 of the grid.
    people = [FramePeople(t, People.empty()) for t in range(100)]
    for t in (*range(40), *range(70, 100)):
        people[t] = FramePeople(t, walker(100 if t < 40 else 500))
    found = uses(people, VIDEO, (160, 320))
    assert np.unravel_index(found[..., 3].argmax(), (160, 320))[1] == pytest.approx(50, abs=1)
    assert np.unravel_index(found[..., 2].argmax(), (160, 320))[1] == pytest.approx(250, abs=1)
    # Once in ten seconds.
    assert found[..., 2].max() == pytest.approx(0.1, rel=0.05)


def test_the_frame_rate_does_not_matter():
    dense = [FramePeople(t, walker(50 + 5 * t)) for t in range(100)]
    sparse = dense[::2]
    first, second = (uses(people, VIDEO, (160, 320)) for people in (dense, sparse))
    np.testing.assert_allclose(first.sum((0, 1)), second.sum((0, 1)), rtol=0.1, atol=0.5)


def test_people_come_one_by_one():
    # A generator is enough, and strangers (id -1) count nowhere.
    people = (FramePeople(t, walker(100, identity=-1)) for t in range(30))
    assert uses(people, VIDEO, (160, 320)).max() == 0


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 3), *[st.floats(-900, 900)] * 4), max_size=20
    )
)
def test_any_people_give_finite_densities(rows):
    people = []
    for t in sorted({row[0] for row in rows}):
        here = [row for row in rows if row[0] == t]
        b = np.array([row[2:] for row in here])
        boxes = np.concatenate([np.minimum(b[:, :2], b[:, 2:]), np.maximum(b[:, :2], b[:, 2:])], 1)
        ids = np.array([row[1] for row in here])
        people.append(FramePeople(t, People(boxes, np.ones(len(here)), ids)))
    found = uses(people, VIDEO, (16, 32))
    assert found.shape == (16, 32, USES)
    assert np.isfinite(found).all()
    assert found.min() >= 0
