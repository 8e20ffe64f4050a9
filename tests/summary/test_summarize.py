"""Summaries of small planted videos: what is chosen, what is written, and what is refused."""

import json

import cv2
import numpy as np
import pytest

from hie_cli import ConfigError, InputError, summarize
from hie_cli.cli.app import run
from hie_cli.core.action_classes import NUM_ACTIONS, action_index
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.writer import DocumentWriter
from hie_cli.summary.results import ScoredShot
from hie_cli.summary.timeline import write_timeline
from tests.support.films import film

FPS, FRAMES = 10.0, 200


def document(path, name="calm", frames=FRAMES, event=(120, 140), shown=None, size=(128, 96)):
    """An action document: two people stand; in ``event`` a third one is there and they fight."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with DocumentWriter(
        path, Header("action", VideoInfo(name, size[0], size[1], FPS, frames))
    ) as writer:
        for t in range(shown or frames):
            inside = event[0] <= t < event[1]
            count = 3 if inside else 2
            boxes = np.array([[10 + 30 * k, 20, 25 + 30 * k, 70] for k in range(count)], float)
            actions = np.full((count, NUM_ACTIONS), 0.01)
            actions[:, action_index("fighting" if inside else "standing-alone")] = 0.9
            ids = np.arange(count)
            writer.write(
                FramePeople(t, People(boxes, np.full(count, 0.9), ids, None, None, actions))
            )
    return path


@pytest.fixture
def calm(tmp_path):
    """Twenty seconds of one scene, its people in a document."""
    path = film(tmp_path / "calm.avi", (1, 60), frames=FRAMES)
    return path, document(tmp_path / "action" / "calm.json")


def test_the_event_is_chosen_and_told(calm, tmp_path):
    video, people = calm
    done = summarize(video, output=tmp_path / "out", documents=people)
    (made,) = done.made
    chosen = np.concatenate([np.arange(s.first, s.last + 1) for s in made.chosen])
    assert np.isin(np.arange(120, 140), chosen).mean() > 0.8
    assert len(chosen) <= 0.15 * FRAMES
    best = max(made.chosen, key=lambda shot: shot.score)
    assert best.why[0].startswith("fighting 0.9")
    assert "3 people, usually 2" in best.why
    assert [s.first for s in made.shots] == [0, *(s.last + 1 for s in made.shots[:-1])]
    assert made.shots[-1].last == FRAMES - 1

    place = tmp_path / "out" / "calm"
    record = json.loads((place / "summary.json").read_text())
    assert record["shots"][0]["frames"][0] == 0
    assert sum(s["end"] - s["start"] for s in record["shots"] if s["chosen"]) == pytest.approx(
        record["seconds"]
    )
    capture = cv2.VideoCapture(str(place / "summary.mp4"))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == len(chosen)
    capture.release()
    names = {p.name for p in (place / "key-frames").iterdir()}
    assert names == {f"{shot.key_frame:06d}.png" for shot in made.chosen}
    assert cv2.imread(str(place / "timeline.png")).shape[1] == 1200
    assert set(made.files) == {p for p in place.rglob("*") if p.is_file()}


def test_every_scene_is_seen_where_only_pictures_count(tmp_path):
    path = film(tmp_path / "a.avi", (1, 0), (2, 60), (3, 120), frames=60)
    made = summarize(path, output=tmp_path / "out", method="ctvsum", share=0.5).made[0]
    borders = {shot.first for shot in made.shots}
    assert any(abs(first - 60) <= 5 for first in borders)
    assert any(abs(first - 120) <= 5 for first in borders)
    assert made.parts == {}


def test_one_shot_and_hardly_a_frame(tmp_path):
    """A video shorter than a sample's stride still gives what fits its share."""
    path = film(tmp_path / "short.avi", (1, 0), frames=8)
    made = summarize(path, output=tmp_path / "out", method="ctvsum", share=0.3).made[0]
    assert sum(shot.length for shot in made.chosen) == 2  # floor(.3 * 8)
    with pytest.raises(InputError, match=r"short: --share 0.1 of 8 frames is less than one frame"):
        summarize(path, output=tmp_path / "other", method="ctvsum", share=0.1)
    assert not (tmp_path / "other" / "short").exists()


