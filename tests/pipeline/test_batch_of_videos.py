"""A batch of videos: what is recorded of each, what is run again, and what is kept."""

import errno
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.pipeline import run_records
from hie_cli.pipeline.failures import failure
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.settings import ChainConfig
from hie_cli.pipeline.status import status
from hie_cli.pipeline.video_selection import parse_shard
from tests.support.batches import run_on_cpu
from tests.support.films import one_square


@pytest.fixture
def clips(tmp_path) -> Path:
    """Three folders of six images, with a square that moves."""
    for number, name in enumerate("abc"):
        path = tmp_path / "clips" / name
        path.mkdir(parents=True)
        for t in range(6):
            cv2.imwrite(str(path / f"{t}.png"), one_square(10 + 2 * t + number))
    return tmp_path / "clips"


def run(clips: Path, out: Path, names: str = "abc", config=None, **batch) -> list[dict]:
    resume = batch.pop("resume", False) or batch.get("retry_failed", False)
    place = OutputDir(out, overwrite=batch.pop("overwrite", False), resume=resume)
    return run_on_cpu([clips / name for name in names], place, "track", config, **batch)


def states(out: Path, *videos: Path) -> dict[str, str]:
    return {each.name: each.state for each in status(out, [str(video) for video in videos])}


def files(out: Path) -> dict[str, tuple[bytes, int]]:
    paths = sorted(out.glob("*/*.json"))
    return {
        f"{path.parent.name}/{path.name}": (path.read_bytes(), path.stat().st_mtime_ns)
        for path in paths
        if path.parent.name != "runs"
    }


def test_every_video_has_a_record_that_says_what_became_of_it(tmp_path, clips, squares):
    out = tmp_path / "out"
    records = run(clips, out)
    assert [record["status"] for record in records] == ["ok"] * 3
    held = json.loads((out / "runs" / "a.json").read_text())
    assert (held["status"], held["attempts"], held["exit_code"]) == ("done", 1, 0)
    assert held["result"] == records[0]
    assert [stage for stage, _ in held["documents"]] == ["detect", "pose", "track"]
    assert states(out) == {"a": "done", "b": "done", "c": "done"}
    assert json.loads((out / "summary.json").read_text())["videos"] == records


def test_what_is_finished_is_not_run_again(tmp_path, clips, squares):
    out = tmp_path / "out"
    first = run(clips, out, "ab")
    before, calls = files(out), squares.detectors[0].calls
    again = run(clips, out, "ab", resume=True)
    assert again == [record | {"kept": True} for record in first]
    assert (files(out), squares.detectors[0].calls) == (before, calls)
    run(clips, out, "abc", resume=True)
    assert squares.detectors[0].calls > calls
    assert files(out).items() > before.items()


def test_a_failure_says_why_and_where_and_can_be_run_again_alone(
    tmp_path, clips, squares, monkeypatch
):
    out = tmp_path / "out"
    detector = squares.detectors[0]
    good = detector.detect
    broken = cv2.imread(str(clips / "b" / "0.png"))

    def detect(images, long_side=None):
        if any(np.array_equal(image, broken) for image in images):
            raise RuntimeError("the planted failure")
        return good(images, long_side)

    monkeypatch.setattr(detector, "detect", detect)
    assert [r["status"] for r in run(clips, out)] == ["ok", "failed", "ok"]
    found = {each.name: each for each in status(out)}
    assert found["b"].state == "failed"
    assert "the planted failure" in found["b"].reason
    assert "RuntimeError: the planted failure" in Path(found["b"].log).read_text()
    monkeypatch.setattr(detector, "detect", good)
    before = files(out)
    assert [r["name"] for r in run(clips, out, retry_failed=True)] == ["b"]
    assert states(out) == {"a": "done", "b": "done", "c": "done"}
    assert not (out / "runs" / "b.log").exists()
    assert files(out).items() > before.items()
    assert json.loads((out / "runs" / "b.json").read_text())["attempts"] == 2
    assert run(clips, out, retry_failed=True) == []


def test_another_input_of_the_same_name_is_run_anew(tmp_path, clips, squares):
    out = tmp_path / "out"
    run(clips, out)
    before = files(out)
    for t in range(6):
        image = np.zeros((120, 160, 3), np.uint8)
        image[30:90, 60 + 2 * t : 100 + 2 * t] = 255
        cv2.imwrite(str(clips / "b" / f"{t}.png"), image)
    assert states(out, clips / "a", clips / "b") == {"a": "done", "b": "stale", "c": "done"}
    run(clips, out, resume=True)
    after = files(out)
    assert after["detect/b.json"] != before["detect/b.json"]
    assert {k: v for k, v in after.items() if "b" not in k.split("/")[1]} == {
        k: v for k, v in before.items() if "b" not in k.split("/")[1]
    }
    assert states(out, clips / "b")["b"] == "done"


