import pytest

from hie_cli.core import errors


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.HieError, 1),
        (errors.ConfigError, 2),
        (errors.InputError, 3),
        (errors.ModelError, 4),
    ],
)
def test_exit_codes(kind: type[errors.HieError], code: int) -> None:
    assert kind("x").exit_code == code
    assert issubclass(kind, errors.HieError)


def test_one_line_of_file_place_and_fix() -> None:
    assert str(errors.input_error("a/b.json", "frame 3", "fix it")) == "a/b.json: frame 3: fix it"
    assert str(errors.input_error("b.json", "", "fix it")) == "b.json: fix it"


def test_nearest() -> None:
    assert errors.nearest("poze", ["pose", "track"]) == "; did you mean 'pose'?"
    assert errors.nearest("xyz", ["pose", "track"]) == ""
    assert errors.nearest("xyz", []) == ""


@pytest.mark.parametrize("kind", [errors.HieError, errors.ConfigError, errors.ModelError])
def test_a_message_is_one_line_of_bounded_length(kind: type[errors.HieError]) -> None:
    message = str(kind("a.json: name 'x\ny" + "z" * 10_000 + "': rename it"))
    assert message.startswith(r"a.json: name 'x\ny")
    assert message.endswith("z': rename it")
    assert len(message) < 400
    assert len(errors.one_line(ValueError("z" * 10_000))) < 400


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("rtsp://user:secret@camera/1: no such file", "rtsp://camera/1: no such file"),
        ("rtsp:/user:secret@camera/1: no such folder", "rtsp:/camera/1: no such folder"),
        ("http://secret@host:80/a@b", "http://host:80/a@b"),
        ("mail a@b.c about http://host/x", "mail a@b.c about http://host/x"),
    ],
)
def test_no_error_says_a_password(told, shown):
    assert str(errors.InputError(told)) == shown
