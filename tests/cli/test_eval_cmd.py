"""``hie eval`` from the command line on small worlds written to disk."""

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

import hie_cli
from hie_cli.cli.eval_cmd import evaluate
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.writer import DocumentWriter
from tests.support.paths import ROOT

FRAMES = 21


def walk(seed, noise):
    """Two people with poses, ids and actions, drawn with ``noise`` px."""
    rng = np.random.default_rng(seed)
    for t in range(FRAMES):
        left = np.array([0.0, 120.0]) + 2 * t
        boxes = np.stack([left, np.full(2, 10.0), left + 30, np.full(2, 90.0)], 1)
        pose = boxes[:, None, :2] + np.linspace(0, 1, 14)[:, None] * (30.0, 80.0)
        yield FramePeople(
            t,
            People(
                boxes + rng.normal(0, 0.4 * noise, boxes.shape),
                rng.uniform(0.5, 1, 2),
                np.array([1, 2]),
                pose + rng.normal(0, noise, pose.shape),
                rng.uniform(0.5, 1, (2, 14)),
                np.eye(14)[[0, 10]],
            ),
        )


def write(folder, noise, names=("20", "21")):
    folder.mkdir()
    for seed, name in enumerate(names):
        header = Header("action", VideoInfo(name, 400, 100, 25.0, FRAMES))
        with DocumentWriter(folder / f"{name}.json", header) as writer:
            for item in walk(seed, noise):
                writer.write(item)
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("eval")
    write(root / "gt", 0.0)
    write(root / "good", 1.0)
    write(root / "bad", 8.0)
    write(root / "part", 1.0, names=("20",))
    return root


def hie_eval(*arguments):
    """The command's result; expected errors are in ``result.exception``."""
    app = typer.Typer()
    app.command()(evaluate)
    return CliRunner().invoke(app, [str(a) for a in arguments])


def output(*arguments):
    result = hie_eval(*arguments)
    assert result.exception is None, result.exception
    return result.stdout


def test_table_of_all_tracks(place):
    text = output(place / "good", "--truth", place / "gt")
    for title in ("Detection: boxes", "Track 1:", "Track 2:", "Track 3:", "Track 4:"):
        assert title in text
    assert "\n20 " in text
    assert "\nmean " in text
    assert "\npooled " in text
    assert "left_ankle" in text
    assert "w_AP, not official: AP of frames weighted by w_t = 2*exp(CI_t) + 1*N_t" in text


@pytest.mark.parametrize("engine", [[], ["--workers", "2"]])
def test_what_cannot_be_read_is_told_and_the_others_are_scored(tmp_path, engine):
    names = ("20", "21", "22")
    write(tmp_path / "gt", 0.0, names)
    write(tmp_path / "found", 1.0, names)
    for name in ("20", "22"):
        path = tmp_path / "found" / f"{name}.json"
        place = '"x1":[' if name == "20" else '"hie":'  # in a frame, or in the header
        path.write_text(path.read_text().replace(place, place + '"', 1))
    result = hie_eval(tmp_path / "found", "--truth", tmp_path / "gt", "--json", *engine)
    assert result.exit_code == 3
    report = json.loads(result.stdout)
    assert list(report["tracks"]["1"]["sequences"]) == ["21"]
    assert [failed["sequence"] for failed in report["failures"]] == ["20", "22"]
    told = [line for line in result.stderr.splitlines() if line.startswith("hie: ")]
    assert len(told) == 2
    for name, line in zip(("20", "22"), told, strict=True):
        assert f"{name}.json" in line
    with pytest.raises(InputError, match=r"20\.json"):
        hie_cli.evaluate(tmp_path / "found", tmp_path / "gt")
    with pytest.raises(ConfigError, match="errors='drop'"):
        hie_cli.evaluate(tmp_path / "found", tmp_path / "gt", errors="drop")


def test_nothing_that_can_be_read_has_no_table(tmp_path):
    write(tmp_path / "gt", 0.0)
    write(tmp_path / "found", 1.0)
    for path in (tmp_path / "found").iterdir():
        path.write_text(path.read_text()[:-40])
    result = hie_eval(tmp_path / "found", "--truth", tmp_path / "gt", "--html", tmp_path / "a.html")
    assert (result.exit_code, result.stdout) == (3, "")
    assert len([line for line in result.stderr.splitlines() if line.startswith("hie: ")]) == 2
    assert not (tmp_path / "a.html").exists()


