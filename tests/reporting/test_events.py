import pytest

from hie_cli.reporting.events import find_events, surest
from tests.support.people_tables import box, table


def person(track_id, x, actions):
    return [(t, track_id, box(x, 150), action) for t, action in actions]


def test_a_fall_by_hand():
    acts = [(t, "fall-over" if 10 <= t < 20 else "walking-alone") for t in range(30)]
    (event,) = find_events(table(person(3, 100, acts)))
    assert (event.kind, event.first, event.last, event.ids) == ("fall", 10, 19, (3,))
    assert event.confidence == pytest.approx(0.9)
    assert 10 <= event.at < 20
    assert event.box == (90.0, 110.0, 110.0, 150.0)


def test_a_flicker_is_none_and_a_pause_no_end():
    flicker = [(t, "fighting" if t in (5, 6) else "riding") for t in range(30)]
    assert find_events(table(person(0, 100, flicker))) == []  # 0.2 s of the 0.5 needed
    paused = [(t, "riding" if 8 <= t < 14 else "fighting") for t in range(20)]
    (event,) = find_events(table(person(0, 100, paused)))
    assert (event.first, event.last) == (0, 19)


def test_people_close_to_each_other_share_an_event():
    acts = [(t, "fighting") for t in range(20)]
    near = person(0, 100, acts) + person(1, 130, acts)
    (event,) = find_events(table(near))
    assert event.ids == (0, 1)
    far = person(0, 40, acts) + person(1, 280, acts)
    assert [e.ids for e in find_events(table(far))] == [(0,), (1,)]
    fallen = [(t, "fall-over") for t in range(20)]
    both = person(0, 100, fallen) + person(1, 130, fallen)
    assert [e.ids for e in find_events(table(both))] == [(0,), (1,)], "everybody falls alone"


def test_an_action_holds_until_the_next_score():
    acts = [(t, "fall-over" if t == 10 else "riding" if t % 10 == 0 else "") for t in range(40)]
    (event,) = find_events(table(person(0, 100, acts)))
    assert (event.first, event.last) == (10, 19)


def test_none_without_actions():
    acts = [(t, "") for t in range(20)]
    assert find_events(table(person(0, 100, acts), actions=False)) == []
    assert find_events(table(person(0, 100, acts))) == []


def test_the_surest_stay_in_order_of_time():
    acts = [(t, "fall-over" if t % 20 < 5 else "riding") for t in range(60)]
    events = find_events(table(person(0, 100, acts), frames=60))
    assert len(events) == 3
    assert surest(events, 3) == events
    assert len(surest(events, 2)) == 2
