import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from hie_cli.cli.convert_cmd import convert, parse_size
from hie_cli.core.errors import ConfigError, HieError, InputError
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Document, Header
from hie_cli.formats.documents.writer import DocumentWriter

APP = typer.Typer()
APP.command()(convert)
ROWS = "0,7,10,20,5,8,1,-1,-1,-1\n2,7,11,20,5,8,0,-1,-1,-1\n"


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(APP, [str(a) for a in arguments])
    if isinstance(result.exception, HieError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def track1(tmp_path: Path) -> Path:
    path = tmp_path / "20.txt"
    path.write_text(ROWS)
    return path


def test_frames_shift_at_the_door(track1: Path, tmp_path: Path) -> None:
    """HiEve's frame 0 is MOTChallenge's 1, and back."""
    printed = run(track1, "--to", "mot", "-o", tmp_path / "mot")
    gt = tmp_path / "mot" / "20" / "gt" / "gt.txt"
    assert str(gt) in printed
    assert gt.read_text() == "1,7,10,20,5,8,1,-1,-1,-1\n3,7,11,20,5,8,0,-1,-1,-1\n"
    run(tmp_path / "mot", "--to", "track1", "-o", tmp_path / "back.txt")
    assert (tmp_path / "back.txt").read_text() == ROWS


def test_says_what_the_target_cannot_hold(track1: Path, tmp_path: Path) -> None:
    """2 boxes, 1 of them ignored; COCO keeps that, an annolist does not."""
    report = json.loads(run(track1, "--to", "annolist", "-o", tmp_path / "a", "--json"))
    assert report["lost"] == {"ignored people": 1}
    assert report["files"] == [str(tmp_path / "a" / "20.json")]
    report = json.loads(run(track1, "--to", "coco", "-o", tmp_path / "c", "--json"))
    assert report["lost"] == {}


def test_a_documents_camera_is_kept(tmp_path: Path) -> None:
    turn = np.array([[1.0, 0, -4.5], [0, 1, 3], [0, 0, 1]])
    header = Header("track", VideoInfo("v", 640, 480, 25.0, 3))
    with DocumentWriter(tmp_path / "v.json", header) as writer:
        for index, camera in enumerate((None, turn, None)):
            writer.write(FramePeople(index, People.empty(), camera=camera))
    run(tmp_path / "v.json", "--to", "document", "-o", tmp_path / "copy")
    copied = list(Document(tmp_path / "copy" / "v.json"))
    assert [item.camera is None for item in copied] == [True, False, True]
    assert copied[1].camera.tolist() == turn.tolist()
    report = json.loads(run(tmp_path / "v.json", "--to", "mot", "-o", tmp_path / "m", "--json"))
    assert report["lost"]["camera motions"] == 1


def test_notes_go_to_stderr(track1: Path, tmp_path: Path) -> None:
    arguments = [str(track1), "--to", "annolist", "-o", str(tmp_path / "a")]
    result = CliRunner().invoke(APP, arguments)
    assert "annolist cannot hold: 1 ignored people" in result.stderr
    assert "cannot hold" not in result.stdout
    result = CliRunner().invoke(APP, [*arguments, "--overwrite", "--quiet"])
    assert result.stderr == ""


def test_results_or_truth_by_their_scores(tmp_path: Path) -> None:
    path = tmp_path / "20.txt"
    path.write_text("0,7,10,20,5,8,0.5,-1,-1,-1\n")
    run(path, "--to", "mot", "-o", tmp_path / "results")
    assert (tmp_path / "results" / "20.txt").read_text() == "1,7,10,20,5,8,0.5,-1,-1,-1\n"
    run(path, "--to", "mot", "-o", tmp_path / "truth", "--truth")
    assert "1,7,10,20,5,8,1," in (tmp_path / "truth" / "20" / "gt" / "gt.txt").read_text()


def test_document_needs_size_and_rate(track1: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(ConfigError, match=r"image size is not stated, .*; add --size"):
        run(track1, "--to", "document", "-o", out)
    with pytest.raises(ConfigError, match="frame rate is not known; add --fps"):
        run(track1, "--to", "document", "-o", out, "--size", "640x480")
    run(track1, "--to", "document", "-o", out, "--size", "640x480", "--fps", "25")
    head = json.loads((out / "20.json").read_text())["hie"]
    assert head["stage"] == "track"
    assert head["video"] == {
        "name": "20",
        "width": 640,
        "height": 480,
        "fps": 25.0,
        "num_frames": 3,
    }


def test_existing_files_are_kept(track1: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    out.write_text("yesterday")
    with pytest.raises(ConfigError, match="exists already; remove it or add --overwrite"):
        run(track1, "--to", "track1", "-o", out)
    assert out.read_text() == "yesterday"
    run(track1, "--to", "track1", "-o", out, "--overwrite")
    assert out.read_text() == ROWS


def test_many_sequences(track1: Path, tmp_path: Path) -> None:
    other = tmp_path / "21.txt"
    other.write_text(ROWS)
    run(track1, other, "--to", "csv", "-o", tmp_path / "all.csv")
    lines = (tmp_path / "all.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["sequence", *["20"] * 3, *["21"] * 3]
    with pytest.raises(ConfigError, match="one sequence a file; give a folder instead"):
        run(track1, other, "--to", "track1", "-o", tmp_path / "all.txt")
    with pytest.raises(InputError, match="'20' occurs in two sources"):
        run(track1, track1, "--to", "track1", "-o", tmp_path / "x")


def test_wrong_usage(track1: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"layout 'moth' is none of .*did you mean 'mot'"):
        run(track1, "--to", "moth", "-o", tmp_path)
    with pytest.raises(ConfigError, match="--fps 0: expected a rate above 0"):
        run(track1, "--to", "mot", "-o", tmp_path, "--fps", "0")
    with pytest.raises(ConfigError, match="layout 'moth' is none of"):
        run(track1, "--to", "mot", "-o", tmp_path, "--from", "moth")
    with pytest.raises(ConfigError, match="expected WIDTHxHEIGHT"):
        parse_size("640")
    assert parse_size("640x480") == (640, 480)


def test_a_name_inside_the_data_cannot_lead_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("sequence,frame,x1,y1,x2,y2\n../../evil,0,1,1,2,2\n")
    with pytest.raises(InputError, match=r"'\.\./\.\./evil' cannot name a file"):
        run(path, "--to", "annolist", "-o", tmp_path / "deep" / "out")
    assert not list(tmp_path.rglob("evil*"))


def test_help_is_light() -> None:
    """The command's help loads no network, science or plotting library, nor numpy."""
    code = (
        "import sys; from hie_cli.cli.convert_cmd import convert; "
        "from hie_cli.cli.submit_cmd import submit; "
        "print([m for m in ('torch', 'scipy', 'matplotlib', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_conversion_is_light(track1: Path, tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from hie_cli.cli.convert_cmd import convert; "
        f"convert([pathlib.Path({str(track1)!r})], 'csv', pathlib.Path({str(tmp_path)!r})); "
        "print([m for m in ('torch', 'scipy', 'matplotlib', 'cv2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