def test_perfect_submission_zip(place, tmp_path):
    path = tmp_path / "submission.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for document in (place / "gt").iterdir():
            archive.write(document, document.name)
    record = json.loads(output(path, "--truth", place / "gt", "--json"))
    tracks = record["tracks"]
    assert tracks["1"]["pooled"]["MOTA"] == 1.0
    assert tracks["1"]["pooled"]["GT"] == 2 * FRAMES * 2
    assert tracks["2"]["mean"]["AP@avg"] == pytest.approx(1.0)
    assert tracks["3"]["pooled"]["MOTA"] == 1.0
    assert tracks["4"]["pooled"]["wf_mAP@avg"] == pytest.approx(1.0)
    assert list(tracks["1"]["sequences"]) == ["20", "21"]


def test_one_track_with_intervals(place):
    record = json.loads(
        output(
            place / "good", "--truth", place / "gt", "--track", "1", "--ci", "--json",
            "--set", "bootstrap.samples=20",
        )
    )  # fmt: skip
    assert list(record["tracks"]) == ["1"]
    low, high = record["tracks"]["1"]["ci"]["pooled"]["HOTA"]
    assert low <= record["tracks"]["1"]["pooled"]["HOTA"] <= high
    assert record["config"]["bootstrap"]["samples"] == 20


def test_intervals_need_two_sequences(place):
    result = hie_eval(
        place / "part" / "20.json", "--truth", place / "gt" / "20.json", "--track", "1", "--ci"
    )
    assert "no intervals" in result.stderr
    assert "CI" not in result.stdout


def test_two_single_files_need_no_common_name(place):
    text = output(place / "part" / "20.json", "--truth", place / "gt" / "21.json", "--track", "1")
    assert "\n21 " in text


def test_missing_sequences_are_an_error_or_a_note(place):
    result = hie_eval(place / "part", "--truth", place / "gt")
    assert isinstance(result.exception, InputError)
    assert "missing from the results: 21" in str(result.exception)
    kept = hie_eval(place / "part", "--truth", place / "gt", "--allow-missing", "--track", "1")
    assert kept.exit_code == 0
    assert "not scored, missing from the results: 21" in kept.stderr


@pytest.mark.parametrize("content", ["", "hello", "[1, 2]", '{"annolist": [', "{}"])
def test_a_file_that_is_no_results_is_told_and_the_others_scored(place, tmp_path, content):
    """The file is named, not only its sequence: "missing" would send the user looking for it."""
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "20.json").write_bytes((place / "part" / "20.json").read_bytes())
    (folder / "21.json").write_text(content)
    result = hie_eval(folder, "--truth", place / "gt", "--track", "1")
    assert result.exit_code == 3
    assert "21.json: " in result.stderr
    assert "missing" not in result.stderr
    assert "\n20 " in result.stdout


def test_truth_that_is_none_is_told(place, tmp_path):
    folder = tmp_path / "truth"
    folder.mkdir()
    (folder / "20.json").write_bytes((place / "gt" / "20.json").read_bytes())
    (folder / "21.json").write_text("hello")
    result = hie_eval(place / "good", "--truth", folder, "--track", "1")
    assert result.exit_code == 3
    assert "21.json: none of the known layouts" in result.stderr


def test_comparison(place):
    given = ("--compare", place / "good", place / "bad", "--truth", place / "gt")
    few = ("--set", "bootstrap.samples=20")
    text = output(*given, *few)
    line = next(row for row in text.splitlines() if row.startswith("IDF1 "))
    assert line.split()[-1] in ("A", "-")
    assert "left_wrist" in text
    assert "AP@avg/fighting" in text
    record = json.loads(output(*given, *few, "--json"))
    figures = record["comparison"]["2"]["figures"]
    assert figures["AP@avg"]["better"] == "A"
    assert figures["AP@avg"]["a_better"] == 1.0
    a, b = record["comparison"]["1"]["videos"]["21"]["MOTA"]
    assert a == record["a"]["tracks"]["1"]["sequences"]["21"]["MOTA"]
    assert b == record["b"]["tracks"]["1"]["sequences"]["21"]["MOTA"]


