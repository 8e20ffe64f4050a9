"""From a catalogue's entry to a model in use, through a mirror."""

import dataclasses
import hashlib
import io
import json
import zipfile

import numpy as np
import pytest
from typer.testing import CliRunner

from hie_cli.cli.app import build
from hie_cli.core.errors import ConfigError, ModelError
from hie_cli.models import registry
from hie_cli.models.catalogue import archive, entries, pull
from hie_cli.models.catalogue.entries import Entry
from hie_cli.models.importing import picture
from tests.models.catalogue.server import serving
from tests.support import seeing_graphs
from tests.support.output_layouts import RAW, yolox

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def graph():
    return seeing_graphs.detector(RAW, yolox(False))


@pytest.fixture
def entry(graph, monkeypatch):
    """A catalogue of one entry, whose graph ``graph`` is."""
    one = Entry(
        name="mine", task="detect", summary="s", licence="MIT",
        address="https://example.invalid/models/mine.onnx", bytes=len(graph),
        sha256=hashlib.sha256(graph).hexdigest(), checked_by="publisher",
        manifest={"decoder": "yolox", "decoded": False},
    )  # fmt: skip
    monkeypatch.setattr(entries, "available", lambda: (one,))
    return one


def zipped(packing=zipfile.ZIP_STORED, **members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as out:
        for name, data in members.items():
            out.writestr(name.replace("__", "/").replace("_onnx", ".onnx"), data)
    return file.getvalue()


def test_from_a_folder(entry, graph, tmp_path, store):
    (tmp_path / "mine.onnx").write_bytes(graph)
    done = pull.pull_model("mine", mirror=tmp_path)
    assert done.checked
    assert done.imported.seen.startswith("7 of the 7")
    assert registry.find("mine").source == entry.address
    (people,) = registry.load_detector("mine", "cpu", 1).detect([picture.read()])
    assert len(people) == 7
    assert not list((store / ".downloads").iterdir())
    with pytest.raises(ModelError, match="already imported; --overwrite"):
        pull.pull_model("mine", mirror=tmp_path)
    with pytest.raises(ModelError, match=r"mine\.onnx: not in the mirror; put https://example"):
        pull.pull_model("mine", mirror=tmp_path / "models", overwrite=True)
    for nowhere in (str(tmp_path / "nowhere"), "ftp://example/models"):
        with pytest.raises(ConfigError, match=f"--mirror {nowhere}: neither a folder nor"):
            pull.pull_model("mine", mirror=nowhere, overwrite=True)


def test_from_a_server_by_the_command(entry, graph, monkeypatch):
    with serving() as server:
        server.files["/sub/mine.onnx"] = graph
        server.cut = len(graph) // 2 + 1
        monkeypatch.setenv("HIE_MODELS_MIRROR", f"{server.address}/sub/")
        result = CliRunner().invoke(build(), ["models", "pull", "mine", "--json"])
    assert result.exit_code == 0, result.exception
    told = json.loads(result.stdout)
    assert (told["name"], told["layout"], told["checked"]) == ("mine", "yolox", True)
    assert [wanted for _, wanted in server.asked] == [None, f"bytes={server.cut}-"]


def test_a_wrong_checksum_leaves_nothing(entry, graph, tmp_path, store):
    (tmp_path / "mine.onnx").write_bytes(graph[:-1] + b"x")
    with pytest.raises(ModelError, match=r"sha256 is .*, expected .*not kept"):
        pull.pull_model("mine", mirror=tmp_path)
    assert not list((store / ".downloads").iterdir())
    assert not (store / "mine").exists()
    with serving() as server:
        server.files["/mine.onnx"] = graph[:-1] + b"x"
        with pytest.raises(ModelError, match="not kept"):
            pull.pull_model("mine", mirror=server.address)
    assert not list((store / ".downloads").iterdir())


def test_from_an_archive(entry, graph, tmp_path):
    packed = zipped(some_folder__end2end_onnx=graph, deploy_json=b"{}")
    one = dataclasses.replace(
        entry, address="https://example.invalid/mine.zip", member="end2end.onnx", bytes=len(packed),
        sha256=hashlib.sha256(packed).hexdigest()[:8], member_sha256=entry.sha256,
    )  # fmt: skip
    (tmp_path / "mine.zip").write_bytes(packed)
    assert pull.pull(one, tmp_path).imported.layout == "yolox"
    wrong = dataclasses.replace(one, member_sha256="0" * 64)
    with pytest.raises(ModelError, match=r"mine\.zip: end2end\.onnx: sha256 is"):
        pull.pull(wrong, tmp_path, overwrite=True)


def test_archives_that_are_not_opened(tmp_path):
    path = tmp_path / "a.zip"
    cases = [
        (b"no archive", "no zip archive"),
        (zipped(other_onnx=b"1"), "has 0 members called end2end.onnx"),
        (zipped(a__end2end_onnx=b"1", b__end2end_onnx=b"2"), "has 2 members"),
        (
            zipped(zipfile.ZIP_DEFLATED, end2end_onnx=b"\0" * 10_000_000),
            "would have 10000000 bytes",
        ),
    ]
    whole = bytearray(zipped(end2end_onnx=np.random.default_rng(1).bytes(10_000)))
    whole[5000] ^= 1
    cases.append((bytes(whole), "damaged"))
    for data, reason in cases:
        path.write_bytes(data)
        with pytest.raises(ModelError, match=reason):
            archive.member(path, "end2end.onnx")


def test_doubts_keep_what_was_downloaded(entry, tmp_path, store, monkeypatch):
    blind = seeing_graphs.detector(RAW, lambda boxes, hw: {"output": np.zeros((3549, 85))})
    one = dataclasses.replace(entry, bytes=0, sha256="", checked_by="")
    with serving() as server:
        server.files["/mine.onnx"] = blind
        with pytest.raises(ConfigError, match="it saw 0 of the 7 people"):
            pull.pull(one, server.address)
        done = pull.pull(one, server.address, accept_doubts=True)
        assert len(server.asked) == 1
    assert done.imported.doubts
    assert not done.checked


def test_weights_that_are_no_model_are_kept_as_a_file(entry, tmp_path, store):
    one = dataclasses.replace(entry, use="--set refine.flow.weights=FILE", task="flow")
    (tmp_path / "mine.onnx").write_bytes(b"weights")
    one = dataclasses.replace(one, bytes=0, sha256=hashlib.sha256(b"weights").hexdigest()[:8])
    done = pull.pull(one, tmp_path)
    assert done.path.read_bytes() == b"weights"
    assert done.imported is None
    assert done.path.is_relative_to(store)
    assert registry.verify()  # the folder of files is no damaged model


def test_the_command_shows_the_catalogue():
    shown = CliRunner().invoke(build(), ["models", "available", "--task", "detect"])
    assert "rtmdet-nano-person" in shown.stdout
    assert "rtmpose-t" not in shown.stdout
    rows = json.loads(CliRunner().invoke(build(), ["models", "available", "--json"]).stdout)
    row = next(each for each in rows if each["name"] == "yolox-nano-humanart")
    assert row["checksum"] == "not published"
    assert row["licence"] == "Apache-2.0"
    assert row["address"].startswith("https://download.openmmlab.com/")
