"""What the recogniser learns of the view from whom, and how far it believes boxes."""

import dataclasses

import numpy as np
import pytest

from hie_cli.core.types import FramePeople
from hie_cli.recognition.kinematic.recogniser import Kinematic, Observed
from hie_cli.recognition.kinematic.settings import KinematicConfig
from hie_cli.recognition.window import windows
from tests.support import actors
from tests.support.actors import Actor, falling, film, still


def observed(frames: list[FramePeople]) -> list[Observed]:
    video = actors.video(25.0)
    model = Kinematic(video, KinematicConfig())
    seen = windows(frames, video, 2.0, 10)
    return [model.observe(window) for _, window in seen if window is not None]


def lying_and_moving(pace: float) -> Actor:
    """Falls to the right within the second second, then slides on at ``pace`` pixels a second, a
    hundred to a body height, until second 5.
    """
    return Actor(lambda t: (300.0 + pace * np.clip(t - 2.5, 0.0, 2.5), 400.0), falling(1.0))


@pytest.mark.parametrize(("pace", "turned"), [(20.0, 0.0), (50.0, 90.0)])
def test_only_who_travels_as_fast_as_a_walker_shows_which_way_is_up(pace, turned):
    last = observed(film([lying_and_moving(pace), Actor(still(900))], 8.0))[-1]
    up = last.features.up
    degrees = np.degrees(np.arctan2(np.abs(up[:, 0]), -up[:, 1]))
    # The bystander's "up" comes from the other one; who stays shows none to oneself.
    assert degrees[1] == pytest.approx(turned, abs=2)


def test_a_box_is_believed_by_its_score_about_the_frame():
    frames = film([Actor(still(300)), Actor(still(900))], 4.0)
    weak = [
        FramePeople(f.index, dataclasses.replace(f.people, scores=np.array([0.1, 0.9])))
        for f in frames
    ]
    assert observed(weak)[5].belief == pytest.approx([0.2, 1.0])  # 0.1 of 0.5, the rest surely