def test_csv_and_latex(place):
    lines = output(place / "good", "--truth", place / "gt", "--csv").splitlines()
    assert lines[0] == "track,sequence,figure,value,low,high,formula"
    weighted = next(line for line in lines if line.startswith("2,pooled,w_AP@avg,"))
    assert weighted.endswith(",AP of frames weighted by w_t = 2*exp(CI_t) + 1*N_t")
    assert next(line for line in lines if line.startswith("2,pooled,AP@avg,")).endswith(",,,")
    assert any(line.startswith("4,pooled,AP@0.5/fighting,1.0") for line in lines)
    assert r"\toprule" in output(place / "good", "--truth", place / "gt", "--latex")


def test_plots(place, tmp_path):
    folder = tmp_path / "figures"
    result = hie_eval(place / "bad", "--truth", place / "gt", "--plots", folder)
    assert result.exception is None
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "detection_pr.png", "track1_hota.png", "track1_ids_20.png", "track1_ids_21.png",
        "track2_pr.png", "track2_joints.png", "track3_hota.png", "track3_joints.png",
        "track4_pr.png", "track4_classes.png", "track4_confusion.png",
    }  # fmt: skip
    for path in folder.iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")
        assert f"wrote {path}" in result.stderr


def test_settings_from_file_options_and_set(place, tmp_path):
    settings = tmp_path / "eval.yaml"
    settings.write_text("pose:\n  alphas: [0.2]\n")
    record = json.loads(
        output(
            place / "good", "--truth", place / "gt", "--track", "2", "--json",
            "--config", settings, "--set", "box.gamma=3", "--compat", "poseval",
            "--ignore", "match",
        )
    )  # fmt: skip
    assert "AP@0.2" in record["tracks"]["2"]["pooled"]
    config = record["config"]
    assert (config["box"]["gamma"], config["compat"], config["ignore"]) == (3.0, "poseval", "match")


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (["good"], ConfigError, "--truth is missing"),
        (["--truth", "gt"], ConfigError, "either RESULTS or --compare"),
        (["good", "--compare", "good", "bad", "--truth", "gt"], ConfigError, "either RESULTS"),
        (["good", "--truth", "gt", "--json", "--csv"], ConfigError, "give one"),
        (["--compare", "good", "bad", "--truth", "gt", "--csv"], ConfigError, "drop the others"),
        (["--compare", "good", "bad", "--truth", "gt", "--plots", "x"], ConfigError, "drop it"),
        (["good", "--truth", "gt", "--latex", "--ci"], ConfigError, "no intervals"),
        (
            ["good", "--truth", "gt", "--track", "1", "--compat", "ava"],
            ConfigError,
            "concerns track 4 alone",
        ),
        (["good", "--truth", "gt", "--track", "5"], ConfigError, "unknown track"),
        (["good", "--truth", "gt", "--compat", "coco"], ConfigError, "not one of none, poseval"),
        (["good", "--truth", "gt", "--set", "pose.alfas=1"], ConfigError, "did you mean 'alphas'"),
        (["good", "--truth", "gt", "--set", "pose_track.alpha=1.5"], ConfigError, "in 0..1"),
        (["good", "--truth", "gt", "--set", "pose.alphas=[0.5,2]"], ConfigError, "in 0..1"),
        (["good", "--truth", "nowhere"], InputError, "nowhere"),
        (["nowhere", "--truth", "gt"], InputError, "nowhere"),
    ],
)
def test_wrong_usage_is_one_line(place, monkeypatch, arguments, error, text):
    monkeypatch.chdir(place)
    result = hie_eval(*arguments)
    assert isinstance(result.exception, error)
    assert text in str(result.exception)
    assert "\n" not in str(result.exception)


