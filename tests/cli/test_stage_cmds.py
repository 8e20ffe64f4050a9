"""The stage commands as a user calls them: exit codes, messages, files."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from hie_cli.formats.documents.document import Document
from tests.support.commands import hie, one_line, unfinished, write_tracks

RAFT = ["--set", "refine.flow.method=raft-small"]
WEIGHTS = ["--set", "refine.flow.weights=text.mp4"]


def test_help_and_version():
    assert "hie run crowd.mp4 -o out" in hie("--help").stdout
    assert hie("--version").stdout.startswith("hie 0.")


def test_unknown_command_and_option():
    assert hie("detekt").returncode == 2
    assert hie("detect", "a.mp4", "--colour").returncode == 2


def test_chain_on_the_real_clip(sample_clip, tmp_path):
    """Eight frames through the default chain: files, summary, and the same again stage by stage."""
    out, apart = tmp_path / "run", tmp_path / "apart"
    done = hie("run", sample_clip, "-o", out, "--frames", "0:8", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary == json.loads((out / "summary.json").read_text())
    [video] = summary["videos"]
    assert (video["name"], video["status"], video["frames"]) == ("pets09-sample", "ok", 8)
    # Six to eight people walk in these frames.
    assert 5 * 8 <= video["people"] <= 10 * 8
    assert (out / "render" / "pets09-sample.mp4").stat().st_size > 10_000
    assert (out / "render" / "pets09-sample.png").stat().st_size > 10_000

    name = "pets09-sample.json"
    assert hie("detect", sample_clip, "-o", apart, "--frames", "0:8").returncode == 0
    for before, stage in (("detect", "pose"), ("pose", "track"), ("track", "action")):
        video_of = [] if stage == "action" else ["--video", sample_clip]
        done = hie(stage, apart / before / name, *video_of, "-o", apart)
        assert done.returncode == 0, done.stderr
    for stage in ("detect", "pose", "track", "action"):
        assert (out / stage / name).read_bytes() == (apart / stage / name).read_bytes(), stage


def test_existing_results_are_refused_and_then_overwritten(tmp_path):
    document = write_tracks(tmp_path / "in" / "walk.json")
    assert hie("action", document, "-o", tmp_path).returncode == 0
    line = one_line(hie("action", document, "-o", tmp_path), 2)
    assert "walk.json: exists already; --overwrite replaces it" in line
    assert hie("action", document, "-o", tmp_path, "--overwrite").returncode == 0


def test_track_without_pixels(tmp_path):
    document = write_tracks(tmp_path / "in" / "walk.json")
    done = hie("track", document, "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    ids = [item.people.track_ids.tolist() for item in Document(tmp_path / "track" / "walk.json")]
    assert ids == [[1]] * 30


def test_action_document_scores_sampled_frames(tmp_path):
    document = write_tracks(tmp_path / "in" / "walk.json")
    assert hie("action", document, "-o", tmp_path, "--set", "action.every=10").returncode == 0
    for item in Document(tmp_path / "action" / "walk.json"):
        scores = item.people.action_scores
        assert (scores is not None) == (item.index % 10 == 0)
        if scores is not None:
            assert scores[0].argmax() == 0  # walking-alone


def test_action_explains_one_identity_and_writes_nothing(tmp_path):
    document = write_tracks(tmp_path / "in" / "walk.json")
    done = hie("action", document, "-o", tmp_path / "out", "--explain", "0")
    assert done.returncode == 0, done.stderr
    assert "frame 20: walking-alone" in done.stdout
    assert not (tmp_path / "out").exists()
    line = one_line(hie("action", document, "-o", tmp_path / "out", "--explain", "7"), 3)
    assert "no sampled frame shows identity 7" in line


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["detect", "none.mp4"], 3, "none.mp4: no such file"),
        (["detect", "empty.mp4"], 3, "empty.mp4: empty file"),
        (["detect", "text.mp4"], 3, "text.mp4: not a video that can be decoded"),
        (["run", "empty.mp4", "--until", "poze"], 2, "unknown stage; did you mean 'pose'?"),
        (["run", "empty.mp4", "--preset", "quick"], 2, "--preset quick: unknown"),
        (["run", "empty.mp4", "--set", "poze.batch=1"], 2, "unknown key 'poze'; did you mean"),
        (["run", "empty.mp4", "--set", "track"], 2, "expected KEY=VALUE"),
        (["run", "empty.mp4", "--frames", "9"], 2, "--frames 9: expected FIRST:END:STRIDE"),
        (["run", "empty.mp4", "-c", "bad.yaml"], 2, "line 2: unknown key 'detect.modles'"),
        (["run", "empty.mp4", "-o", "text.mp4"], 2, "text.mp4: is a file; give a folder"),
        (["run", "empty.mp4", "--resume", "--overwrite"], 2, "contradict"),
        (["detect", "text.mp4", "-m", "nanodett"], 4, "nanodett"),
        (["detect", "text.mp4", "--device", "tpu"], 2, "tpu"),
        (["pose", "walk.json", "--refine", "flwo"], 2, "'flwo' is not one of flow, one-euro"),
        (["run", "empty.mp4", *RAFT], 4, "raft-small needs weights"),
        (["pose", "walk.json", *RAFT, *WEIGHTS], 4, "text.mp4: cannot be read"),
        (["pose", "walk.json"], 2, "walk.json: needs its video; give it with --video"),
        (["pose", "broken.json", "--video", "text.mp4"], 3, "broken.json: line 1 column"),
        (["track", "walk.json", "--appearance", "nobody"], 4, "nobody"),
        (["track", "walk.json", "--appearance", "nanodet"], 2, "needs pixels; give --video"),
        (["action", "cut.json"], 3, "cut.json: ends early"),
        (["action", "boxes.json"], 3, "frame 0: people have no track_id; run hie track first"),
        (["action", "reversed.json"], 3, "frame 0: person 0 has x2 < x1"),
        (["action", "nan.json"], 3, "nan.json: line 2"),
        (["action", "version.json"], 3, "format version 99"),
        (["action", "walk.json", "-m", "psychic"], 4, "psychic"),
    ],
)  # fmt: skip
def test_wrong_input_is_one_line_with_the_documented_code(
    arguments, code, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("empty.mp4").touch()
    Path("text.mp4").write_text("no video " * 100)
    Path("bad.yaml").write_text("detect:\n  modles: [nanodet]\n")
    Path("broken.json").write_text("{broken")
    text = write_tracks(tmp_path / "walk.json").read_text()
    Path("cut.json").write_text(text[: len(text) // 2].rsplit("\n", 1)[0] + "\n")
    Path("boxes.json").write_text(
        text.replace('"track_id":[0],', "").replace(',"track_id":[0]', "")
    )
    Path("reversed.json").write_text(text.replace('"x1":[10]', '"x1":[99]', 1))
    Path("nan.json").write_text(text.replace('"x1":[10]', '"x1":[NaN]', 1))
    Path("version.json").write_text(text.replace('"format_version":1', '"format_version":99'))
    place = [] if "-o" in arguments else ["-o", "out"]
    assert message in one_line(hie(*arguments, *place), code)
    assert not list(Path().glob("out/*/*.json"))


def test_a_failed_run_prints_no_tables(tmp_path):
    (tmp_path / "bad.mp4").write_text("no video")
    done = hie("run", tmp_path / "bad.mp4", "-o", tmp_path, "--profile")
    assert "bad.mp4: not a video" in one_line(done, 3)
    assert done.stdout == ""


def test_one_failing_video_does_not_stop_the_others(sample_clip, tmp_path):
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video")
    gone = tmp_path / "gone.mp4"
    done = hie("detect", bad, gone, sample_clip, "-o", tmp_path, "--frames", "0:2", "--json")
    assert done.returncode == 1
    records = {r["name"]: r for r in json.loads(done.stdout)["videos"]}
    assert records["bad"]["status"] == "failed"
    assert records["bad"]["exit_code"] == 3
    assert "no such file" in records["gone"]["error"]
    assert records["pets09-sample"]["status"] == "ok"
    assert (tmp_path / "detect" / "pets09-sample.json").exists()


def listening(command: list[str]) -> subprocess.Popen[str]:
    """A process that hears Ctrl-C, also where the tests run in the background (ignored there)."""
    return subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def test_interrupt_and_resume(sample_clip, tmp_path):
    """Ctrl-C in the middle: exit code 130, nothing published, and --resume ends the same."""
    whole = hie("detect", sample_clip, "-o", tmp_path / "whole", "--frames", "0:12")
    assert whole.returncode == 0, whole.stderr
    command = [sys.executable, "-m", "hie_cli", "detect", str(sample_clip)]
    place = ["-o", str(tmp_path / "cut"), "--frames", "0:12"]
    process = listening([*command, *place])
    deadline = time.monotonic() + 60
    while (
        time.monotonic() < deadline and process.poll() is None and not unfinished(tmp_path / "cut")
    ):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "interrupted; --resume continues" in errors
    assert not (tmp_path / "cut" / "detect" / "pets09-sample.json").exists()
    done = hie("detect", sample_clip, *place, "--resume")
    assert done.returncode == 0, done.stderr
    name = "detect/pets09-sample.json"
    assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_second_interrupt_leaves_at_once(sample_clip, tmp_path):
    command = [sys.executable, "-m", "hie_cli", "run", str(sample_clip), "-o", str(tmp_path)]
    process = listening(command)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not unfinished(tmp_path):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "interrupted; --resume continues" in errors
    assert "Traceback" not in errors


def test_a_full_disk_is_named(tmp_path):
    document = write_tracks(tmp_path / "in" / "walk.json")
    command = ["sh", "-c", 'ulimit -f 1 && exec "$@"', "sh", sys.executable, "-m", "hie_cli"]
    done = subprocess.run(
        [*command, "track", str(document), "-o", str(tmp_path)],
        capture_output=True, text=True,
    )  # fmt: skip
    line = one_line(done, 2)
    assert "walk.json: cannot be written (File too large)" in line
    assert not (tmp_path / "track" / "walk.json").exists()


def test_unwritable_output(tmp_path):
    document = write_tracks(tmp_path / "in" / "walk.json")
    (tmp_path / "track").write_text("in the way")
    assert "cannot be written" in one_line(hie("track", document, "-o", tmp_path), 2)


def test_stills_are_documents_of_their_own(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, size in (("a.jpg", (64, 48)), ("b.png", (80, 120))):
        cv2.imwrite(str(folder / name), np.full((size[1], size[0], 3), 90, np.uint8))
    out = tmp_path / "out"
    done = hie("run", folder, "-o", out, "--stills", "-q")
    assert done.returncode == 0, done.stderr
    written = sorted(p.relative_to(out).as_posix() for p in out.rglob("*.json"))
    assert written == [
        "detect/a.json", "detect/b.json", "pose/a.json", "pose/b.json", "runs/a.json",
            "runs/b.json", "summary.json",
    ]  # fmt: skip
    refused = hie("run", folder, "-o", out, "--stills", "--until", "track")
    assert "single images have no tracks" in one_line(refused, 2)
