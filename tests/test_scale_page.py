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
