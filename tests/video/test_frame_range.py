import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.video.frame_range import FrameRange, parse_range


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (":", FrameRange()),
        ("5:", FrameRange(5)),
        (":7", FrameRange(0, 7)),
        ("::2", FrameRange(0, None, 2)),
        ("3:9:2", FrameRange(3, 9, 2)),
    ],
)
def test_parse_range(text, expected):
    assert parse_range(text) == expected


@pytest.mark.parametrize("text", ["", "5", "a:b", "-1:4", "5:5", "9:3", "::0", "1:2:3:4"])
def test_parse_range_refuses(text):
    with pytest.raises(ConfigError, match="--frames"):
        parse_range(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10", 10), (10.5, 10.5), ("01:30", 90), ("1:00:01.5", 3601.5), ("90:00", 5400)],
)
def test_times_of_day_are_seconds(text, seconds):
    assert parse_range(":", text).begin == seconds
    assert parse_range("::2", None, text) == FrameRange(0, None, 2, None, seconds)


@pytest.mark.parametrize(
    ("begin", "end", "message"),
    [
        ("ten", None, "--begin ten: expected seconds, MM:SS or HH:MM:SS"),
        (None, "1:2:3:4", "--end 1:2:3:4: expected"),
        ("-1", None, "--begin -1: expected"),
        ("nan", None, "--begin nan: expected"),
        ("00:20", "20", "--end 20: is not after --begin 00:20"),
    ],
)
def test_wrong_times_are_one_line(begin, end, message):
    with pytest.raises(ConfigError, match=message):
        parse_range(":", begin, end)


def test_a_span_of_time_by_the_rate():
    """10 frames a second: from 1.05 s on frame 11, before 2 s up to 19, every 4th: 11, 15, 19."""
    assert parse_range("::4", "1.05", "2").at(10.0) == FrameRange(11, 20, 4)
    assert parse_range("12:18", "1.05", "2").at(10.0) == FrameRange(12, 18, 1)
    assert parse_range(":", None, None).at(10.0) == FrameRange()
