import json
from pathlib import Path

import numpy as np
import pytest

from hie_cli.core.errors import InputError
from hie_cli.formats.layouts import hieve_frames, xml_records
from hie_cli.formats.truth import read_truth

PERSON = """<object><name>P-{id}</name><action>{action}</action><pose>Unspecified</pose>
<truncated>0</truncated><difficult>0</difficult><bndbox><xmin>1</xmin><ymin>2</ymin>
<xmax>{x2}</xmax><ymax>40.5</ymax>{joints}</bndbox></object>"""
NOSE = "<Nose>5,6,0</Nose><Chest>7,8,1</Chest><Right-shoulder>0,0,-1</Right-shoulder>"


def person(id: int | str = 1, action: str = "riding", x2: str = "30", joints: str = NOSE) -> str:
    return PERSON.format(id=id, action=action, x2=x2, joints=joints)


def xml(*people: str) -> str:
    size = "<size><width>64</width><height>48</height><depth>3</depth></size>"
    return f"<annotation><folder>1</folder>{size}{''.join(people)}</annotation>"


def write(folder: Path, text: str, name: str = "000000.xml") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder


def test_nobody(tmp_path: Path) -> None:
    for text in (xml(), "<annotation/>"):
        (frame,) = read_truth(write(tmp_path / "1", text))["1"].frames
        assert len(frame) == 0
        assert frame.annotated


def test_a_frame(tmp_path: Path) -> None:
    """Flags: 0 visible, 1 invisible, -1 not annotated; joints without a tag are not either."""
    write(tmp_path / "1", xml(person(0), person(12, "Fall_over")))
    sequence = read_truth(tmp_path / "1")["1"]
    (frame,) = sequence.frames
    assert (sequence.width, sequence.height) == (64, 48)
    assert frame.track_ids.tolist() == [0, 12]
    assert frame.actions.tolist() == [4, 11]
    assert frame.boxes[0].tolist() == [1, 2, 30, 40.5]
    assert frame.visibility[0].tolist() == [1, 0] + [-1] * 12
    assert frame.keypoints[0, :2].tolist() == [[5, 6], [7, 8]]
    assert np.isnan(frame.keypoints[0, 2:]).all()


def test_json_rendering_says_the_same(tmp_path: Path) -> None:
    joints = {"Nose": "5,6,0", "Chest": "7,8,1", "Left-ankle": [9, 10, 0]}
    box = {"xmin": 1, "ymin": 2, "xmax": 30, "ymax": "40.5", **joints}
    record = {"annotation": {"object": [{"name": "P-3", "action": "riding", "bndbox": box}]}}
    write(tmp_path / "1", json.dumps(record), "000000.json")
    (frame,) = read_truth(tmp_path / "1")["1"].frames
    assert frame.track_ids.tolist() == [3]
    assert frame.visibility[0].tolist() == [1, 0] + [-1] * 11 + [1]


def test_frames_without_a_file_are_not_annotated(tmp_path: Path) -> None:
    write(tmp_path / "1", xml(person()), "000002.xml")
    frames = read_truth(tmp_path / "1")["1"].frames
    assert [f.annotated for f in frames] == [False, False, True]


def test_a_release_is_found_by_itself(tmp_path: Path) -> None:
    """HIE20/labels/train holds the same truth three times; the richest is taken."""
    train = tmp_path / "HIE20" / "labels" / "train"
    for folder in ("track1", "track2&3", "all-track"):
        (train / folder).mkdir(parents=True)
    (train / "track1" / "1.txt").write_text("0,1,1,2,29,38.5,1,-1,-1,-1\n")
    entry = {"image": [{"name": "000000.jpg"}], "annorect": []}
    (train / "track2&3" / "1.json").write_text(json.dumps({"annolist": [entry]}))
    write(train / "all-track" / "1", xml(person()))
    write(train / "all-track" / "2", xml())
    truth = read_truth(tmp_path / "HIE20")
    assert list(truth) == ["1", "2"]
    assert truth["1"].frames[0].actions.tolist() == [4]
    assert list(read_truth(tmp_path / "HIE20", "track1")) == ["1"]
    assert list(read_truth(tmp_path / "HIE20", "annolist")) == ["1"]


