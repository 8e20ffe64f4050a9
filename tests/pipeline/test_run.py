"""The chain in one process against its stages one by one, and against an interrupted run."""

from pathlib import Path

import pytest

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.formats.documents.document import Document
from hie_cli.pipeline.document_inputs import find_documents, match_video, open_video
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.run import run_document, run_video
from hie_cli.pipeline.settings import STAGES, ChainConfig, load_chain, stages_until
from hie_cli.video.frame_range import FrameRange
from hie_cli.video.sources import VideoSource
from tests.support import fakes
from tests.support.batches import files
from tests.support.films import walkers, write_film

FRAMES = 70
TRACK_FIRST = stages_until("action", "track-first")


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """Two bright squares that walk past each other on black."""
    path = tmp_path_factory.mktemp("clip") / "walkers.avi"
    return write_film(path, (walkers(t) for t in range(FRAMES)))


def run(clip: Path, out: Path, stages=STAGES, models=None, **place) -> None:
    source = VideoSource(clip)
    run_video(source, stages, OutputDir(out, **place), ChainConfig(), models or fakes.models())


def test_run_writes_every_stage(clip, tmp_path):
    run(clip, tmp_path)
    written = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.*"))
    assert written == [
        "action/walkers.json",
        "detect/walkers.json",
        "pose/walkers.json",
        "render/walkers.mp4",
        "render/walkers.png",
        "track/walkers.json",
    ]
    tracks = list(Document(tmp_path / "track" / "walkers.json"))
    assert len(tracks) == FRAMES
    ids = {i for item in tracks for i in item.people.track_ids.tolist()}
    assert len(ids) == 2


def test_the_files_of_run_equal_those_of_the_separate_commands(clip, tmp_path):
    run(clip, tmp_path / "run", STAGES[:4])
    config, apart = ChainConfig(), tmp_path / "apart"
    run(clip, apart, ("detect",))
    for before, stage in (("detect", "pose"), ("pose", "track"), ("track", "action")):
        document = Document(apart / before / "walkers.json")
        source = None if stage == "action" else open_video(document, clip, None)
        run_document(document, source, stage, OutputDir(apart), config, fakes.models())
    assert files(tmp_path / "run") == files(apart)


@pytest.mark.parametrize("stages", [STAGES[:4], TRACK_FIRST], ids=["poses", "identities"])
@pytest.mark.parametrize("stop", [1, 10, 51, 69])
def test_an_interrupted_run_resumes_to_the_same_bytes(clip, tmp_path, stop, stages):
    run(clip, tmp_path / "whole", stages)
    with pytest.raises(KeyboardInterrupt):
        run(clip, tmp_path / "cut", stages, fakes.models(fail_at_call=stop))
    assert not files(tmp_path / "cut"), "nothing unfinished may be published"
    again = fakes.models()
    run(clip, tmp_path / "cut", stages, again, resume=True)
    assert files(tmp_path / "cut") == files(tmp_path / "whole")
    # Only the segment in which it stopped is looked at again (and its probe).
    segment = ChainConfig().detect.segment
    assert again.detectors[0].calls <= FRAMES - (stop - 1) // segment * segment + 2


@pytest.mark.parametrize("stop", [1, 3, 9])
def test_a_run_interrupted_in_its_poses_resumes_to_the_same_bytes(clip, tmp_path, stop):
    """Detections are kept, identities made again from them, and poses go on where they stopped."""
    run(clip, tmp_path / "whole", TRACK_FIRST)
    models = fakes.models()
    estimate, calls = models.pose.estimate, []

    def failing(*given, **named):
        calls.append(given)
        if len(calls) == stop:
            raise KeyboardInterrupt
        return estimate(*given, **named)

    models.pose.estimate = failing
    with pytest.raises(KeyboardInterrupt):
        run(clip, tmp_path / "cut", TRACK_FIRST, models)
    begun = files(tmp_path / "cut")
    assert "detect/walkers.json" in begun
    assert "pose/walkers.json" not in begun
    again = fakes.models()
    run(clip, tmp_path / "cut", TRACK_FIRST, again, resume=True)
    assert files(tmp_path / "cut") == files(tmp_path / "whole")
    assert again.detectors[0].calls == 0


def test_resume_keeps_finished_documents(clip, tmp_path):
    run(clip, tmp_path, ("detect",))
    before = files(tmp_path)
    again = fakes.models()
    run(clip, tmp_path, ("detect", "pose"), again, resume=True)
    assert files(tmp_path)["detect/walkers.json"] == before["detect/walkers.json"]
    assert again.detectors[0].calls == 0


def test_resume_refuses_results_of_other_settings(clip, tmp_path):
    run(clip, tmp_path, ("detect",))
    other = load_chain(None, [], ["detect.min_score=0.3"])
    with pytest.raises(ConfigError, match=r"walkers\.json: .*other settings"):
        run_video(
            VideoSource(clip), ("detect",), OutputDir(tmp_path, resume=True), other, fakes.models()
        )


@pytest.mark.parametrize("stages", [STAGES[:4], TRACK_FIRST], ids=["poses", "identities"])
def test_a_frame_range_is_kept_by_every_stage(clip, tmp_path, stages):
    source = VideoSource(clip, FrameRange(10, 40, 3))
    run_video(source, stages, OutputDir(tmp_path), ChainConfig(), fakes.models())
    for stage in STAGES[:4]:
        document = Document(tmp_path / stage / "walkers.json")
        assert [item.index for item in document] == list(range(10, 40, 3))
        assert document.header.frames == (10, 40, 3)


def test_a_document_of_another_video_is_refused(clip, tmp_path, make_video):
    run(clip, tmp_path, ("detect",))
    document = Document(tmp_path / "detect" / "walkers.json")
    other = make_video("other.avi")
    with pytest.raises(InputError, match="is of video 'walkers', but --video names other"):
        match_video(document, [other])
    with pytest.raises(ConfigError, match="needs its video; give it with --video"):
        match_video(document, [])
    small = make_video("walkers.avi", frames=FRAMES)
    with pytest.raises(InputError, match=r"is of a 320x240 video, .* is 64x48"):
        open_video(document, small, None)
    short = make_video("walkers.avi", frames=30, size=(320, 240))
    with pytest.raises(InputError, match=r"is of a video of 70 frames, .* has 30"):
        open_video(document, short, None)


def test_actions_need_identities(clip, tmp_path):
    run(clip, tmp_path, ("detect",))
    document = Document(tmp_path / "detect" / "walkers.json")
    with pytest.raises(InputError, match="people have no track_id; run hie track first"):
        run_document(document, None, "action", OutputDir(tmp_path), ChainConfig(), fakes.models())
    assert not (tmp_path / "action" / "walkers.json").exists()


def test_existing_results_are_not_overwritten_silently(tmp_path):
    path = tmp_path / "detect" / "a.json"
    path.parent.mkdir()
    path.write_text("precious")
    with pytest.raises(ConfigError, match=r"a\.json: exists already; --overwrite replaces it"):
        OutputDir(tmp_path).check([path])
    OutputDir(tmp_path, overwrite=True).check([path])
    OutputDir(tmp_path, resume=True).check([path])


def test_find_documents(tmp_path):
    with pytest.raises(InputError, match=r"holds no NAME\.json"):
        find_documents([str(tmp_path)])
    (tmp_path / "b.json").touch()
    (tmp_path / "a.json").touch()
    (tmp_path / ".a.json.partial").touch()
    assert [p.name for p in find_documents([str(tmp_path)])] == ["a.json", "b.json"]
    with pytest.raises(InputError, match="no such document"):
        find_documents([str(tmp_path / "c.json")])
