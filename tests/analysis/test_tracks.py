from dataclasses import replace

import numpy as np
import pytest

from hie_cli.analysis.actions import action_seconds
from hie_cli.analysis.tracks import UNSCORED, UNSURE, gather
from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.errors import InputError
from hie_cli.core.types import FramePeople, People
from tests.support.drawing import doing
from tests.support.walks import VIDEO, frames

WALKING, FIGHTING = ACTIONS.index("walking-alone"), ACTIONS.index("fighting")


def test_nobody_and_nothing():
    tracks = gather([], VIDEO, "walk")
    assert (len(tracks.frames), len(tracks.ids)) == (0, 0)
    assert tracks.lives == {}


def test_feet_and_heights():
    tracks = gather(frames({7: [(100, 200)], 2: [(300, 250)]}), VIDEO, "walk")
    assert tracks.feet.tolist() == [[100, 200], [300, 250]]
    assert tracks.heights.tolist() == [100, 100]
    assert {key: rows.tolist() for key, rows in tracks.lives.items()} == {2: [1], 7: [0]}


def test_places_are_those_of_the_reference_frame_whatever_the_camera_did():
    """The picture moves 30 px left a frame; who stands on the ground is at x = 200, 170, 140."""
    left = np.array([[1, 0, -30.0], [0, 1, 0], [0, 0, 1]])
    items = frames({1: [(200, 200), (170, 200), (140, 200)]})
    items = [replace(item, camera=left if item.index else None) for item in items]
    assert gather(items, VIDEO, "walk").feet[:, 0] == pytest.approx([200, 200, 200])
    assert gather(items, VIDEO, "walk", reference=2).feet[:, 0] == pytest.approx([140] * 3)


def test_every_second_frame():
    items = [replace(item, index=2 * item.index) for item in frames({1: [(1, 200)] * 4})]
    tracks = gather(items, VIDEO, "walk")
    assert tracks.step == pytest.approx(0.2)
    assert tracks.seconds == pytest.approx([0, 0.2, 0.4, 0.6])


def test_people_without_identities_are_refused():
    people = People(np.array([[0, 0, 9, 9]]), np.ones(1))
    with pytest.raises(InputError, match=r"walk\.json: frame 3: people have no track_id; run hie"):
        gather([FramePeople(3, people)], VIDEO, "walk.json")


def scored(*scores) -> list[FramePeople]:
    """One person, a frame each; None: not scored."""
    items = []
    for t, each in enumerate(scores):
        rows = np.full((1, 14), np.nan) if each is None else doing(*each)
        people = frames({1: [(100, 200)]})[0].people.replace(action_scores=rows)
        items.append(FramePeople(t, people))
    return items


def test_actions_by_row():
    items = scored((WALKING, 0.9), None, (WALKING, 0.3))
    assert gather(items, VIDEO, "walk", 0.4).actions.tolist() == [WALKING, UNSCORED, UNSURE]


def test_minutes_of_actions():
    """Scored every .2 s: walking twice, unsure once, fighting once, each for .2 s."""
    found = action_seconds(
        gather(
            scored(
                (WALKING, 0.9), None, (WALKING, 0.8), None, (WALKING, 0.3), None, (FIGHTING, 0.9)
            ),
            VIDEO,
            "walk",
            0.4,
        )
    )
    assert found == {
        1: pytest.approx({"walking-alone": 0.4, "unsure": 0.2, "fighting": 0.2}),
    }


def test_a_long_absence_counts_for_no_more_than_twice_the_usual_time():
    """Scored at 0, .1 and 3.1 s: .1 + 2 * 1.55 (the median of .1 and 3) and 1.55 at the end."""
    items = scored((WALKING, 0.9), (WALKING, 0.9), *[None] * 29, (WALKING, 0.9))
    found = action_seconds(gather(items, VIDEO, "walk"))
    assert found[1]["walking-alone"] == pytest.approx(0.1 + 3.0 + 1.55)


def test_no_scores_no_actions():
    assert action_seconds(gather(frames({1: [(1, 200)]}), VIDEO, "walk")) == {}