BAD = {
    "broken": ("<annotation><object>", "line 1: broken XML"),
    "other": ("<html></html>", "no <annotation>"),
    "no box": (xml("<object><name>P-1</name></object>"), "object 0: no bndbox"),
    "no corner": (xml(person().replace("<xmin>1</xmin>", "")), "object 0: xmin is missing"),
    "corner": (xml(person(x2="wide")), "object 0: xmax is 'wide'; expected a number"),
    "nan": (xml(person(x2="nan")), "object 0: xmax is nan; expected a finite number"),
    "reversed": (xml(person(x2="0")), "object 0 has x2 < x1 (0 < 1)"),
    "action": (xml(person(action="ridding")), "'ridding' is none of the 14; did you mean 'riding'"),
    "id": (xml(person("9" * 40)), "object 0: name"),
    "twice": (xml(person(), person()), "object 1: name P-1 occurs twice (object 0)"),
    "joint": (xml(person(joints="<Nse>1,2,0</Nse>")), "unknown joint 'Nse'; did you mean 'Nose'"),
    "point": (xml(person(joints="<Nose>1,2</Nose>")), "Nose is '1,2'; expected x,y,flag"),
    "flag": (xml(person(joints="<Nose>1,2,2</Nose>")), "Nose has flag 2; expected 0 visible"),
    "joint nan": (xml(person(joints="<Nose>1,nan,0</Nose>")), "Nose is nan"),
    "deep": ("<a>" * 40, "XML nested too deeply"),
    "entity": (
        '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><annotation>&c;</annotation>',
        "line 1: declares a document type or entity",
    ),
    "external": (
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotation/>',
        "declares a document type or entity",
    ),
    "encoding": ('<?xml version="1.0" encoding="klingon"?><annotation/>', "broken XML"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_named(tmp_path: Path, name: str) -> None:
    text, message = BAD[name]
    write(tmp_path / "1", text)
    with pytest.raises(InputError) as error:
        read_truth(tmp_path / "1")["1"]
    assert "000000.xml" in str(error.value)
    assert message in str(error.value)


def test_bad_folders(tmp_path: Path) -> None:
    write(tmp_path / "1", xml(), "cover.xml")
    with pytest.raises(InputError, match="no frame number"):
        read_truth(tmp_path / "1")["1"]
    write(tmp_path / "2", xml(), "1.xml")
    write(tmp_path / "2", xml(), "000001.xml")
    with pytest.raises(InputError, match="frame 1: occurs in two files"):
        read_truth(tmp_path / "2")["2"]
    write(tmp_path / "3", xml(), "0.xml")
    write(tmp_path / "3", xml().replace("64", "65"), "1.xml")
    with pytest.raises(InputError, match=r"mixes image sizes \(64x48, 65x48\)"):
        read_truth(tmp_path / "3")["3"]


def test_names_that_need_escaping(tmp_path: Path, make_truth) -> None:
    import dataclasses

    sequence = dataclasses.replace(make_truth(1), name="a<b>&c")
    text = hieve_frames.format_frame(sequence, 0, as_json=False)
    assert xml_records.parse_xml(text.encode(), "x")["annotation"]["folder"] == "a<b>&c"


def test_what_is_too_large_for_a_frame(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(hieve_frames, "MAX_FRAME_BYTES", 20)
    write(tmp_path / "1", xml())
    with pytest.raises(InputError, match=r"000000\.xml: more than 20 bytes: not one frame"):
        read_truth(tmp_path / "1")["1"]


@pytest.mark.parametrize("declared", ["utf-8", "UTF-8", "iso-8859-1", "utf-16"])
def test_both_parsers_agree(declared: str) -> None:
    """Files without declarations go to the fast parser, those of another encoding do not."""
    text = f'<?xml version="1.0" encoding="{declared}"?>' + xml(person(0), person(3))
    data = text.encode(declared)
    assert xml_records.parse_xml(data, "a") == xml_records._parse_watchfully(data, "a")
    assert len(xml_records.parse_xml(data, "a")["annotation"]["object"]) == 2


def test_a_hidden_declaration_is_found(tmp_path: Path) -> None:
    """In UTF-16, where no byte pair is `<!`."""
    text = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY b "c">]><annotation/>'
    with pytest.raises(InputError, match="declares a document type or entity"):
        xml_records.parse_xml(text.encode("utf-16"), "a.xml")
