"""A batch whose videos and results lie on an S3 server, here one of this machine."""

import json
import os
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("s3fs", reason="needs s3fs: pip install 'hie[cloud]'")
pytest.importorskip("moto", reason="needs moto")

import requests
import s3fs

import hie_cli
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.pipeline import job as jobs
from hie_cli.pipeline.output import output_dir
from hie_cli.pipeline.status import status
from hie_cli.storage import objects
from tests.support import s3
from tests.support.batches import run_on_cpu
from tests.support.films import one_square, write_film

OUT = "s3://videos/out"
TEMPORARY = tempfile.gettempdir()  # before a test has another one


@pytest.fixture(scope="module")
def port():
    with s3.server() as port:
        yield port


@pytest.fixture
def clips(tmp_path) -> Path:
    """Three films of six frames, with a square that moves."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for number, name in enumerate("abc"):
        images = (one_square(10 + 2 * t + number) for t in range(6))
        write_film(folder / f"{name}.avi", images)
    return folder


@pytest.fixture
def bucket(port, clips, tmp_path, monkeypatch):
    """``s3://videos/clips`` with the films; the work folder is beneath ``tmp_path/work``."""
    for name, value in s3.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    (tmp_path / "work").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "work"))
    requests.post(f"http://127.0.0.1:{port}/moto-api/reset", timeout=10)
    client = s3.client(port)
    client.create_bucket(Bucket="videos")
    for path in clips.glob("*.avi"):
        client.upload_file(str(path), "videos", f"clips/{path.name}")
    s3.forget_connections()
    yield client
    s3.forget_connections()


def run(*videos: str, out: str | Path = OUT, until: str = "track", **batch) -> list[dict]:
    resume = batch.pop("resume", False) or batch.get("retry_failed", False)
    where = output_dir(out, batch.pop("overwrite", False), resume, stored=True)
    return run_on_cpu(videos, where, until, **batch)


def stored(client) -> dict[str, bytes]:
    """Documents in the bucket's ``out``, by name."""
    found = client.list_objects_v2(Bucket="videos", Prefix="out/").get("Contents", [])
    keys = [each["Key"] for each in found if not each["Key"].startswith("out/runs/")]
    return {
        key.removeprefix("out/"): client.get_object(Bucket="videos", Key=key)["Body"].read()
        for key in keys
        if key != "out/summary.json"
    }


def states(*videos: str) -> dict[str, str]:
    return {each.name: each.state for each in status(OUT, videos)}


def test_documents_are_the_same_bytes_as_of_files(bucket, clips, tmp_path, squares):
    records = run("s3://videos/clips/*.avi", table=True)
    assert [record["status"] for record in records] == ["ok"] * 3
    assert records[0]["files"][0] == f"{OUT}/detect/a.json"
    run(str(clips), out=tmp_path / "here", table=True)
    here = {
        str(path.relative_to(tmp_path / "here")): path.read_bytes()
        for path in (tmp_path / "here").rglob("*")
        if path.is_file() and path.parent.name != "runs" and path.name != "summary.json"
    }
    assert stored(bucket) == here
    assert len(here) == 3 * 4  # detect, pose, track and the table of people
    assert states() == {"a": "done", "b": "done", "c": "done"}
    summary = json.loads(bucket.get_object(Bucket="videos", Key="out/summary.json")["Body"].read())
    assert summary["videos"] == records
    assert list((tmp_path / "work").iterdir()) == []


def test_videos_of_files_go_to_an_address_and_the_other_way_round(bucket, clips, tmp_path, squares):
    run(str(clips / "a.avi"))
    (record,) = run("s3://videos/clips/a.avi", out=tmp_path / "here")
    assert (tmp_path / "here" / "track" / "a.json").read_bytes() == stored(bucket)["track/a.json"]
    assert record["files"] == [
        str(tmp_path / "here" / s / "a.json") for s in ("detect", "pose", "track")
    ]
    assert not (tmp_path / "here" / ".fetched").exists()
    before = squares.detectors[0].calls
    (again,) = run("s3://videos/clips/a.avi", out=tmp_path / "here", resume=True)
    assert again == record | {"kept": True}
    assert squares.detectors[0].calls == before


