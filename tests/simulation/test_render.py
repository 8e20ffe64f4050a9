import dataclasses

import numpy as np
import pytest

from hie_cli.simulation.backdrop import fitted
from hie_cli.simulation.crowd import CrowdConfig, simulate
from hie_cli.simulation.render import render

CROWD = simulate(CrowdConfig(seed=5, people=8, frames=2, width=640, height=360, pillars=0))


@pytest.fixture(scope="module")
def frames():
    return [frame.image for frame in render(CROWD)]


def test_frames_have_the_size_and_repeat(frames):
    assert [f.shape for f in frames] == [(360, 640, 3)] * 2
    assert frames[0].dtype == np.uint8
    again = [frame.image for frame in render(CROWD)]
    assert all(np.array_equal(a, b) for a, b in zip(frames, again, strict=True))


def test_a_person_is_drawn_where_the_truth_says(frames):
    nobody = dataclasses.replace(CROWD, actors=(), present=CROWD.present[:0])
    empty = next(iter(render(nobody))).image
    drawn = np.abs(frames[0].astype(int) - empty).max(-1) > 25
    joints = CROWD.pixels[:, 0, :14][CROWD.seen[:, 0]].astype(int)
    assert len(joints) > 30
    assert drawn[joints[:, 1], joints[:, 0]].mean() > 0.9
    covered = np.zeros(drawn.shape, bool)
    for x1, y1, x2, y2 in CROWD.boxes[CROWD.present[:, 0], 0].astype(int):
        covered[y1 : y2 + 1, x1 : x2 + 1] = True
    assert (drawn & ~covered).mean() < 0.05  # shadows only


def test_a_background_fills_the_picture():
    plate = np.full((100, 100, 3), 200, np.uint8)
    assert fitted(plate, 640, 360).shape == (360, 640, 3)
    image = next(iter(render(CROWD, plate))).image
    assert np.median(image) == pytest.approx(200, abs=15)
