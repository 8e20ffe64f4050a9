"""The door for Python users: what ``import hie_cli`` offers, and how lightly."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hie_cli
from hie_cli.core.errors import HieError
from hie_cli.core.types import People, VideoInfo
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.writer import DocumentWriter
from tests.support.paths import ROOT

PACKAGE = ROOT / "hie_cli"
FUNCTIONS = [name for name in hie_cli.__all__ if inspect.isfunction(getattr(hie_cli, name))]


def test_import_is_light():
    """Nothing of the package but itself, nothing slow, and well under .15 s."""
    code = (
        "import sys, time; start = time.perf_counter(); import hie_cli;"
        "print(time.perf_counter() - start,"
        " *[m for m in sys.modules if m in ('torch', 'numpy', 'cv2', 'typer')"
        " or m.startswith('hie_cli.')])"
    )
    done = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
        ).stdout.split()
        for _ in range(3)
    ]
    assert all(len(line) == 1 for line in done), done
    assert min(float(line[0]) for line in done) < 0.15


def test_every_name_has_one_home():
    """What type checkers see, what is imported on use, and what ``*`` gives are the same names."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    typed = {
        alias.name: node.module.removeprefix("hie_cli.")
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == hie_cli._HOMES
    assert sorted(typed) == sorted(hie_cli.__all__)
    with pytest.raises(AttributeError, match="no attribute 'detekt'"):
        hie_cli.detekt  # noqa: B018 # the lookup is the test


