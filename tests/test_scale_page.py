"""The page on many videos: its queries run on real people, and find some."""

import re
from pathlib import Path

import pytest

import hie_cli
from tests.support.paths import ROOT

duckdb = pytest.importorskip("duckdb", reason="needs DuckDB: pip install duckdb")
PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")


def queries() -> list[tuple[str, str]]:
    """Title and text of each statement in the page's SQL."""
    (block,) = re.findall(r"```sql\n(.*?)```", PAGE, flags=re.DOTALL)
    parts = re.findall(r"-- (.*?)\n(.*?;)\n", block, flags=re.DOTALL)
    return [(title, text) for title, text in parts]


def test_the_ten_queries_run_on_a_real_clip(tmp_path, sample_clip, monkeypatch):
    hie_cli.run_batch(
        [sample_clip], output=tmp_path / "out", preset="fast", until="action", frames=":12",
        parquet=True,
    )  # fmt: skip
    monkeypatch.chdir(tmp_path / "out")
    base = duckdb.connect()
    (_, view), *asked = queries()
    base.execute(view)
    assert len(asked) == 10
    found = {title.partition(".")[0]: base.execute(text).fetchall() for title, text in asked}
    name = Path(sample_clip).stem
    ((video, people),) = found["1"]
    assert video == name
    assert people > 2
    assert {row[0] for row in found["2"]} == {name}
    assert found["3"][0][2] >= people - 1
    assert found["4"]
    assert all(score > 0.5 for row in found["5"] for score in [max(row[3:])])
    (_, (low, middle, high)) = found["6"][0]
    assert 20 < low <= middle <= high < 400
    assert len(found["7"]) == len(base.execute("SELECT DISTINCT track_id FROM people").fetchall())
    assert all(row[1] < row[2] for row in found["8"])
    assert all(row[2] <= 12 for row in found["9"])
    assert all(row[1] == 0 for row in found["10"])


def table(heading: str) -> dict[str, list[str]]:
    """The rows of the first table after ``heading``, by their first cell."""
    lines = PAGE.split(heading, 1)[1].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("|"))
    rows = {}
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        first, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        rows[first.strip("`")] = cells
    return rows


def number(text: str) -> float:
    value = float(re.match(r"[\d.,]+", text)[0].rstrip(",.").replace(",", ""))
    return value * 1e6 if "million" in text else value


def test_the_page_adds_up():
    """Cores, bytes and rates for many hours follow from what an hour costs, to two digits."""
    hour, many = table("## What an hour of video costs"), table("What follows for 10")
    for preset, columns in (("fast", (0, 1)), ("balanced", (2, 3))):
        rate, hours, core_hours, documents = (number(cell) for cell in hour[preset])
        exact = 25 * 3600 / rate / 3600  # hours for an hour of video
        assert hours == pytest.approx(exact, abs=0.05)
        assert core_hours == pytest.approx(2 * exact, abs=0.05)
        for column, size in zip(columns, (1e4, 1e6), strict=True):
            cells = {name: row[column] for name, row in many.items()}
            seconds, close = 30 * 24 * 3600, 0.05
            assert number(cells["core hours"]) == pytest.approx(2 * exact * size, rel=close)
            cores = number(cells["cores, for 30 days"])
            assert cores == pytest.approx(2 * exact * size / 720, rel=close)
            assert number(cells["videos to read"]) == pytest.approx(0.9e-3 * size, rel=close)
            whole, packed = cells["documents (in gzip)"].split(" (")
            assert number(whole) == pytest.approx(documents * size / 1e3, rel=close)
            assert number(packed) == pytest.approx(0.21 * documents * size / 1e3, rel=close)
            people = number(cells["the table of people"])
            assert people == pytest.approx(0.06 * documents * size / 1e3, rel=close)
            read, written = re.fullmatch(
                r"(.*), (.*) MB/s", cells["network: read, written"]
            ).groups()
            assert number(read) == pytest.approx(900 * size / seconds, rel=close)
            assert number(written) == pytest.approx(1e3 * documents * size / seconds, rel=close)
