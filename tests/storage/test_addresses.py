"""What counts as an address of stored files."""

import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.storage.addresses import is_address, join, last_name, local_path


@pytest.mark.parametrize("text", ["s3://b/a.mp4", "GS://b", "file:///a.mp4", "memory://a"])
def test_addresses(text):
    assert is_address(text)


@pytest.mark.parametrize(
    "text", ["a.mp4", "/a/b.mp4", "rtsp://host/a", "https://host/a.mp4", "0", "C://a", "a/s3://b"]
)
def test_what_is_none(text):
    assert not is_address(text)


def test_a_file_of_that_name_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s3:").mkdir()
    (tmp_path / "s3:" / "a").write_text("")
    assert not is_address("s3://a")


def test_file_addresses_are_paths():
    assert local_path("file:///videos/a%20b.mp4") == "/videos/a b.mp4"
    assert local_path("file://localhost/a.mp4") == "/a.mp4"
    assert local_path("s3://b/a") == "s3://b/a"
    with pytest.raises(ConfigError, match="of this machine"):
        local_path("file://elsewhere/a.mp4")


def test_parts():
    assert join("s3://b/out/", "track", "a.json") == "s3://b/out/track/a.json"
    assert last_name("s3://b/clips/a.mp4") == "a.mp4"
