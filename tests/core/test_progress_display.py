import io
import time as real_time

import pytest

from hie_cli.core.progress_display import Display, clock
from hie_cli.core.progress_events import Begin, Doing, End, Note, Overall, Step


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def shown(stream: io.StringIO) -> tuple[Display, Time]:
    time = Time()
    return Display(stream, time, lambda: 100), time


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (75, "1:15"), (3599.6, "1:00:00"), (3700, "1:01:40")]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_what_is_loaded_and_notes_are_lines_at_once() -> None:
    stream = io.StringIO()
    display, _ = shown(stream)
    display(Doing("loading nanodet"))
    display(Note("a\x1b[2J: done"))
    assert stream.getvalue() == "loading nanodet\na\\x1b[2J: done\n"


def test_without_a_terminal_there_is_a_line_every_30_seconds() -> None:
    stream = io.StringIO()
    display, time = shown(stream)
    display(Begin(1, "v: people", 200, "frame"))
    for second in range(1, 91):
        time.now = float(second)
        display(Step(1, 2 * second))
    # After 30, 60 and 90 s, at 2 frames a second throughout; 200 - 60 = 140 frames take 70 s.
    assert stream.getvalue().splitlines() == [
        "v: people 60/200  2 frames/s  1:10 left",
        "v: people 120/200  2 frames/s  0:40 left",
        "v: people 180/200  2 frames/s  0:10 left",
    ]


def test_the_time_left_forgets_a_slow_start() -> None:
    display, time = shown(io.StringIO())
    display(Begin(1, "v", 1000, "frame"))
    time.now = 100.0  # the first frame waited for the networks
    display(Step(1, 1))
    for second in range(1, 61):
        time.now = 100.0 + second
        display(Step(1, 1 + 10 * second))
    # 10 frames a second over the last 30 s, not 601 frames in 160 s; 399 are left.
    assert display.text() == "v 601/1000  10 frames/s  0:40 left"


def test_all_videos_count_and_those_under_way_by_their_share() -> None:
    display, time = shown(io.StringIO())
    display(Overall(0, 4))
    display(Begin(1, "b", 100, "frame"))
    assert display.text().startswith("0 of 4 videos ·")
    time.now = 60.0
    display(Overall(1, 4))
    display(Step(1, 50))
    # One and a half videos in 60 s: two and a half more take 100 s.
    assert display.text().startswith("1 of 4 videos  1:40 left · b 50/100")
    display(Begin(2, "c", None, "frame"))
    display(Begin(3, "d", None, "frame"))
    assert display.text().endswith("c 0 · 1 more")


def test_a_terminal_is_drawn_over_and_left_clean() -> None:
    stream = Terminal()
    display, time = shown(stream)
    display(Begin(1, "v", 10, "frame"))
    display(Step(1, 1))
    assert stream.getvalue() == ""
    time.now = 1.0
    display(Step(1, 5))
    assert stream.getvalue().startswith("\rv 5/10")
    display(End(1))
    assert stream.getvalue().endswith("\r\x1b[K")


def test_a_closed_stream_is_no_error() -> None:
    stream = io.StringIO()
    display, _ = shown(stream)
    stream.close()
    display(Note("unheard"))


def test_half_a_minute_without_news_is_told_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    display, time = shown(stream)
    display.break_silence()
    time.now = 40.0
    display.break_silence()  # nothing is under way
    display(Doing("loading nanodet"))
    for second in range(41, 110):
        time.now = float(second)
        display.break_silence()
    display(Begin(1, "v: people", 8, "frame"))
    display(Step(1, 8))
    display(End(1))
    time.now = 138.0
    display.break_silence()
    time.now = 200.0
    display.break_silence()  # identities are linked, say
    # Told at 40, again at 70 and 100; the last step was at 109, 91 s before 200.
    assert stream.getvalue().splitlines() == [
        "loading nanodet",
        "loading nanodet  still at work after 0:30",
        "loading nanodet  still at work after 1:00",
        "v: people 8/8",
        "v: people 8 done  still at work after 1:31",
    ]


def test_a_terminal_is_not_written_to_in_silence() -> None:
    stream = Terminal()
    display, time = shown(stream)
    display(Begin(1, "v", 10, "frame"))
    time.now = 100.0
    display.break_silence()
    assert stream.getvalue() == ""


def test_silence_is_broken_from_beside_the_work_until_the_display_is_gone() -> None:
    stream = io.StringIO()
    display = Display(stream, silence=0.05)
    display(Doing("loading nanodet"))
    deadline = real_time.monotonic() + 10
    while stream.getvalue().count("\n") < 3 and real_time.monotonic() < deadline:
        real_time.sleep(0.01)
    lines = stream.getvalue().splitlines()
    assert lines[:3] == ["loading nanodet"] + 2 * ["loading nanodet  still at work after 0:00"]
    del display
    real_time.sleep(0.2)  # a last line may have been under way
    said = stream.getvalue()
    real_time.sleep(0.2)
    assert stream.getvalue() == said
