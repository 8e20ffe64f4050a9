"""How the tool that fits the kinematic decision judges it."""

import importlib.util

import numpy as np
import pytest

from hie_cli.core.action_classes import ACTIONS
from hie_cli.training.action.kinematic_data import Measured
from tests.support.paths import ROOT


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("fit_kinematic", ROOT / "tools/fit_kinematic.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shares(**of_action):
    row = np.zeros(len(ACTIONS))
    for name, share in of_action.items():
        row[ACTIONS.index(name.replace("_", "-"))] = share
    return row


def test_a_box_that_shows_nobody_is_wrong_whatever_is_said_of_it_by_hand(tool):
    def row(action):
        return tool.caviar_clips.Row("a.mp4", 0, 1, (0.0, 0.0, 20.0, 40.0), action, "clear", "")

    rows = [row("standing-alone"), row("walking-alone")]
    scores = np.stack(
        [
            shares(standing_alone=0.5, gathering=0.3, fighting=0.2),  # of nobody
            shares(walking_alone=0.6, standing_alone=0.4),  # who walks
            shares(walking_alone=0.7, running_alone=0.3),  # who stands
        ]
    )
    labels = np.array([-1, 1, 0])
    found = Measured(("speed",), np.zeros((3, 1)), labels, np.zeros((3, 14)), np.ones(3))
    sure, right = tool.held(rows, found, scores)
    assert sorted(zip(sure.tolist(), right.tolist(), strict=True)) == [
        (pytest.approx(0.6), True),
        (pytest.approx(0.7), False),
        (pytest.approx(0.8), False),  # standing and gathering are one group
    ]
    # Bins 6, 7, 8 of one row each: (0.4 + 0.7 + 0.8) / 3.
    assert tool.calibration_error(sure, right) == pytest.approx(1.9 / 3)
