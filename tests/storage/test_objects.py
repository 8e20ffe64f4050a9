"""Files at addresses, on an S3 server of this machine and in fsspec's memory."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("s3fs", reason="needs s3fs: pip install 'hie[cloud]'")
pytest.importorskip("moto", reason="needs moto")

import requests

from hie_cli.core.errors import ConfigError, HieError, InputError
from hie_cli.pipeline.failures import failure, is_passing
from hie_cli.storage import objects
from tests.support import s3


@pytest.fixture(scope="module")
def port():
    with s3.server() as port:
        yield port


@pytest.fixture
def bucket(port, monkeypatch):
    """``s3://videos``, new, with two films and a note in a folder."""
    for name, value in s3.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    requests.post(f"http://127.0.0.1:{port}/moto-api/reset", timeout=10)
    client = s3.client(port)
    client.create_bucket(Bucket="videos")
    for name in ("b.mp4", "a.mp4", "note.txt"):
        client.put_object(Bucket="videos", Key=f"clips/{name}", Body=name.encode())
    s3.forget_connections()
    yield client
    s3.forget_connections()


def test_files_are_found_by_address_folder_and_pattern(bucket):
    films = ["s3://videos/clips/a.mp4", "s3://videos/clips/b.mp4"]
    assert objects.find("s3://videos/clips/*.mp4") == films
    assert objects.find("s3://videos/clips") == [*films, "s3://videos/clips/note.txt"]
    assert objects.find(films[0]) == films[:1]
    assert objects.beneath("s3://videos") == {"clips/a.mp4", "clips/b.mp4", "clips/note.txt"}
    assert objects.beneath("s3://videos/nothing") == set()


def test_files_come_and_go_whole(bucket, tmp_path):
    path = tmp_path / "in" / "a.mp4"
    objects.fetch("s3://videos/clips/a.mp4", path)
    assert path.read_bytes() == b"a.mp4"
    before = objects.fingerprint("s3://videos/clips/a.mp4")
    assert before == objects.fingerprint("s3://videos/clips/a.mp4") != ""
    path.write_bytes(b"other")  # as long as it was
    (path.parent / ".hidden").write_text("no")
    objects.publish_all(path.parent, "s3://videos/clips")
    assert bucket.get_object(Bucket="videos", Key="clips/a.mp4")["Body"].read() == b"other"
    assert objects.fingerprint("s3://videos/clips/a.mp4") != before
    assert len(objects.beneath("s3://videos")) == 3
    objects.remove("s3://videos/clips/a.mp4")
    objects.remove("s3://videos/clips/a.mp4")
    assert not objects.is_there("s3://videos/clips/a.mp4")
    assert objects.is_there("s3://videos/clips/b.mp4")


def test_several_are_fetched_under_their_names(bucket, tmp_path):
    objects.fetch_all("s3://videos/clips", ["a.mp4", "note.txt"], tmp_path)
    assert (tmp_path / "note.txt").read_text() == "note.txt"
    assert (tmp_path / "a.mp4").read_text() == "a.mp4"


@pytest.mark.parametrize(
    ("do", "kind"),
    [
        (lambda path: objects.find("s3://none/*.mp4"), InputError),
        (lambda path: objects.find("s3://videos/*.avi"), InputError),
        (lambda path: objects.fetch("s3://none/a.mp4", path), InputError),
        (lambda path: objects.fetch("s3://videos/none.mp4", path), InputError),
        (lambda path: objects.publish(path, "s3://none/a.json"), ConfigError),
        (lambda path: objects.require("s3://none/out"), ConfigError),
        (lambda path: objects.beneath("s3://none/out"), ConfigError),
        (lambda path: objects.find("nonsense://a/b"), ConfigError),
    ],
)
def test_what_is_missing_is_one_line_and_final(bucket, tmp_path, do, kind):
    path = tmp_path / "a"
    path.write_text("a")
    with pytest.raises(kind, match=r"://") as caught:
        do(path)
    assert "\n" not in str(caught.value)
    assert not is_passing(caught.value)


def test_a_kind_of_store_without_its_package_says_what_to_install():
    if importlib.util.find_spec("gcsfs") is None:
        with pytest.raises(ConfigError, match="gcsfs"):
            objects.find("gs://bucket/a.mp4")


def test_wrong_credentials_are_one_line_without_secrets(bucket, port, tmp_path):
    requests.post(f"http://127.0.0.1:{port}/moto-api/reset-auth", data=b"0", timeout=10)
    try:
        with pytest.raises(ConfigError, match=r"access refused \(InvalidAccessKeyId\)") as caught:
            objects.fetch("s3://videos/clips/a.mp4", tmp_path / "a.mp4")
    finally:
        requests.post(f"http://127.0.0.1:{port}/moto-api/reset-auth", data=b"inf", timeout=10)
    assert "planted-secret" not in str(caught.value)
    assert not is_passing(caught.value)


def test_no_credentials_at_all(bucket, tmp_path, monkeypatch):
    for name in s3.KEYS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    s3.forget_connections()
    with pytest.raises(ConfigError, match=r"access refused .*check the credentials"):
        objects.publish(Path(__file__), "s3://videos/x")


def test_a_broken_line_may_be_tried_again(bucket, port, tmp_path, monkeypatch):
    import s3fs

    bucket.put_object(Bucket="videos", Key="long.mp4", Body=bytes(1_000_000))
    line = s3.Line(port, 20_000)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{line.port}")
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    s3.forget_connections()
    try:
        line.cuts = 1000
        with pytest.raises(HieError, match="cannot be reached") as caught:
            objects.fetch("s3://videos/long.mp4", tmp_path / "long.mp4")
        assert type(caught.value) is HieError
        assert failure("long", caught.value)["transient"] is True
        assert line.broken
        line.cuts = 0
        objects.fetch("s3://videos/long.mp4", tmp_path / "long.mp4")
        assert (tmp_path / "long.mp4").stat().st_size == 1_000_000
    finally:
        line.close()


def test_stores_that_are_no_object_stores_get_whole_files_by_renaming(tmp_path):
    (tmp_path / "a.json").write_text("a")
    objects.publish(tmp_path / "a.json", "memory://out/track/a.json")
    assert objects.beneath("memory://out") == {"track/a.json"}
    assert objects.beneath("memory://nowhere") == set()
    objects.remove("memory://out/track/a.json")
