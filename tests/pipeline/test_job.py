"""A video's failure, of whatever kind, is a record; a video's success says where time went."""

import json
import logging
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from hie_cli.core.errors import InputError
from hie_cli.pipeline.failures import failure
from hie_cli.pipeline.job import Setup, VideoJob, run_job
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.settings import ChainConfig
from hie_cli.pipeline.summary import summary, write_summary
from hie_cli.video.frame_range import FrameRange


def folder(path: Path, bright: bool = True) -> Path:
    """Twelve frames; with ``bright`` a square moves through them."""
    path.mkdir()
    for t in range(12):
        image = np.zeros((120, 160, 3), np.uint8)
        if bright:
            image[20:80, 10 + 2 * t : 40 + 2 * t] = 255
        cv2.imwrite(str(path / f"{t}.png"), image)
    return path


def run(path: Path, out: Path, *stages: str) -> dict:
    setup = Setup(stages, OutputDir(out), ChainConfig(), "cpu")
    return run_job(VideoJob(path, FrameRange(), setup, path.stem))


def test_a_record_says_what_was_found_and_what_it_took(tmp_path, squares):
    record = run(folder(tmp_path / "walk"), tmp_path / "out", "detect", "pose", "track")
    assert record["status"] == "ok"
    assert (record["frames"], record["people"], record["identities"]) == (12, 12, 1)
    assert set(record["stage_seconds"]) == {"decode", "detect", "pose", "track", "write"}
    assert 0 < record["network_seconds"] <= record["seconds"]
    assert record["frames_per_second"] == pytest.approx(12 / record["seconds"], rel=0.2)
    assert record["peak_memory_mb"] > 50
    assert len(record["files"]) == 3
    json.dumps(record, allow_nan=False)


def test_nobody_in_a_whole_video_is_said(tmp_path, squares):
    record = run(folder(tmp_path / "dark", bright=False), tmp_path / "out", "detect")
    assert record["status"] == "ok"
    assert record["warning"].startswith("dark: nobody was found in 12 frames; try --set")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (InputError("a.mp4: cut off"), "a.mp4: cut off"),
        (MemoryError(), "walk: out of memory; use fewer --workers"),
        (cv2.error("resize failed\nat line 3"), r"walk: unexpected failure (error: resize failed)"),
        (OSError(28, "No space left on device", "x"), "walk: x: No space left on device"),
        (RuntimeError(), "walk: unexpected failure (RuntimeError)"),
    ],
)
def test_any_failure_is_one_line(tmp_path, squares, error, line, monkeypatch, caplog):
    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(squares.detectors[0], "detect", fail)
    caplog.set_level(logging.DEBUG, "hie_cli")
    logging.getLogger("hie_cli").propagate = True
    record = run(folder(tmp_path / "walk"), tmp_path / "out", "detect")
    assert record["status"] == "failed"
    assert record["error"].startswith(line)
    assert "\n" not in record["error"]
    expected = {InputError: 3, OSError: 3}
    assert record["exit_code"] == expected.get(type(error), 1)
    assert record["files"] == []
    assert "Traceback" in caplog.text


def test_a_failure_without_a_reason_names_its_kind():
    assert "KeyError: 'x'" in failure("v", KeyError("x"))["error"]


def test_the_summary_keeps_what_other_runs_wrote(tmp_path):
    def of(name: str, status: str = "ok") -> dict:
        return {"name": name, "status": status, "people": 1}

    write_summary(tmp_path, summary([of("b"), of("a", "failed")], ["detect"], ChainConfig()))
    write_summary(tmp_path, summary([of("c"), of("a")], ["detect", "pose"], ChainConfig()))
    held = json.loads((tmp_path / "summary.json").read_text())
    assert [(r["name"], r["status"]) for r in held["videos"]] == [
        ("a", "ok"), ("b", "ok"), ("c", "ok"),
    ]  # fmt: skip
    assert (held["failed"], held["stages"]) == (0, ["detect", "pose"])
    (tmp_path / "summary.json").write_text("[]")
    write_summary(tmp_path, summary([of("c")], ["detect"], ChainConfig()))
    assert len(json.loads((tmp_path / "summary.json").read_text())["videos"]) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_where_the_summary_goes_is_replaced(tmp_path):
    os.mkfifo(tmp_path / "summary.json")
    run = summary([{"name": "a", "status": "ok", "people": 1}], ["detect"], ChainConfig())
    write_summary(tmp_path, run)
    assert json.loads((tmp_path / "summary.json").read_text())["videos"][0]["name"] == "a"