def test_no_function_shares_a_name_with_a_subpackage():
    """After importing every module a function must still be one."""
    for module in pkgutil.walk_packages([str(PACKAGE)], "hie_cli."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    rooms = {module.name for module in pkgutil.iter_modules([str(PACKAGE)])}
    assert not rooms & set(hie_cli.__all__)
    for name in hie_cli.__all__:
        assert name == "__version__" or callable(getattr(hie_cli, name)), name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_documented_and_typed(name):
    function = getattr(hie_cli, name)
    assert len(inspect.getdoc(function).splitlines()) > 2
    signature = inspect.signature(function)
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in signature.parameters.values():
        assert parameter.annotation is not inspect.Parameter.empty, parameter


STREAMS = ("stdout", "stderr", "stdin")


def prints(path: Path) -> list[str]:
    """Where a file prints or reaches for the standard streams."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found += [f"line {node.lineno}: {node.func.id}"] * (node.func.id in ("print", "input"))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "sys":
            found += [f"line {node.lineno}: {node.attr}"] * (node.attr in STREAMS)
    return found


# What the command line switches on, the command line itself, and processes of hie's own: a child
# whose streams are pipes to its parent, and workers, which flush theirs before they leave.
SPEAKS = {
    "core/progress_display.py",
    "__main__.py",
    "models/trial.py",
    "pipeline/executors/local.py",
}


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] != "cli"
        and str(path.relative_to(PACKAGE)) not in SPEAKS
    ],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_the_library_prints_nowhere(path):
    assert prints(path) == []


def test_drawing_leaves_the_image_alone():
    image = np.zeros((100, 100, 3), np.uint8)
    people = People.from_arrays([[10, 10, 60, 90]], track_ids=[3])
    drawn = hie_cli.draw(image, people)
    assert not image.any()
    assert drawn[10:90, 10].any(), "the box's left side"
    plain = {"render.show": [], "render.legend": False}
    assert not hie_cli.draw(image, people, set=plain).any()
    with pytest.raises(hie_cli.ConfigError, match=r"unknown key 'render\.shw'; did you mean"):
        hie_cli.draw(image, people, set={"render.shw": ["boxes"]})


def test_convert_read_and_write(tmp_path):
    """Two frames of HiEve's text; MOTChallenge counts from 1."""
    (tmp_path / "20.txt").write_text("0,7,10,20,5,8,1,-1,-1,-1\n2,7,11,20,5,8,0,-1,-1,-1\n")
    sequence = hie_cli.read(tmp_path / "20.txt")
    assert (sequence.name, sequence.num_frames) == ("20", 3)
    written = hie_cli.write(sequence, tmp_path / "mot", layout="mot")
    text = (tmp_path / "mot" / "20" / "gt" / "gt.txt").read_text()
    assert text.startswith("1,7,10,20,5,8,1,")
    assert written.files
    done = hie_cli.convert([tmp_path / "20.txt"], tmp_path / "a", to="annolist")
    assert dict(done.lost) == {"ignored people": 1}


def test_what_is_read_can_be_tracked(tmp_path):
    """A walker keeps one identity; where a file does not say the video's size, the user does."""
    rows = [f"{t + 1},-1,{10 + 5 * t},20,50,100,.9,-1,-1,-1" for t in range(20)]
    (tmp_path / "20.txt").write_text("\n".join(rows))
    sequence = hie_cli.read(tmp_path / "20.txt", layout="mot")
    with pytest.raises(HieError, match="give video="):
        list(hie_cli.track(sequence))
    frames = list(hie_cli.track(sequence, video=VideoInfo("20", 640, 480, 10.0, 20)))
    assert [frame.index for frame in frames] == list(range(20))
    assert len({int(i) for frame in frames for i in frame.people.track_ids}) == 1
    again = list(hie_cli.track(replace(sequence, width=640, height=480, fps=10.0)))
    assert all(frame.video.width == 640 for frame in again)


def test_evaluate(tmp_path):
    """One person in two frames, missed in the second: MOTA = 1 - (1 + 0 + 0) / 2."""
    (tmp_path / "gt.txt").write_text("0,1,10,20,50,80,1,-1,-1,-1\n1,1,10,20,50,80,1,-1,-1,-1\n")
    (tmp_path / "out.txt").write_text("0,1,10,20,50,80,0.9,-1,-1,-1\n")
    report = hie_cli.evaluate(tmp_path / "out.txt", tmp_path / "gt.txt", track=1)
    assert report.pooled["MOTA"] == 1 - (1 + 0 + 0) / 2
    assert report.pooled["FN"] == 1
    assert report.table().startswith("Track 1")
    assert set(report.tracks) == {"1"}
    with pytest.raises(KeyError, match=r"MOTTA: no such figure; known are .*MOTA"):
        report.pooled["MOTTA"]


def test_a_figure_of_two_tracks_names_them(tmp_path):
    text = "0,1,10,20,50,80,1,-1,-1,-1\n"
    (tmp_path / "gt.txt").write_text(text)
    report = hie_cli.evaluate(tmp_path / "gt.txt", tmp_path / "gt.txt")
    assert {"detection", "1"} <= set(report.tracks)
    both = set(report.tracks["1"].pooled.counts) & set(report.tracks["detection"].pooled.counts)
    for name in both:
        with pytest.raises(KeyError, match=rf"{name}: several tracks have it"):
            report.pooled[name]


def test_submit(tmp_path):
    (tmp_path / "20.txt").write_text("0,0,1,1,5,5,0.5,-1,-1,-1\n")
    done = hie_cli.submit(tmp_path / "20.txt", tmp_path / "s.zip", track=1, sequences="20")
    assert (done.path, done.sequences, done.problems) == (tmp_path / "s.zip", ("20",), ())
    checked = hie_cli.check_submission(tmp_path / "s.zip", track=1, sequences="20,21")
    assert checked.problems == ("sequence 21 is missing",)


def test_simulate(tmp_path, capfd):
    small = {"people": 2, "frames": 3, "width": 64, "height": 64, "pillars": 0}
    [made] = hie_cli.simulate(tmp_path, seed=5, set=small, video=False)
    assert made.observations.is_file()
    assert (made.frames, made.video) == (3, None)
    with pytest.raises(hie_cli.ConfigError, match="already there"):
        hie_cli.simulate(tmp_path, seed=5, set=small, video=False)
    assert capfd.readouterr() == ("", "")


def test_what_concerns_files_alone_is_refused_without_them():
    with pytest.raises(hie_cli.ConfigError, match="concern files; give output"):
        hie_cli.run("none.mp4", overwrite=True)
    with pytest.raises(hie_cli.ConfigError, match="contradict each other"):
        hie_cli.run("none.mp4", output="out", overwrite=True, resume=True)
    with pytest.raises(hie_cli.InputError, match=r"give|no such file"):
        next(hie_cli.run("none.mp4", preset="fast"))
    with pytest.raises(hie_cli.ConfigError, match="--preset fats: unknown; did you mean 'fast'"):
        hie_cli.run("none.mp4", preset="fats")


def test_one_picture_needs_its_people():
    with pytest.raises(hie_cli.InputError, match=r"pose\(image, people\)"):
        hie_cli.pose(np.zeros((10, 10, 3), np.uint8))
    with pytest.raises(hie_cli.InputError, match=r"shape \(10, 10\) uint8; expected \(H, W, 3\)"):
        hie_cli.draw(np.zeros((10, 10), np.uint8), People.empty())


def test_render(make_video, tmp_path):
    """A document over its video: the overlay and the contact sheet, never over existing ones."""
    clip = make_video(frames=4)
    document = tmp_path / "tiny.json"
    header = Header("detect", hie_cli.VideoInfo("tiny", 64, 48, 10.0, 4))
    with DocumentWriter(document, header) as writer:
        for index in range(4):
            writer.write(hie_cli.FramePeople(index, People.from_arrays([[5, 5, 30, 40]])))
    files = hie_cli.render(document, video=clip, output=tmp_path / "out")
    assert [path.name for path in files] == ["tiny.mp4", "tiny.png"]
    assert all(path.stat().st_size for path in files)
    with pytest.raises(hie_cli.ConfigError, match="exists already"):
        hie_cli.render(document, video=clip, output=tmp_path / "out")
