"""Jobs on a Ray cluster, here one of two processes on this machine."""

import os
import time

import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.core.progress_events import Note
from hie_cli.pipeline.batch import run_batch
from hie_cli.pipeline.executors import ray_actors
from hie_cli.pipeline.executors.ray_actors import RayActors
from tests.support import jobs

pytest.importorskip("ray", reason="needs Ray: pip install 'hie[ray]'")


def test_records_notes_and_deaths_come_back(tmp_path, told):
    mark = tmp_path / "tried"
    actions = {"a": "go", "b": f"die once {mark}", "c": "exit", "d": "go"}
    records = run_batch(
        [jobs.Job(name, action) for name, action in actions.items()],
        list(actions),
        RayActors(jobs.work, 2),
        lambda _: None,
    )
    assert [record["status"] for record in records] == ["ok", "ok", "failed", "ok"]
    assert "its worker process died" in records[2]["error"]
    processes = {record["process"] for record in records if record["status"] == "ok"}
    assert os.getpid() not in processes
    assert int(mark.read_text()) not in {records[1]["process"]}
    assert told.count(Note("a speaks")) == told.count(Note("b speaks")) == 3


def test_workers_with_another_hie_are_refused(monkeypatch):
    monkeypatch.setattr(ray_actors, "__version__", "0.0.0")
    with pytest.raises(ConfigError, match=r"workers have hie .* this is hie 0\.0\.0"):
        RayActors(jobs.work, 1)


def test_a_cluster_that_is_not_there_is_told_within_seconds():
    began = time.monotonic()
    with pytest.raises(ConfigError, match=r"no cluster at 127\.0\.0\.1:9 .*is it running\?"):
        RayActors(jobs.work, 2, "127.0.0.1:9")
    assert time.monotonic() - began < 30
