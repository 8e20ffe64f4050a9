import pytest

from hie_cli.core.durations import parse_duration
from hie_cli.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90), (2.5, 2.5), ("10min", 600), ("1h30min", 5400), ("1 h 2 m 3 s", 3723),
        ("01:30", 90), ("1:00:00", 3600), ("0.5s", 0.5),
    ],
)  # fmt: skip
def test_lengths(text, seconds):
    assert parse_duration("--for", text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-1", "ten", "10 minutes", "1d", "inf", "1min soon"])
def test_what_is_none(text):
    with pytest.raises(ConfigError, match=r"--for .*: expected a length of time, such as 90s"):
        parse_duration("--for", text)
