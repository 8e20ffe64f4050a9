"""What one side of an evaluation tells the other: releases, image sizes, frame rates, coverage."""

import json

import numpy as np
import pytest

from hie_cli.core.errors import InputError
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.evaluation.evaluate import evaluate
from hie_cli.evaluation.inputs import load_inputs, same_name
from hie_cli.evaluation.settings import EvalConfig
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.writer import DocumentWriter

CONFIG = EvalConfig()
OBJECT = """<object><name>P-{i}</name><action>{action}</action><difficult>0</difficult>
<bndbox><xmin>{x}</xmin><ymin>0</ymin><xmax>{x2}</xmax><ymax>40</ymax></bndbox></object>"""


def write_release(root, frames=3):
    """Sequence 20: persons 0 and 1 side by side; the text alone ignores 1. Frame 2 is empty."""
    folder = root / "labels" / "all-track" / "20"
    folder.mkdir(parents=True)
    rows = []
    for t in range(frames):
        objects = ""
        if t < frames - 1:
            for i, x in enumerate((0, 100)):
                objects += OBJECT.format(i=i, x=x, x2=x + 20, action="standing-alone")
                rows.append(f"{t},{i},{x},0,20,40,{1 - i},-1,-1,-1\n")
        (folder / f"{t:06d}.xml").write_text(f"<annotation>{objects}</annotation>")
    text = root / "labels" / "track1"
    text.mkdir()
    (text / "20.txt").write_text("".join(rows))
    return root / "labels"


def write_document(path, boxes, frames=3, action=None, part=(0, None, 1)):
    """A document of ``frames`` frames with the same ``boxes`` in each."""
    video = VideoInfo(path.stem, 200, 100, 25.0, frames)
    header = Header("track" if action is None else "action", video, part)
    boxes = np.array(boxes, float).reshape(-1, 4)
    n = len(boxes)
    scores = None if action is None else np.eye(14)[[action] * n]
    with DocumentWriter(path, header) as writer:
        for t in range(*part[:1], frames if part[1] is None else part[1], part[2]):
            people = People(boxes, np.ones(n), np.arange(n), action_scores=scores)
            writer.write(FramePeople(t, people))
    return path


def figures(truth, results, track, config=CONFIG):
    inputs = load_inputs(truth, results, config, track in ("1", "detection"))
    found = evaluate(inputs.truth, inputs.results, config, (track,), boxes=inputs.boxes)
    return found.tracks[track].pooled


def test_boxes_of_a_release_come_from_the_text_that_says_who_is_ignored(tmp_path):
    labels = write_release(tmp_path)
    document = write_document(tmp_path / "20.json", [[0, 0, 20, 40]])
    # Frames 0 and 1 hold person 0 who counts and person 1 who does not; frame 2 holds nobody, is
    # known from its all-track file alone, and makes one false positive.
    counts = figures(labels, document, "1").counts
    assert (counts["GT"], counts["TP"], counts["FP"], counts["FN"]) == (2, 2, 1, 0)
    assert figures(labels, document, "detection").counts["GT"] == 2
    # The richest rendering would count person 1.
    rich = figures(labels, document, "1", EvalConfig(truth_layout="hieve-xml")).counts
    assert (rich["GT"], rich["FN"]) == (4, 2)


def test_other_tracks_of_a_release_come_from_its_richest_rendering(tmp_path):
    labels = write_release(tmp_path)
    document = write_document(tmp_path / "20.json", [[0, 0, 20, 40], [100, 0, 120, 40]], action=1)
    inputs = load_inputs(labels, document, CONFIG)
    found = evaluate(inputs.truth, inputs.results, CONFIG, boxes=inputs.boxes).tracks
    assert found["4"].pooled.counts["instances"] == 2  # both persons of sampled frame 0
    assert found["1"].pooled.counts["GT"] == 2


def test_a_sequence_without_text_is_noted(tmp_path):
    labels = write_release(tmp_path)
    extra = labels / "all-track" / "21"
    extra.mkdir()
    (extra / "000000.xml").write_text("<annotation></annotation>")
    results = tmp_path / "results"
    results.mkdir()
    for name in ("20", "21"):
        write_document(results / f"{name}.json", [[0, 0, 20, 40]], frames=1)
    inputs = load_inputs(labels, results, CONFIG)
    assert inputs.notes == ("no Track-1 text of 21: nobody is ignored there",)


def test_text_alone_is_no_release(tmp_path):
    labels = write_release(tmp_path)
    document = write_document(tmp_path / "20.json", [[0, 0, 20, 40]], frames=2)
    inputs = load_inputs(labels / "track1", document, CONFIG)
    assert inputs.boxes is None
    assert len(inputs.truth["20"].frames) == 2