def test_a_list_may_hold_addresses_and_paths(bucket, clips, tmp_path, squares):
    (tmp_path / "videos.csv").write_text(
        f"video,frames\ns3://videos/clips/a.avi,:3\nclips/b.avi,\nfile://{clips}/c.avi,\n"
    )
    records = run(listed=tmp_path / "videos.csv", until="detect")
    assert [(r["name"], r["frames"]) for r in records] == [("a", 3), ("b", 6), ("c", 6)]


def test_what_is_finished_is_not_run_again_unless_it_changed(bucket, clips, squares):
    first = run("s3://videos/clips/*.avi")
    before, calls = stored(bucket), squares.detectors[0].calls
    with pytest.raises(ConfigError, match="exists already; --overwrite"):
        run("s3://videos/clips/*.avi")
    assert run("s3://videos/clips/*.avi", resume=True) == [r | {"kept": True} for r in first]
    assert squares.detectors[0].calls == calls
    bucket.upload_file(str(clips / "b.avi"), "videos", "clips/a.avi")
    bucket.delete_object(Bucket="videos", Key="out/pose/c.json")
    assert states("s3://videos/clips/") == {"a": "stale", "b": "done", "c": "stale"}
    again = run("s3://videos/clips/*.avi", resume=True)
    assert ["kept" in record for record in again] == [False, True, False]
    after = stored(bucket)
    assert {name for name in after if after[name] != before[name]} == {
        "detect/a.json", "pose/a.json", "track/a.json",
    }  # fmt: skip
    assert states("s3://videos/clips/") == {"a": "done", "b": "done", "c": "done"}


def test_a_later_stage_goes_on_from_what_is_published(bucket, squares):
    run("s3://videos/clips/a.avi", until="pose")
    calls = squares.detectors[0].calls
    (record,) = run("s3://videos/clips/a.avi", resume=True)
    assert (record["status"], squares.detectors[0].calls) == ("ok", calls)
    assert set(stored(bucket)) == {"detect/a.json", "pose/a.json", "track/a.json"}


def test_failures_are_told_with_their_address_and_run_again_alone(bucket, clips, squares):
    bucket.put_object(Bucket="videos", Key="clips/b.avi", Body=b"no video")
    records = run("s3://videos/clips/*.avi", "s3://videos/clips/none.mp4")
    assert [(r["status"], r.get("exit_code")) for r in records] == [
        ("ok", None), ("failed", 3), ("ok", None), ("failed", 3),
    ]  # fmt: skip
    assert records[1]["error"].startswith("s3://videos/clips/b.avi: ")
    found = {each.name: each for each in status(OUT)}
    assert (found["b"].state, found["b"].log) == ("failed", f"{OUT}/runs/b.log")
    assert found["none"].reason.startswith("s3://videos/clips/none.mp4: no such file")
    assert not [name for name in stored(bucket) if "b." in name]
    bucket.upload_file(str(clips / "b.avi"), "videos", "clips/b.avi")
    again = run("s3://videos/clips/*.avi", retry_failed=True)
    assert [(record["name"], record["status"]) for record in again] == [("b", "ok")]
    assert states() == {"a": "done", "b": "done", "c": "done", "none": "failed"}
    assert {each.name: each.log for each in status(OUT)}["b"] == ""


