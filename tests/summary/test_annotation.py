"""Frames to label next: crowded, uncertain, unlike each other; drafts that read back."""

import json

import cv2
import numpy as np
import pytest

import hie_cli
from hie_cli import ConfigError, choose_for_annotation
from hie_cli.cli.app import run
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.writer import DocumentWriter
from hie_cli.summary.annotation import choose, uncertainty
from tests.support.films import film


def test_the_crowded_and_uncertain_come_first_and_equals_once():
    features = np.eye(3)[[0, 0, 0, 1, 2]].astype(float)
    crowded = np.array([0.1, 0.9, 0.1, 0.2, 0.2])
    uncertain = np.array([0.0, 0.5, 0.0, 0.9, 0.0])
    found = choose(features, crowded, uncertain, 10)
    # (.5 + .9 + .5) / 2.5 = .76 first; then (.5 + .2 + .9) / 2.5 = .64, then .28; equals never.
    assert [place for place, _, _ in found] == [1, 3, 4]
    assert [worth for _, worth, _ in found] == pytest.approx([0.76, 0.64, 0.28])


def test_uncertainty_by_hand():
    boxes = np.zeros((2, 4))
    assert uncertainty(People.empty()) == 0
    assert uncertainty(People(boxes, np.array([1.0, 0.0]))) == 0
    # Doubts 1 and .5: 1 - exp(-1.5 / 3).
    assert uncertainty(People(boxes, np.array([0.5, 0.25]))) == pytest.approx(1 - np.exp(-0.5))


@pytest.fixture
def two_videos(tmp_path):
    """Two scenes each; in the second half of "b" there are six doubtful people, else one."""
    documents = tmp_path / "track"
    documents.mkdir()
    for name, hues in (("a", (0, 30)), ("b", (60, 120))):
        film(tmp_path / f"{name}.avi", (1, hues[0]), (2, hues[1]))
        video = VideoInfo(name, 128, 96, 10.0, 40)
        with DocumentWriter(documents / f"{name}.json", Header("track", video)) as writer:
            for t in range(40):
                count = 6 if name == "b" and t >= 20 else 1
                boxes = np.array([[15 * k, 20, 15 * k + 12, 70] for k in range(count)], float)
                people = People(boxes, np.full(count, 0.6), np.arange(count) + 1)
                writer.write(FramePeople(t, people))
    return tmp_path


def test_drafts_in_coco(two_videos, capsys):
    out = two_videos / "out"
    paths = [str(two_videos / f"{name}.avi") for name in "ab"]
    arguments = ["summarize", *paths, "--for", "annotation", "-k", "3", "-o", str(out), "--json"]
    assert run([*arguments, "--documents", str(two_videos / "track")]) == 0
    frames = json.loads(capsys.readouterr().out)["frames"]
    assert len(frames) == 3
    assert frames[0]["video"] == "b"
    assert frames[0]["index"] >= 20
    assert json.loads((out / "frames.json").read_text())["frames"] == frames
    for frame in frames:
        image = out / "images" / frame["video"] / f"{frame['index']:06d}.png"
        assert cv2.imread(str(image)).shape == (96, 128, 3)
    draft = json.loads((out / "drafts" / "b.json").read_text())
    number = [f["index"] for f in frames if f["video"] == "b"]
    named = {f"images/b/{index:06d}.png" for index in number}
    assert {image["file_name"] for image in draft["images"]} == named
    people = [6 if index >= 20 else 1 for index in number]
    assert len(draft["annotations"]) == sum(people)


@pytest.mark.parametrize("layout", ["hieve-xml", "hieve-json"])
def test_drafts_in_hieves_layouts_read_back(two_videos, layout):
    made = choose_for_annotation(
        two_videos / "b.avi", output=two_videos / "out", count=2, to=layout,
        documents=two_videos / "track",
    )  # fmt: skip
    assert made.frames[0].index >= 20
    (sequence,) = hie_cli.read_sequences(two_videos / "out" / "drafts")
    labelled = {frame.index: len(frame.people) for frame in sequence.frames if len(frame.people)}
    assert labelled[made.frames[0].index] == 6
    assert set(labelled) == {frame.index for frame in made.frames}


def test_predictions_are_made_where_no_document_has_them(sample_clip, tmp_path):
    made = choose_for_annotation(sample_clip, output=tmp_path / "out", count=1, rate=0.3)
    draft = json.loads((tmp_path / "out" / "drafts" / "pets09-sample.json").read_text())
    assert len(made.frames) == len(draft["images"]) == 1
    assert len(draft["annotations"]) >= 3
    assert max(person["num_keypoints"] for person in draft["annotations"]) > 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"count": 0}, "-k 0"), ({"to": "coko"}, "did you mean 'coco'")],
)
def test_settings_that_make_no_sense(tmp_path, arguments, message):
    with pytest.raises(ConfigError, match=message):
        choose_for_annotation(tmp_path / "a.avi", output=tmp_path / "out", **arguments)


def test_results_are_not_replaced_unasked(two_videos):
    how = {"output": two_videos / "out", "count": 1, "documents": two_videos / "track"}
    choose_for_annotation(two_videos / "a.avi", **how)
    with pytest.raises(ConfigError, match=r"frames.json: already there"):
        choose_for_annotation(two_videos / "a.avi", **how)
    choose_for_annotation(two_videos / "a.avi", overwrite=True, **how)


def test_an_earlier_choice_is_kept_or_replaced_whole(two_videos):
    """--resume keeps what is of the same input; nothing of an older choice is left beside a new."""
    out = two_videos / "out"
    how = {"output": out, "documents": two_videos / "track", "to": "hieve-xml"}
    videos = [two_videos / "a.avi", two_videos / "b.avi"]
    first = choose_for_annotation(videos, count=4, **how)
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*") if p.is_file()}
    again = choose_for_annotation(videos, count=4, resume=True, **how)
    assert before == {p: p.stat().st_mtime_ns for p in out.rglob("*") if p.is_file()}
    assert again.record() == json.loads(json.dumps(first.record()))
    assert set(again.files) == set(first.files) == set(before)
    fewer = choose_for_annotation(videos, count=1, resume=True, **{**how, "to": "coco"})
    assert {p for p in out.rglob("*") if p.is_file()} == set(fewer.files)