def test_unreadable_videos_are_told_and_the_others_made(calm, tmp_path, capsys):
    bad = tmp_path / "bad.avi"
    bad.write_bytes(b"no video")
    arguments = ["summarize", str(bad), str(calm[0]), "-o", str(tmp_path / "out"), "--json"]
    assert run([*arguments, "--documents", str(calm[1])]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [v["video"] for v in told["videos"]] == ["calm"]
    assert told["failed"][0]["name"] == "bad"
    assert told["failed"][0]["exit_code"] == 3
    with pytest.raises(InputError, match=r"bad\.avi"):
        summarize(bad, output=tmp_path / "none", method="ctvsum")


def test_documents_of_other_videos_are_refused(calm, tmp_path):
    other = document(tmp_path / "other" / "calm.json", frames=150)
    with pytest.raises(InputError, match="is of a video of 150 frames, calm has 200"):
        summarize(calm[0], output=tmp_path / "out", documents=other)
    assert not (tmp_path / "out" / "calm").exists()


def test_documents_of_no_given_video_are_refused(calm, tmp_path):
    (tmp_path / "z.json").touch()
    with pytest.raises(InputError, match=r"z\.json: is of video 'z', which is not among those"):
        summarize(calm[0], output=tmp_path / "out", documents=tmp_path / "z.json")
    (tmp_path / "calm.json").touch()
    with pytest.raises(InputError, match=r"calm\.json: .*empty file"):
        summarize(calm[0], output=tmp_path / "out", documents=tmp_path / "calm.json")


def test_an_empty_document_says_nothing(calm, tmp_path):
    """Nobody in any frame: the pictures alone decide."""
    path = tmp_path / "empty" / "calm.json"
    path.parent.mkdir()
    with DocumentWriter(path, Header("track", VideoInfo("calm", 128, 96, FPS, FRAMES))) as writer:
        for t in range(FRAMES):
            writer.write(FramePeople(t, People.empty()))
    made = summarize(calm[0], output=tmp_path / "out", documents=path).made[0]
    assert made.chosen
    assert np.isfinite(made.scores).all()


def test_results_are_not_replaced_unasked(calm, tmp_path):
    how = {"output": tmp_path / "out", "documents": calm[1]}
    first = summarize(calm[0], **how).made[0]
    with pytest.raises(ConfigError, match=r"summary.json: already there"):
        summarize(calm[0], **how)
    again = summarize(calm[0], share=0.3, overwrite=True, **how).made[0]
    assert again.seconds > first.seconds
    names = {p.name for p in (tmp_path / "out" / "calm" / "key-frames").iterdir()}
    assert names == {f"{shot.key_frame:06d}.png" for shot in again.chosen}


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_an_interrupted_call_goes_on_where_it_was(calm, tmp_path, monkeypatch):
    """What is finished is kept, untouched; in the end all is as after one uninterrupted call."""
    other = film(tmp_path / "other.avi", (2, 10), (3, 90), frames=60)
    how = {"method": "ctvsum", "share": 0.3}
    videos = [calm[0], other]
    summarize(videos, output=tmp_path / "whole", **how)

    def interrupted(path, summary, pictures):
        if summary.name == "other":
            raise KeyboardInterrupt
        write_timeline(path, summary, pictures)

    with monkeypatch.context() as patch:
        patch.setattr("hie_cli.summary.summarize.write_timeline", interrupted)
        with pytest.raises(KeyboardInterrupt):
            summarize(videos, output=tmp_path / "out", **how)
    with pytest.raises(ConfigError, match=r"summary.json: already there; --resume"):
        summarize(videos, output=tmp_path / "out", **how)
    kept = tmp_path / "out" / "calm" / "summary.json"
    before = kept.stat().st_mtime_ns
    done = summarize(videos, output=tmp_path / "out", resume=True, **how)
    assert kept.stat().st_mtime_ns == before
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    # What is kept is told as what is made.
    again = summarize(videos, output=tmp_path / "out", resume=True, **how)
    assert [one.record() for one in again.made] == [one.record() for one in done.made]
    assert [one.files for one in again.made] == [one.files for one in done.made]


@pytest.mark.parametrize("change", ["share", "video", "document", "files", "record"])
def test_what_is_of_other_input_is_made_anew(calm, tmp_path, change):
    video, people = calm
    how = {"output": tmp_path / "out", "documents": people}
    first = summarize(video, **how).made[0]
    place = tmp_path / "out" / "calm"
    if change == "share":
        how["share"] = 0.3
    elif change == "video":
        film(video, (2, 60), frames=FRAMES)
    elif change == "document":
        document(people, event=(40, 60))
    elif change == "files":
        (place / "timeline.png").unlink()
    else:
        (place / "summary.json").write_text('{"shots": 3}')
    again = summarize(video, resume=True, **how).made[0]
    assert (place / "timeline.png").is_file()
    assert json.loads((place / "summary.json").read_text()) == again.record()
    same = again.record() == first.record()
    assert same == (change in ("files", "record"))


def test_resume_and_overwrite_exclude_each_other(calm, tmp_path):
    with pytest.raises(ConfigError, match="exclude each other"):
        summarize(calm[0], output=tmp_path / "out", resume=True, overwrite=True)


def test_a_full_disk_leaves_nothing_half_written(calm, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hie_cli.rendering.encoder.os.replace", full)
    with pytest.raises(ConfigError, match="No space left on device"):
        summarize(calm[0], output=tmp_path / "out", documents=calm[1])
    assert not [p for p in (tmp_path / "out").rglob("*") if p.is_file()]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "crwd"}, "did you mean 'crowd'"),
        ({"method": "/"}, "holds no summariser"),
        ({"share": 0}, "--share 0"),
        ({"share": float("nan")}, "--share nan"),
        ({"rate": 0}, "--rate 0"),
        ({"longest": -1}, "--longest -1"),
    ],
)
def test_settings_that_make_no_sense(tmp_path, arguments, message):
    with pytest.raises(ConfigError, match=message):
        summarize(tmp_path / "a.avi", output=tmp_path / "out", **arguments)


def test_people_are_detected_where_no_document_says(sample_clip, tmp_path):
    from hie_cli.retrieval.features import Describer
    from hie_cli.summary.crowd import signals_of_detections
    from hie_cli.summary.samples import sample_video
    from hie_cli.summary.summarize import detector

    samples = sample_video(sample_clip, Describer(), 0.4, detector("cpu"))
    found = signals_of_detections(samples)
    assert len(samples) == 4
    assert found.people.min() >= 3


def test_a_shot_knows_its_length():
    assert ScoredShot(3, 5, 0.5, True, 4).length == 3