def test_ava_truth_takes_its_size_from_the_documents(tmp_path):
    (tmp_path / "gt.csv").write_text("v,0,0,0,0.1,0.4,3,0\nv,20,0,0,0.1,0.4,3,0\n")
    document = write_document(tmp_path / "v.json", [[0, 0, 20, 40]], frames=21, action=2)
    assert figures(tmp_path / "gt.csv", document, "4").scalars["f_mAP@avg"] == 1.0


def test_ava_stamps_in_seconds(tmp_path):
    (tmp_path / "gt.csv").write_text("v,0,0,0,0.1,0.4,3,0\nv,0.8,0,0,0.1,0.4,3,0\n")
    document = write_document(tmp_path / "v.json", [[0, 0, 20, 40]], frames=21, action=2)
    with pytest.raises(InputError, match=r"line 2: timestamp 0\.8 .*ava_stamps=seconds"):
        load_inputs(tmp_path / "gt.csv", document, CONFIG)
    config = EvalConfig(ava_stamps="seconds")  # 0.8 s at 25 a second: frame 20
    result = figures(tmp_path / "gt.csv", document, "4", config)
    assert (result.counts["instances"], result.scalars["f_mAP@avg"]) == (2, 1.0)


def test_ava_results_take_their_size_from_the_truth(tmp_path):
    (tmp_path / "found.csv").write_text("v,0,0,0,0.1,0.4,3,0.5\n")
    (tmp_path / "0.txt").write_text("0,0,0,0,20,40,1,-1,-1,-1\n")
    (item,) = load_inputs(_sized(tmp_path), tmp_path / "found.csv", CONFIG).results["v"]
    np.testing.assert_allclose(item.people.boxes, [[0, 0, 20, 40]], atol=1e-5)
    with pytest.raises(InputError, match=r"found\.csv: v: AVA boxes are fractions .* --size"):
        load_inputs(tmp_path / "0.txt", tmp_path / "found.csv", CONFIG).results["0"]


def _sized(tmp_path):
    """Truth in pixels that states its image size."""
    folder = tmp_path / "all" / "v"
    folder.mkdir(parents=True)
    size = "<size><width>200</width><height>100</height></size>"
    person = OBJECT.format(i=0, x=0, x2=20, action="standing-alone")
    (folder / "000000.xml").write_text(f"<annotation>{size}{person}</annotation>")
    return folder


def test_ava_truth_needs_somebody_who_knows_the_size(tmp_path):
    (tmp_path / "gt.csv").write_text("v,0,0,0,0.1,0.4,3,0\n")
    (tmp_path / "0.txt").write_text("0,0,0,0,20,40,0.5,-1,-1,-1\n")
    inputs = load_inputs(tmp_path / "gt.csv", tmp_path / "0.txt", CONFIG)
    with pytest.raises(InputError, match=r"whose size .* does not state; give stage documents"):
        inputs.truth["v"]


def test_a_coco_list_of_results_is_for_the_images_of_the_truth(tmp_path):
    person = {"id": 1, "name": "person"}
    box = {"image_id": 7, "category_id": 1, "bbox": [0, 0, 20, 40]}
    images = [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "b.jpg"}]
    truth = {"images": images, "annotations": [{"id": 1, **box}], "categories": [person]}
    (tmp_path / "set.json").write_text(json.dumps(truth))
    (tmp_path / "found.json").write_text(json.dumps([{**box, "score": 0.5}]))
    found = figures(tmp_path / "set.json", tmp_path / "found.json", "detection")
    assert (found.counts["frames"], found.counts["GT"], found.scalars["AP"]) == (2, 1, 1.0)


def test_a_document_of_a_part_of_its_video_is_noted(tmp_path):
    whole = write_document(tmp_path / "a.json", [[0, 0, 20, 40]], frames=10)
    part = write_document(tmp_path / "b.json", [[0, 0, 20, 40]], frames=10, part=(0, 4, 2))
    assert load_inputs(whole, whole, CONFIG).notes == ()
    assert load_inputs(whole, part, CONFIG).notes == (
        "b: the document covers 2 of the video's 10 frames (20%); "
        "the others count as frames without anybody",
    )


def test_two_single_files_need_no_common_name():
    assert same_name({"gt": 1}, {"clip": "found"}) == {"gt": "found"}
    two = {"a": 1, "b": 2}
    assert same_name(two, {"c": 3}) == {"c": 3}
