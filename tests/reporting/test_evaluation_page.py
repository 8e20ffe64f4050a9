import cv2
import numpy as np
import pytest

import hie_cli
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.writer import DocumentWriter

FRAMES = 12


def results(folder, shift):
    """One person with identity, pose and action, ``shift`` pixels off."""
    folder.mkdir()
    with DocumentWriter(
        folder / "a<b>.json", Header("action", VideoInfo("a<b>", 64, 48, 10.0, FRAMES))
    ) as writer:
        for t in range(FRAMES):
            box = np.array([[10.0 + t + shift, 5, 22 + t + shift, 45]])
            joints = box[:, None, :2] + np.linspace(0, 1, 14)[:, None] * (12, 40)
            people = People(box, np.ones(1), [1], joints, np.ones((1, 14)), np.eye(14)[[10]])
            writer.write(FramePeople(t, people))
    return folder


@pytest.fixture
def place(tmp_path):
    results(tmp_path / "good", 0.5)
    results(tmp_path / "bad", 20)
    results(tmp_path / "gt", 0)
    return tmp_path


def test_tables_curves_confusion_and_worst_frames(place):
    report = hie_cli.evaluate(place / "bad", place / "gt", worst=3)
    path = hie_cli.write_evaluation(report, place / "x.html")
    text = path.read_text(encoding="utf-8")
    assert "Track 1: HOTA over alpha" in text
    assert "Confusion" in text
    assert "a&lt;b&gt;, frame 0: 1 missed, 1 false" in text
    assert "a&lt;b&gt;, frame 10: 1 missed, 1 false" in text
    assert 'class="b-missed" x="10.0" y="5.0" width="12.0" height="40.0"' in text
    assert "With --video" in text
    assert "<b>" not in text


def test_pixels_behind_the_worst_frames(place):
    (place / "clips").mkdir()
    codec = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(place / "clips" / "a<b>.avi"), codec, 10.0, (64, 48))
    for _ in range(FRAMES):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    report = hie_cli.evaluate(place / "bad", place / "gt", track=1, worst=1)
    path = hie_cli.write_evaluation(report, place / "x.html", video=[str(place / "clips")])
    text = path.read_text(encoding="utf-8")
    assert '<image href="data:image/jpeg;base64,' in text
    assert "With --video" not in text


def test_no_error_no_frame(place):
    report = hie_cli.evaluate(place / "good", place / "gt", worst=3)
    text = hie_cli.write_evaluation(report, place / "x.html").read_text(encoding="utf-8")
    assert "Worst frames" not in text


def test_two_results_side_by_side(place):
    both = hie_cli.compare(place / "good", place / "bad", place / "gt", worst=1)
    text = hie_cli.write_evaluation(both, place / "x.html").read_text(encoding="utf-8")
    assert "A against B" in text
    assert '<td class="num">100.00</td>' in text
    assert text.index("A Track 1") < text.index("B Track 1")
