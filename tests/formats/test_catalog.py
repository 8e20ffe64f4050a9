import json
from pathlib import Path

import numpy as np
import pytest

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.formats import sources
from hie_cli.formats.catalog import select
from hie_cli.formats.files import parse_json
from hie_cli.formats.readers import read
from hie_cli.formats.results import read_headers, read_results
from hie_cli.formats.truth import read_truth

ROW = "0,1,1,1,1,1,1,-1,-1,-1\n"


MISFITS = {
    "a.json": ('{"a":1}', "annolist (stage documents, HiEve Track-2/3 annolist JSON), is not it: "),
    "half.json": ('{"images":[]}', "has no 'annotations' (its keys: images)"),
    "broken.json": ('{"x": [1,}', "line 1 column 10: broken JSON"),
    "numbers.json": ("[1, 2]", "coco-results (COCO list of results), is not it: is a list, but"),
    "b.txt": ("hello\n", "line 1 is 'hello'; expected frame,id,left,top,width,height,conf"),
    "c.csv": ("a,b\n1,2\n", "line 1 is 'a,b\\n1,2\\n'; expected video,timestamp"),
    "d.csv": ("frame,x1\n1,2\n", "its header does not begin with sequence,frame"),
    "e.md": ("x", "expected a file with one of .json, .xml, .txt, .csv, .parquet"),
}


@pytest.mark.parametrize("name", MISFITS)
def test_unknown_says_why_the_likeliest_is_not_it(tmp_path: Path, name: str) -> None:
    text, message = MISFITS[name]
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError) as error:
        read_results(path)["1"]
    assert message in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_truth_given_as_results(tmp_path: Path) -> None:
    (tmp_path / "000000.xml").write_text("<annotation/>")
    with pytest.raises(
        InputError, match="HiEve all-track, one XML file per frame, which holds gro"
    ):
        read_results(tmp_path)
    (tmp_path / "list.json").write_text('[{"image_id":1}]')
    with pytest.raises(InputError, match=r"list of results, which holds results; expected ground"):
        read_truth(tmp_path / "list.json")


def test_unknown_layout_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'track1'"):
        read_truth(tmp_path, "track-1")
    with pytest.raises(ConfigError, match="'hieve-xml' is none of"):
        read_results(tmp_path, "hieve-xml")