def test_a_run_whose_end_nobody_recorded(bucket, squares, monkeypatch):
    monkeypatch.setattr(jobs, "_run", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run("s3://videos/clips/a.avi")
    assert states("s3://videos/clips/a.avi", "s3://videos/clips/b.avi") == {
        "a": "running", "b": "waiting",
    }  # fmt: skip
    assert stored(bucket) == {}
    monkeypatch.undo()


def test_a_line_that_breaks_is_tried_again(bucket, port, clips, squares, monkeypatch):
    line = s3.Line(port, (clips / "a.avi").stat().st_size - 1000)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{line.port}")
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    s3.forget_connections()
    try:
        line.cuts = 1
        (record,) = run("s3://videos/clips/a.avi")
        assert (record["status"], line.broken) == ("ok", 1)
        line.cuts = 1000
        (record,) = run("s3://videos/clips/b.avi")
        assert (record["status"], record["exit_code"]) == ("failed", 1)
        assert "cannot be reached" in record["error"]
    finally:
        line.close()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    s3.forget_connections()
    assert "track/b.json" not in stored(bucket)
    assert states() == {"a": "done", "b": "failed"}


def test_lost_credentials_and_missing_buckets_are_one_line(bucket, port, squares, monkeypatch):
    with pytest.raises(ConfigError, match=r"s3://none/out.*no such file, folder or bucket"):
        run("s3://videos/clips/*.avi", out="s3://none/out")
    with pytest.raises(InputError, match=r"s3://none/\*\.avi: no such file, folder or bucket"):
        run("s3://none/*.avi")
    requests.post(f"http://127.0.0.1:{port}/moto-api/reset-auth", data=b"0", timeout=10)
    try:
        with pytest.raises(ConfigError, match="access refused"):
            run("s3://videos/clips/*.avi")
    finally:
        requests.post(f"http://127.0.0.1:{port}/moto-api/reset-auth", data=b"inf", timeout=10)


def test_credentials_that_are_lost_in_the_middle(bucket, port, squares, monkeypatch, capsys):
    """What was done stays; the others fail by themselves, and the table is told all the same."""
    from hie_cli.cli.app import run as hie

    whole = objects.fetch

    def fetch(address, path):
        whole(address, path)
        if address.endswith("clips/b.avi"):
            requests.post(f"http://127.0.0.1:{port}/moto-api/reset-auth", data=b"0", timeout=10)

    monkeypatch.setattr(objects, "fetch", fetch)
    try:
        with pytest.raises(ConfigError, match=r"summary.json: access refused"):
            hie(["run", "s3://videos/clips/*.avi", "-o", OUT, "--until", "pose", "-q"])
    finally:
        monkeypatch.setattr(objects, "fetch", whole)
        requests.post(f"http://127.0.0.1:{port}/moto-api/reset-auth", data=b"inf", timeout=10)
    told = capsys.readouterr()
    assert [line.split()[:2] for line in told.out.splitlines()[1:]] == [
        ["a", "ok"], ["b", "failed"], ["c", "failed"],
    ]  # fmt: skip
    assert told.err.count("access refused") == 2
    assert set(stored(bucket)) == {"detect/a.json", "pose/a.json"}
    assert states("s3://videos/clips/") == {"a": "done", "b": "running", "c": "waiting"}
    again = run("s3://videos/clips/*.avi", until="pose", resume=True)
    assert ["kept" in record for record in again] == [True, False, False]


def test_no_address_comes_out_of_a_cut_list(bucket, tmp_path, squares):
    cuts = tmp_path / "cuts.json"
    cuts.write_text('{"cuts": [{"video": "s3://videos/clips/a.avi", "frames": [0, 3]}]}')
    with pytest.raises(InputError, match="no such file"):
        hie_cli.run_batch(cuts=cuts, output=OUT)


def test_other_commands_take_no_addresses(bucket, tmp_path):
    with pytest.raises(ConfigError, match="hie run"):
        list(hie_cli.run("s3://videos/clips/a.avi", until="detect"))
    with pytest.raises(ConfigError, match="alone writes there"):
        output_dir("s3://videos/out", False, False)


def test_a_stage_command_fetches_too_and_leaves_nothing(bucket, tmp_path, squares, monkeypatch):
    from hie_cli.cli.app import run as hie

    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    out = tmp_path / "here"
    assert hie(["detect", "s3://videos/clips/a.avi", "-o", str(out), "-q"]) == 0
    assert [path.name for path in out.rglob("*") if path.is_file()] == ["a.json"]
    assert not list((tmp_path / "cwd").iterdir())
    with pytest.raises(InputError, match="nothing is there; give the -o"):
        status("s3://videos/nothing")


def test_nothing_of_it_is_loaded_at_start():
    import subprocess
    import sys

    code = "import sys, hie_cli.cli.run_cmd, hie_cli.pipeline.video_batch as _\n"
    code += "print([m for m in ('fsspec', 's3fs', 'aiohttp', 'botocore') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("engine", ["local", "ray"])
def test_workers_fetch_and_publish(bucket, squares, engine, monkeypatch):
    """By worker processes, with a network of the package; on Ray, too."""
    if engine == "ray":
        pytest.importorskip("ray")
        monkeypatch.setenv("HIE_RAY_TEMP", f"{TEMPORARY}/ray")
    records = hie_cli.run_batch(
        "s3://videos/clips/*.avi", output=OUT, until="detect", preset="fast", workers=2,
        engine=engine, frames=":2",
    )  # fmt: skip
    assert [record["status"] for record in records] == ["ok"] * 3, records
    assert set(stored(bucket)) == {"detect/a.json", "detect/b.json", "detect/c.json"}
    assert os.environ["AWS_ENDPOINT_URL"]