def test_missing_and_replaced_documents_are_stale_and_made_again(tmp_path, clips, squares):
    out = tmp_path / "out"
    run(clips, out)
    whole = files(out)
    (out / "track" / "a.json").unlink()
    (out / "pose" / "b.json").write_text('{"annolist":[]}')
    assert states(out) == {"a": "stale", "b": "stale", "c": "done"}
    records = run(clips, out, resume=True)
    assert [r["status"] for r in records] == ["ok", "failed", "ok"]
    assert "--overwrite" in records[1]["error"]  # another program's file is not replaced silently
    assert files(out)["track/a.json"][0] == whole["track/a.json"][0]


def test_other_settings_are_refused_not_mixed(tmp_path, clips, squares):
    out = tmp_path / "out"
    run(clips, out, "a")
    other = replace(ChainConfig(), detect=replace(ChainConfig().detect, min_score=0.3))
    assert "--overwrite" in run(clips, out, "a", config=other, resume=True)[0]["error"]


def test_an_interrupted_run_is_seen_and_a_running_one_is_left_alone(tmp_path, clips, squares):
    out = OutputDir(tmp_path / "out", resume=True)
    record = run_records.begun("a", "a.mp4", "seen", "x", ("detect",), None)
    with run_records.hold(out, "a"):
        run_records.write_record(out, record)
        assert states(out.folder) == {"a": "running"}
        (found,) = run(clips, out.folder, "a", resume=True)
        assert (found["status"], found["exit_code"]) == ("failed", 2)
        assert "is being written by process" in found["error"]
    assert states(out.folder, clips / "a", clips / "b") == {"a": "interrupted", "b": "waiting"}
    run(clips, out.folder, "a", retry_failed=True)
    assert states(out.folder) == {"a": "done"}


def test_a_death_is_recorded_by_the_parent(tmp_path, clips):
    out = OutputDir(tmp_path / "out")
    run_records.write_record(out, run_records.begun("a", "a.mp4", "seen", "x", ("detect",), None))
    run_records.note_death(out, {"name": "a", "status": "failed", "error": "died", "exit_code": 1})
    (found,) = status(out.folder)
    assert (found.state, found.reason, found.exit_code) == ("failed", "died", 1)


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", "", "\0", '{"name": "a"}', "[" * 100_000, '{"name":"a","status":"done"}'],
)
def test_a_record_that_is_none_of_ours_counts_as_no_record(tmp_path, clips, squares, text):
    out = tmp_path / "out"
    (out / "runs").mkdir(parents=True)
    (out / "runs" / "a.json").write_text(text)
    assert states(out) == {"a": "waiting"}
    assert run(clips, out, "a", resume=True)[0]["status"] == "ok"


def test_a_copied_video_is_the_same_input_and_a_changed_one_is_not(tmp_path):
    video, copy = tmp_path / "a.mp4", tmp_path / "b.mp4"
    data = bytes(range(256)) * 20_000
    video.write_bytes(data)
    copy.write_bytes(data)
    assert run_records.fingerprint(video) == run_records.fingerprint(copy) != ""
    copy.write_bytes(data[:-1] + b"\0")
    assert run_records.fingerprint(video) != run_records.fingerprint(copy)
    assert run_records.fingerprint(tmp_path / "none.mp4") == ""


def test_people_go_to_one_table_also_later(tmp_path, clips, squares):
    dataset = pytest.importorskip("pyarrow.dataset", reason="needs pyarrow")
    out = tmp_path / "out"
    run(clips, out, "a")
    run(clips, out, "ab", resume=True, table=True)
    table = dataset.dataset(out / "people", format="parquet", partitioning="hive").to_table()
    assert sorted(set(table["video"].to_pylist())) == ["a", "b"]
    assert table.num_rows == 12
    assert set(table["track_id"].to_pylist()) != {None}
    before = files(out), squares.detectors[0].calls
    run(clips, out, "ab", resume=True, table=True)
    assert (files(out), squares.detectors[0].calls) == before


def test_shards_part_the_videos(tmp_path, clips, squares):
    named = [
        [record["name"] for record in run(clips, tmp_path / "out", shard=(i, 2))] for i in (1, 2)
    ]
    assert named == [["a", "c"], ["b"]]
    assert parse_shard("3/8") == (3, 8)
    for wrong in ("0/2", "3/2", "a/b", "1", "1/0", "-1/2"):
        with pytest.raises(ConfigError, match="--shard"):
            parse_shard(wrong)


def test_only_disks_and_networks_are_given_another_chance():
    def wrapped(number: int) -> Exception:
        try:
            try:
                raise OSError(number, "planted")
            except OSError:
                raise ConfigError("x: cannot be written") from None
        except ConfigError as error:
            return error

    assert failure("a", OSError(errno.EIO, "Input/output error", "x"))["transient"]
    assert failure("a", wrapped(errno.ESTALE))["transient"]
    for final in (wrapped(errno.ENOSPC), InputError("cut off"), ValueError("x"), MemoryError()):
        assert "transient" not in failure("a", final)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        status(tmp_path / "none")