def test_several_layouts(tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text(ROW)
    (tmp_path / "1.json").write_text('{"annolist":[]}')
    with pytest.raises(InputError, match=r"several layouts \(annolist, track1\); choose one"):
        read_truth(tmp_path)
    assert list(read_truth(tmp_path, "track1")) == ["1"]
    with pytest.raises(InputError, match="holds no ava files"):
        read_truth(tmp_path, "ava")


def test_one_sequence_in_two_files(tmp_path: Path) -> None:
    for stage in ("detect", "track"):
        (tmp_path / stage).mkdir()
        (tmp_path / stage / "1.json").write_text('{"annolist":[]}')
    with pytest.raises(InputError, match="sequence '1' is also in"):
        read_results(tmp_path)


def test_summary_of_a_run_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text('{"annolist":[]}')
    (tmp_path / "summary.json").write_text('{"videos":[]}')
    assert list(read_results(tmp_path)) == ["1"]


def test_names(tmp_path: Path) -> None:
    """20.txt -> 20; pets/gt.txt -> pets; MOT16-04/gt/gt.txt -> MOT16-04."""
    for name, expected in (("20.txt", "20"), ("pets/gt.txt", "pets"), ("A/gt/gt.txt", "A")):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(ROW.replace("0,", "1,", 1))
        assert list(read_truth(path)) == [expected]


def test_sequences_are_read_when_asked_for(tmp_path: Path) -> None:
    """A broken neighbour does not hurt the sequence that is wanted."""
    (tmp_path / "1.txt").write_text(ROW)
    (tmp_path / "2.txt").write_text("0,broken,1,1,1,1,1\n")
    truth = read_truth(tmp_path)
    assert len(truth) == 2
    assert len(truth["1"].frames) == 1
    assert truth["1"] is truth["1"]
    with pytest.raises(InputError, match=r"2\.txt: line 1: id is 'broken'"):
        truth["2"]


def test_broken_json_is_named_by_its_reader(tmp_path: Path) -> None:
    path = tmp_path / "1.json"
    path.write_text('{"images": [\n{"id": }]}')
    with pytest.raises(InputError, match="line 2 column 8: broken JSON"):
        read_truth(path)["1"]


def test_annolist_truth(tmp_path: Path) -> None:
    """A joint is visible where its score is above 0; frames without an entry are not annotated."""
    points = [{"id": [0], "x": [1], "y": [2], "score": [1]}, {"id": [3], "x": [5], "y": [6]}]
    points.append({"id": [1], "x": [3], "y": [4], "score": [0]})
    box = {"x1": [0], "y1": [0], "x2": [9], "y2": [9], "track_id": [0]}
    region = {"point": [{"x": [0], "y": [1]}, {"x": [2], "y": [3]}, {"x": [4], "y": [5]}]}
    entry = {
        "image": [{"name": "000001.jpg"}],
        "ignore_regions": [region],
        "annorect": [{**box, "annopoints": [{"point": points}]}, {**box, "track_id": [1]}],
    }
    path = tmp_path / "1.json"
    path.write_text(json.dumps({"annolist": [entry]}))
    first, second = read_truth(path)["1"].frames
    assert not first.annotated
    assert second.visibility[0].tolist() == [1, 0, -1, 1] + [-1] * 10
    assert second.visibility[1].tolist() == [-1] * 14
    assert second.track_ids.tolist() == [0, 1]
    assert second.ignore_regions[0].tolist() == [[0, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize("regions", [7, [7], [{"point": 7}], [{"point": [{"x": [1]}]}]])
def test_broken_ignore_regions(tmp_path: Path, regions: object) -> None:
    path = tmp_path / "1.json"
    entry = {"image": [{"name": "000001.jpg"}], "ignore_regions": regions, "annorect": []}
    path.write_text(json.dumps({"annolist": [entry]}))
    with pytest.raises(InputError, match="frame 1: ignore"):
        read_truth(path)["1"]


def annolist(joint: int, people: int = 1) -> str:
    point = {"id": [0], "x": [1], "y": [1], "score": [1]}
    rects = [
        {"x1": [0], "y1": [0], "x2": [9], "y2": [9], "annopoints": [{"point": [point]}]}
        for _ in range(people)
    ]
    rects[0]["annopoints"][0]["point"].append({**point, "id": [joint]})
    return json.dumps({"annolist": [{"image": [{"name": "000000.jpg"}], "annorect": rects}]})


def test_a_stray_joint_14_is_an_error_not_another_layout(tmp_path: Path) -> None:
    """One of three people has it; where most have, it is PoseTrack's head top."""
    path = tmp_path / "1.json"
    path.write_text(annolist(14, people=3))
    with pytest.raises(
        InputError, match=r"person 0: joint: id is 14; expected a whole number 0\.\.13"
    ):
        read_results(path)["1"]
    path.write_text(annolist(14))
    assert len(read_results(path)["1"][0].people) == 1
    with pytest.raises(InputError, match="id is 14"):
        read_results(path, "annolist")["1"]


def test_a_named_layout_reads_what_the_content_would_not(tmp_path: Path) -> None:
    """An annolist as PoseTrack 2017, text from 1 as HiEve's, and a file of any ending."""
    for name in ("1", "2"):
        (tmp_path / f"{name}.json").write_text(annolist(13))
    found = read_results(tmp_path, "posetrack17")
    assert list(found) == ["1", "2"]
    assert np.isfinite(found["1"][0].people.keypoints[0, 0]).all()  # joint 13 of 15 is the nose
    path = tmp_path / "tracks.dat"
    path.write_text("1,1,1,1,1,1,1,1,1\n")
    assert read_results(path, "track1")["tracks"][0].index == 1
    assert read_results(path, "mot")["tracks"][0].index == 0


def test_a_foreign_annolist_is_parsed_once(tmp_path: Path, monkeypatch) -> None:
    """Recognised, its header looked for, and read: one parse."""
    path = tmp_path / "1.json"
    path.write_text(annolist(13))
    parsed = []

    def counted(data: bytes, origin: str) -> object:
        parsed.append(origin)
        return parse_json(data, origin)

    monkeypatch.setattr(sources, "parse_json", counted)
    selected = select(path, None, "results")
    assert read_headers(selected) == {"1": None}
    assert len(read_results(selected)["1"]) == 1
    assert len(parsed) == 1


@pytest.mark.parametrize(
    ("score", "is_truth"),
    [("1", True), ("[0]", True), ("[1.0]", True), ("[ 1 ]", True), ("[0.5]", False),
     ("[10]", False), ("0.75", False), ("[1e-1]", False), ("[1.01]", False)],
)  # fmt: skip
def test_an_annolist_is_parsed_once_whatever_it_holds(
    tmp_path: Path, monkeypatch, score: str, is_truth: bool
) -> None:
    """Its scores tell truth from results, without parsing it for that."""
    path = tmp_path / "1.json"
    rect = f'{{"x1":[1],"y1":[2],"x2":[3],"y2":[4],"score":{score}}}'
    path.write_text(f'{{"annolist":[{{"annorect":[{rect}],"image":[{{"name":"1.jpg"}}]}}]}}')
    parsed = []

    def counted(data: bytes, origin: str) -> object:
        parsed.append(origin)
        return parse_json(data, origin)

    monkeypatch.setattr(sources, "parse_json", counted)
    assert read(path).is_truth == is_truth
    assert len(parsed) == 1
