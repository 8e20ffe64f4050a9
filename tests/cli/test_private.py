"""No command opens a network connection or leaves a file outside the folders it was given."""

import hashlib
import os
import shutil
import subprocess
import sys

import pytest

from hie_cli.cli.app import build
from hie_cli.cli.commands import COMMANDS, PLUGINS
from hie_cli.models.weights import PACKAGED
from tests.support.paths import DATA, ROOT
from tests.support.stills import write_mix
from tests.support.summaries import made_dataset, tsv_of

# Loaded by the child's interpreter at its start: whatever would reach for the network is noted and
# refused.
GUARD = """
import os, sys

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        with open(os.environ["HIE_TEST_NOTES"], "a") as notes:
            print(event, arguments, file=notes)
        raise OSError("no network in this test")

sys.addaudithook(watch)
"""


@pytest.fixture
def hie(tmp_path):
    """``hie(*arguments)``: a command in an empty home, without network; checks what it left."""
    for name in ("guard", "home", "work", "temporary"):
        (tmp_path / name).mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")}
    environment = kept | {
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "temporary"),
        "PYTHONPATH": os.pathsep.join((str(tmp_path / "guard"), str(ROOT))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HIE_TEST_NOTES": str(tmp_path / "notes"),
        "HIE_MODELS": str(tmp_path / "work" / "out" / "models"),
    }

    def run(*arguments, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "hie_cli", *map(str, arguments)],
            cwd=tmp_path / "work", env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert not (tmp_path / "notes").exists(), (tmp_path / "notes").read_text()
        for place in ("home", "temporary", "work"):
            files = [p for p in (tmp_path / place).rglob("*") if not p.is_dir()]
            left = [p for p in files if "out" not in p.parts]
            assert not left, f"{arguments[0]} left {left[0]}"
        return done

    return run


def test_the_guard_itself_works(hie, tmp_path):
    """A look-up by any code of the child would be noticed."""
    code = "import socket; socket.getaddrinfo('example.invalid', 80)"
    environment = os.environ | {
        "PYTHONPATH": str(tmp_path / "guard"), "HIE_TEST_NOTES": str(tmp_path / "notes"),
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert done.returncode != 0
    assert "example.invalid" in (tmp_path / "notes").read_text()


FEW = ("--frames", ":3", "--set", "detect.models=[nanodet]", "--set", "detect.long_sides=[320]")
TINY = ("--set", "epochs=1", "--set", "side=64", "--set", "batch=2", "--set", "images=2")
# Files that the steps name: {clip}, {photos}, {weights} and {manifest}; {one} and {other} are the
# two crowds.
STEPS = """
run {clip} -o out/run --preset fast FEW
detect {clip} -o out/one --frames :3 --preset fast
pose out/one/detect -o out/one --video {clip}
track out/one/pose -o out/one --video {clip}
action out/one/track -o out/one
render out/one/action -o out/one --video {clip}
status out/run
report out/run -o out/report.html
analyse out/one -o out/analysis
convert out/one/track --to mot -o out/mot
simulate -n 2 -o out/sim --set people=3 --set frames=30 --no-video
submit out/sim/track -o out/submit.zip --sequences {one}:30,{other}:30
eval out/sim/track --truth out/sim/labels --plots out/plots
summary eval {features} --users {users}
summary agreement {users}
train summary {features} -o out/summarizer --set epochs=1 --set gda.width=8
summarize {clip} --documents out/one/action -o out/summary
data check {data} -o out/data
data show {data} -o out/data --count 2
train detect {data} -o out/detector TINY
export nanodet --onnx out/nanodet.onnx
train pose {data} -o out/joints --set epochs=1 --set batch=2 --set people=2 --set frozen=true
train action out/sim/track --truth out/sim/labels --val {one} -o out/model --set epochs=1
train fusion out/sim/track --truth out/sim/labels --val {one} -m kinematic -m out/model -o out/both
train hash {photos} -o out/hash --set epochs=1 --set bits=16
mine index {clip} -o out/index
mine search out/index --like {clip} --own -o out/found
mine dedupe out/index
benchmark {clip} --preset fast --frame-count 2 --no-loops --plot out/speed.png
models list
models show nanodet
models verify
models available
models import {weights} --manifest {manifest}
models calibrate mine --truth out/mot --video {clip} --frames 3
models benchmark nanodet --rounds 1
config show --of eval
config init -o out/hie.yaml
doctor -o out
"""
# One downloads, which from a folder needs no network; one serves a page to this machine.
NETWORK = {"models pull", "zones"}


def test_the_steps_know_every_command():
    build()
    named = [" ".join(step.split()[:2]) for step in STEPS.strip().splitlines()]
    assert {name if name in COMMANDS else name.split()[0] for name in named} | NETWORK == {
        name for name, item in COMMANDS.items() if item.panel != PLUGINS
    }


def test_every_command_keeps_to_its_folders(hie, sample_clip, tmp_path):
    """One after the other, for most take what another one made."""
    weights = PACKAGED / "nanodet.safetensors"
    manifest = tmp_path / "manifest.yaml"
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    manifest.write_text(f"name: mine\nlike: nanodet\nlicence: Apache-2.0\nsha256: {digest}\n")
    photos = tmp_path / "photos"
    for name in ("one", "two"):
        (photos / name).mkdir(parents=True)
        for number in range(2):
            shutil.copy(DATA / "parity" / "nanodet.png", photos / name / f"{number}.png")
    features = tmp_path / "features.h5"
    users = tsv_of(tmp_path / "users.tsv", made_dataset(features))
    known = {
        "clip": sample_clip, "weights": weights, "manifest": manifest, "photos": photos,
        "features": features, "users": users,
        "data": write_mix(tmp_path / "data", count=3, held=1), "FEW": "FEW", "TINY": "TINY",
    }  # fmt: skip
    for step in STEPS.strip().splitlines():
        crowds = sorted((tmp_path / "work" / "out" / "sim" / "track").glob("*.json"))
        if crowds:
            known["one"], known["other"] = (path.stem for path in crowds)
        words = [word.format(**known) for word in step.split()]
        hie(*(part for word in words for part in {"FEW": FEW, "TINY": TINY}.get(word, (word,))))
    hie("models", "pull", "rtmo-s", "--mirror", tmp_path / "home", code=4)
    hie("zones", "none.mp4", code=3)
