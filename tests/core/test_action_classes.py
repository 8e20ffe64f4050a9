import pytest

from hie_cli.core.action_classes import ACTIONS, ANOMALOUS, NUM_ACTIONS, action_index


def test_the_site_s_14() -> None:
    assert len(set(ACTIONS)) == NUM_ACTIONS == 14
    assert (ACTIONS[0], ACTIONS[13]) == ("walking-alone", "crouching-bowing")
    assert [ACTIONS[i] for i in ANOMALOUS] == ["fighting", "fall-over", "crouching-bowing"]


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("walking-alone", 0),
        (" Fall_Over ", 11),
        ("walking up down stairs", 12),
        ("", None),
        ("flying", None),
    ],
)
def test_by_name(name: str, index: int | None) -> None:
    assert action_index(name) == index
