"""What is wrong with a document is said in one line that names file, frame and person."""

from pathlib import Path

import pytest

from hie_cli.core.errors import InputError
from hie_cli.formats.documents.document import Document
from hie_cli.formats.documents.entries import parse_frame

HEAD = (
    '{"hie":{"format_version":1,"stage":"pose","video":{"name":"20","width":9,"height":9,'
    '"fps":25,"num_frames":9},"frames":[0,null,1],"skeleton":"hieve14","models":[],"config":{}}'
)
RECT = '{"x1":[1],"y1":[1],"x2":[2],"y2":[2],"score":[1]%s}'


def frame(rects: str, name: str = "000003.jpg") -> str:
    return f'{{"image":[{{"name":"{name}"}}],"annorect":[{rects}]}}'


def joint(text: str) -> str:
    return RECT % f',"annopoints":[{{"point":[{text}]}}]'


BROKEN = {
    "reversed": (frame(RECT.replace("[2]", "[0]", 1) % ""), "frame 3: person 0 has x2 < x1"),
    "upside down": (frame(RECT.replace('"y2":[2]', '"y2":[0]') % ""), "person 0 has y2 < y1"),
    "nan": (frame(RECT.replace("[1]", "[NaN]", 1) % ""), "holds NaN; JSON numbers"),
    "infinite": (frame(RECT.replace("[1]", "[1e999]", 1) % ""), "x1 is not finite"),
    "huge": (frame(RECT.replace("[1]", "[1e30]", 1) % ""), "x1 is 1e+30; expected pixels"),
    "digits": (frame(RECT.replace("[1]", f"[{'9' * 5000}]", 1) % ""), "too many digits"),
    "text": (frame(RECT.replace("[1]", '["1"]', 1) % ""), "x1 is ['1']; expected one number"),
    "boolean": (frame(RECT.replace("[1]", "[true]", 1) % ""), "x1 is [True]"),
    "no box": (frame('{"score":[1]}'), "person 0: x1 is missing"),
    "two numbers": (frame(RECT.replace("[1]", "[1,2]", 1) % ""), "x1 is [1, 2]"),
    "id": (frame(RECT % ',"track_id":[1.5]'), "track_id is 1.5; expected a whole number"),
    "negative id": (frame(RECT % ',"track_id":[-2]'), "track_id is -2"),
    "same id": (frame(",".join([RECT % ',"track_id":[7]'] * 2)), "as person 0"),
    "joint": (frame(joint('{"id":[14],"x":[1],"y":[1]}')), "id is 14; expected a whole number 0"),
    "joint x": (frame(joint('{"id":[3],"y":[1]}')), "joint 3: x is missing"),
    "joint twice": (
        frame(joint(",".join(['{"id":[3],"x":[1],"y":[1],"score":[1]}'] * 2))),
        "joint 3 occurs twice",
    ),
    "action": (frame(RECT % ',"actions":[{"id":[0],"score":[1]}]'), "id is 0; expected a whole"),
    "points": (frame(RECT % ',"annopoints":[5]'), "annopoints holds no list of points"),
    "rects": ('{"image":[{"name":"1.jpg"}],"annorect":7}', "frame 1: annorect is not a list"),
    "no image": ('{"annorect":[]}', "line 2: not an annolist entry"),
    "absurd frame": (frame("", "99999999999999999999.jpg"), "expected a number below 1000000"),
    "torn": (frame("")[:-3], "line 2 column"),
    "deep": ("[" * 100_000, "nested too deeply"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_frames_are_named(tmp_path: Path, name: str) -> None:
    text, message = BROKEN[name]
    path = tmp_path / "20.json"
    path.write_text(f'{HEAD},"annolist":[\n{text}\n]}}\n')
    with pytest.raises(InputError) as error:
        list(Document(path))
    assert str(error.value).startswith(str(path))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def body(head: str = HEAD, frames: str = "", end: str = "]}\n") -> str:
    return f'{head},"annolist":[\n{frames}{end}'


WHOLE = {
    "empty": ("", "empty file"),
    "cut off": (body(frames=frame("") + "\n", end=""), "ends early"),
    "text after": (body(end="]}\n[]\n"), "line 3: text after the end"),
    "descending": (
        body(frames=f"{frame('')}\n,{frame('', '000002.jpg')}\n"),
        "frame 2 comes after",
    ),
    "twice": (body(frames=f"{frame('')}\n,{frame('')}\n"), "frame 3 comes after frame 3"),
    "version": (body(HEAD.replace('_version":1', '_version":2')), "format version 2: this hie"),
    "stage": (body(HEAD.replace('"pose"', '"poses"')), "stage 'poses': expected one of"),
    "header": (body(HEAD.replace('"frames":', '"range":')), "header: broken (KeyError('frames'))"),
    "no rate": (
        body(HEAD.replace('"fps":25', '"fps":0')),
        "header: video: fps is 0; expected a rate",
    ),
    "endless": (body(HEAD.replace('"fps":25', '"fps":1e999')), "fps is not finite"),
    "backward": (body(HEAD.replace('"fps":25', '"fps":-25')), "fps is -25; expected a rate"),
    "wide": (body(HEAD.replace('"width":9', f'"width":1{"0" * 400}')), "width is not finite"),
    "nothing": (
        body(HEAD.replace('"width":9', '"width":0')),
        "width is 0; expected a whole number",
    ),
    "stride": (body(HEAD.replace("[0,null,1]", "[0,null,0]")), "frames: stride is 0; expected"),
    "first": (body(HEAD.replace("[0,null,1]", "[-1,null,1]")), "frames: first is -1; expected"),
    "no name": (body(HEAD.replace('"name":"20"', '"name":["20"]')), "name is ['20']"),
    "NUL": (
        body(HEAD.replace('"name":"20"', '"name":"2\\u00000"')),
        "name '2\\x000' cannot name a file",
    ),
    "models": (body(HEAD.replace('"models":[]', '"models":[7]')), "header: broken"),
    "half": (body(HEAD.replace('"name":"20"', '"name":"\\ud800"')), "half a UTF-16 character"),
    "not ours": ('{"a":1}', "no 'annolist'"),
    "list": ("[1]", "no 'annolist'"),
    "json": ('{"annolist":[\n{"a":}]}', "line 2 column"),
    "infinity": ('{"annolist":[Infinity]}', "holds Infinity"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_broken_files_are_named(tmp_path: Path, name: str) -> None:
    text, message = WHOLE[name]
    path = tmp_path / "20.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"20\.json") as error:
        list(Document(path))
    assert message in str(error.value)


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        Document(tmp_path / "none.json")
    with pytest.raises(InputError, match="is a folder"):
        Document(tmp_path)
    path = tmp_path / "20.json"
    path.write_bytes(b'{"hie":\xff\xfe')
    with pytest.raises(InputError, match="not UTF-8"):
        list(Document(path))


@pytest.mark.parametrize(
    "camera", [[1, 0, 0], [0, 0, 4, 4], "far", [1, 0, 1e9, 0], [1, 0, True, 0]]
)
def test_broken_cameras_are_named(camera: object) -> None:
    record = {"image": [{"name": "000007.jpg"}], "annorect": [], "camera": camera}
    with pytest.raises(InputError, match=r"a\.json: frame 7: camera is .*; expected"):
        parse_frame(record, "a.json", "line 2")
