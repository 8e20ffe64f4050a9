"""Transfers against a server with faults."""

import errno
import os
import shutil
from types import SimpleNamespace

import pytest

from hie_cli.core import progress
from hie_cli.core.errors import ModelError
from hie_cli.core.progress_events import Begin, Note
from hie_cli.models.catalogue import transfer
from hie_cli.models.catalogue.transfer import Source, fetch
from tests.models.catalogue.server import serving

DATA = bytes(range(256)) * 12_000  # 3.07 MB


@pytest.fixture
def server():
    with serving() as state:
        state.files["/model.onnx"] = DATA
        yield state


def source(server, path="/model.onnx", **more):
    return Source(server.address + path, **more)


def test_a_file_in_one_piece_with_progress(server, tmp_path):
    told = []
    progress.set_reporter(told.append)
    try:
        fetch(source(server), tmp_path / "got")
    finally:
        progress.set_reporter(None)
    assert (tmp_path / "got").read_bytes() == DATA
    assert os.listdir(tmp_path) == ["got"]
    (begun,) = [event for event in told if isinstance(event, Begin)]
    assert (begun.total, begun.unit) == (3, "MiB")  # 3.07 MB are 2.93 MiB


def test_a_transfer_that_is_cut_off_goes_on_by_itself(server, tmp_path):
    server.cut = 1_000_000
    fetch(source(server), tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == DATA
    ranges = [wanted for _, wanted in server.asked]
    assert ranges == [None, "bytes=1000000-", "bytes=2000000-", "bytes=3000000-"]


def test_what_a_call_left_is_continued_by_the_next(server, tmp_path):
    server.cut = 0
    (tmp_path / "got.part").write_bytes(DATA[:70_000])
    (tmp_path / "got.part.version").write_text('"1"')
    with pytest.raises(ModelError, match=r"cut off after 0\.1 MB .* goes on from there"):
        fetch(source(server), tmp_path / "got")
    assert not (tmp_path / "got").exists()
    server.cut = None
    fetch(source(server), tmp_path / "got")
    assert server.asked[-1] == ("/model.onnx", "bytes=70000-")
    assert (tmp_path / "got").read_bytes() == DATA


@pytest.mark.parametrize("change", [{"ranges": False}, {"version": '"2"'}])
def test_a_server_without_ranges_or_with_another_file_begins_anew(server, tmp_path, change):
    (tmp_path / "got.part").write_bytes(b"x" * 70_000)
    (tmp_path / "got.part.version").write_text('"1"')
    for key, value in change.items():
        setattr(server, key, value)
    fetch(source(server), tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == DATA


def test_a_part_that_is_longer_than_the_file_begins_anew(server, tmp_path):
    (tmp_path / "got.part").write_bytes(DATA + b"x")
    (tmp_path / "got.part.version").write_text('"1"')
    fetch(source(server), tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == DATA


def test_a_part_of_no_known_version_begins_anew(server, tmp_path):
    server.version = ""
    (tmp_path / "got.part").write_bytes(b"x" * 10)
    fetch(source(server), tmp_path / "got")
    assert server.asked == [("/model.onnx", None)]
    assert (tmp_path / "got").read_bytes() == DATA


def test_sizes_other_than_agreed_are_refused(server, tmp_path):
    with pytest.raises(ModelError, match=f"has {len(DATA)} bytes, expected 10: another file"):
        fetch(source(server, size=10), tmp_path / "got")
    with pytest.raises(ModelError, match="at most 1000 are taken"):
        fetch(source(server, largest=1000), tmp_path / "got")
    server.length = False  # then only what has come tells
    with pytest.raises(ModelError, match="at most 1000 are taken"):
        fetch(source(server, largest=1000), tmp_path / "got")
    with pytest.raises(ModelError, match=f"has {len(DATA)} bytes, expected {len(DATA) + 1}"):
        fetch(source(server, size=len(DATA) + 1), tmp_path / "got")
    assert not (tmp_path / "got").exists()


def test_a_full_disk_is_said_before_and_while_it_fills(server, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000_000))
    with pytest.raises(ModelError, match=r"3\.1 MB are needed, 1\.0 MB are free"):
        fetch(source(server), tmp_path / "got")
    monkeypatch.undo()

    def full(items, *given):
        yield next(iter(items))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(transfer, "progress", full)
    with pytest.raises(ModelError, match=r"got\.part: cannot be written \(no space left\)"):
        fetch(source(server), tmp_path / "got")
    monkeypatch.undo()
    fetch(source(server), tmp_path / "got")  # what had come is not got again
    assert server.asked[-1][1] == "bytes=1048576-"
    assert (tmp_path / "got").read_bytes() == DATA


def test_another_host_is_followed_only_where_the_entry_says_so(server, tmp_path):
    with serving() as other:
        other.files["/real.onnx"] = DATA
        server.moved["/model.onnx"] = f"{other.address}/real.onnx"
        with pytest.raises(ModelError, match=r"leads on to another place .*--mirror"):
            fetch(source(server), tmp_path / "got")
        assert not other.asked
        told = []
        progress.set_reporter(told.append)
        host = other.address.removeprefix("http://")
        try:
            other.cut = 2_000_000
            fetch(source(server, hosts=(host,)), tmp_path / "got")
        finally:
            progress.set_reporter(None)
    assert any(host in event.text for event in told if isinstance(event, Note))
    assert other.asked[-1] == ("/real.onnx", "bytes=2000000-")
    assert (tmp_path / "got").read_bytes() == DATA
    server.moved["/model.onnx"] = "file:///etc/passwd"
    with pytest.raises(ModelError):
        fetch(source(server), tmp_path / "again")


def test_a_move_within_the_host_is_followed(server, tmp_path):
    server.moved["/old"] = "/model.onnx"
    fetch(source(server, "/old"), tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == DATA


def test_what_the_server_says_is_passed_on(server, tmp_path):
    with pytest.raises(ModelError, match="the server says 404"):
        fetch(source(server, "/missing"), tmp_path / "got")
    server.status = 503
    with pytest.raises(ModelError, match=r"nothing came \(the server says 503\)"):
        fetch(source(server), tmp_path / "got")
    assert len(server.asked) == 6  # one, then five tries
    with pytest.raises(ModelError, match=r"nothing came \(Connection refused\); .* --mirror"):
        fetch(Source("http://127.0.0.1:1/model.onnx"), tmp_path / "got")


def test_two_do_not_write_one_file(server, tmp_path):
    with (
        transfer._alone(tmp_path / "got.part"),
        pytest.raises(ModelError, match="being downloaded by another process"),
    ):
        fetch(source(server), tmp_path / "got")
