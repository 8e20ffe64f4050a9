import pytest

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.training.action.data import held_out

NAMES = ["day-1", "day-2", "night-1"]


@pytest.mark.parametrize(
    ("patterns", "apart"),
    [
        (["night-1"], {"night-1"}),
        (["day-*"], {"day-1", "day-2"}),
        (["*-[2-9]", "night-?"], {"day-2", "night-1"}),
    ],
)
def test_videos_are_held_out_by_name_or_pattern(patterns, apart):
    assert held_out(NAMES, patterns) == apart


def test_a_pattern_that_names_nothing_is_a_mistake():
    with pytest.raises(InputError, match="--val dusk: no such video in the data"):
        held_out(NAMES, ["day-1", "dusk"])


def test_something_must_be_held_out():
    with pytest.raises(ConfigError, match="--val"):
        held_out(NAMES, [])