def test_broken_results_name_file_and_place(place, tmp_path):
    folder = write(tmp_path / "broken", 1.0)
    path = folder / "21.json"
    lines = path.read_text().splitlines()
    lines[5] = lines[5].replace('"x1":[', '"x1":["a",', 1)
    path.write_text("\n".join(lines))
    (told,) = [
        line for line in hie_eval(folder, "--truth", place / "gt").stderr.splitlines()
        if line.startswith("hie: ")
    ]  # fmt: skip
    assert "21.json" in told
    assert "frame 4" in told


def test_plots_folder_that_cannot_be_made(place, tmp_path):
    occupied = tmp_path / "file"
    occupied.write_text("")
    result = hie_eval(place / "good", "--truth", place / "gt", "--plots", occupied / "x")
    assert isinstance(result.exception, ConfigError)


def test_neither_torch_nor_matplotlib_is_imported(place):
    script = (
        "import sys; from pathlib import Path; from hie_cli.cli.eval_cmd import evaluate; "
        f"evaluate(Path({str(place / 'good')!r}), truth=Path({str(place / 'gt')!r})); "
        "heavy = {'torch', 'onnxruntime', 'matplotlib', 'cv2', 'pycocotools'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    root = ROOT
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=root, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_picture_is_written_whole_or_not_at_all(place, tmp_path, monkeypatch):
    """Of a picture that cannot be finished, yesterday's is left, and no part of a new one."""
    from matplotlib.figure import Figure

    folder = tmp_path / "figures"
    folder.mkdir()
    (folder / "detection_pr.png").write_bytes(b"yesterday")

    def full(self, file, **_):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", full)
    result = hie_eval(place / "good", "--truth", place / "gt", "--plots", folder)
    assert isinstance(result.exception, ConfigError)
    assert "cannot be written (No space left on device)" in str(result.exception)
    assert [p.name for p in folder.iterdir()] == ["detection_pr.png"]
    assert (folder / "detection_pr.png").read_bytes() == b"yesterday"


def test_names_in_csv_are_no_formulas(tmp_path):
    write(tmp_path / "gt", 0.0, names=("=1+1", "-x"))
    write(tmp_path / "out", 1.0, names=("=1+1", "-x"))
    rows = output(tmp_path / "out", "--truth", tmp_path / "gt", "--csv").splitlines()
    names = {row.split(",")[1] for row in rows[1:]}
    assert names == {"'=1+1", "'-x", "mean", "pooled"}


def test_verify_runs_the_references_beside_ours(place):
    done = hie_eval(place / "good", "--truth", place / "gt", "--verify")
    assert done.exit_code == 0, done.output
    assert "verified by pycocotools" in done.stdout
    assert "all are equal" in done.stdout
    record = json.loads(
        hie_eval(place / "good", "--truth", place / "gt", "--verify", "--json").stdout
    )
    assert record["verification"]["differences"] == []
    assert record["verification"]["figures"]["pycocotools"] >= 15


def test_verify_ends_with_1_on_a_difference(place, monkeypatch):
    from hie_cli.evaluation.verification import coco

    monkeypatch.setattr(coco, "_mean", lambda values: 0.123)
    done = hie_eval(place / "good", "--truth", place / "gt", "--verify")
    assert done.exit_code == 1
    assert "differ:" in done.stdout
    assert "0.123" in done.stdout


def test_one_document_and_one_truth_need_no_names(place, tmp_path):
    rows = [f"{t + 1},1,{2 * t},10,30,80,1" for t in range(FRAMES)]
    (tmp_path / "gt.txt").write_text("\n".join(rows))
    result = hie_eval(place / "part", "--truth", tmp_path / "gt.txt", "--track", "1")
    assert result.exception is None
    assert "the results of 20 are scored against the truth of" in result.stderr
    assert result.stdout.startswith("Track 1")


def test_a_name_cannot_drive_the_terminal_or_break_the_table(tmp_path):
    text = "0,1,10,20,50,80,1,-1,-1,-1\n"
    for folder in ("gt", "out"):
        (tmp_path / folder).mkdir()
        for name in ("a\nb", "c\x1b[31m"):
            (tmp_path / folder / f"{name}.txt").write_text(text)
    table = output(tmp_path / "out", "--truth", tmp_path / "gt", "--track", "1")
    assert "\x1b" not in table
    assert {r"a\nb", r"c\x1b[31m"} <= {line.split(" ")[0] for line in table.splitlines()}
