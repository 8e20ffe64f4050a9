"""A long video in segments: its documents are the bytes of an undivided run."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.formats.documents.document import Document
from hie_cli.pipeline import networks, run_records, segment_parts
from hie_cli.pipeline.job import Setup, VideoJob
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.segment_job import LEAST_FRAMES, BatchSegments, SegmentJob, run_any, split
from hie_cli.pipeline.settings import ChainConfig, load_chain
from hie_cli.pipeline.status import status
from hie_cli.pipeline.video_batch import parse_segment_frames
from hie_cli.video.frame_range import FrameRange
from tests.support import fakes
from tests.support.batches import files, run_on_cpu
from tests.support.films import walkers, write_film

FRAMES = 110
# Short blocks, so that a short clip can be parted.
CONFIG = load_chain(None, [], ["detect.segment=20", "pose.window=4", "refine.frames=2"])


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """Two squares that walk past each other, one of them flickering."""
    images = (walkers(t, 2, sway=t % 3, lower=t % 11 > 0) for t in range(FRAMES))
    return write_film(tmp_path_factory.mktemp("clip") / "walkers.avi", images)


@pytest.fixture(scope="module")
def whole(clip, tmp_path_factory):
    """The documents of an undivided run, made once for each (frames, config, until)."""
    made: dict[object, dict[str, bytes]] = {}

    def documents(frames=None, config=CONFIG, until="track") -> dict[str, bytes]:
        key = frames, repr(config), until
        if key not in made:
            out = tmp_path_factory.mktemp("whole")
            run(clip, out, frames, config, until)
            made[key] = files(out)
        return made[key]

    return documents


@pytest.fixture
def variable(tmp_path) -> Path:
    """A square that walks, in a file without an index, at 10 and at 5 frames a second by turns."""
    av = pytest.importorskip("av", reason="needs PyAV: pip install 'hie[video]'")
    path = tmp_path / "variable.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        shown = 0
        for t in range(90):
            image = np.zeros((240, 320, 3), np.uint8)
            image[40:140, 20 + 2 * t : 60 + 2 * t] = 255
            frame = av.VideoFrame.from_ndarray(image, "bgr24")
            frame.pts, frame.time_base = shown, Fraction(1, 1000)
            shown += 200 if t // 20 % 2 else 100
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def run(clip: Path, out: Path, frames=None, config=CONFIG, until="track", **given) -> dict:
    place = OutputDir(out, given.pop("overwrite", False), given.pop("resume", False))
    (record,) = run_on_cpu([clip], place, until, config, frames=frames or FrameRange(), **given)
    return record


@pytest.mark.parametrize(
    ("frames", "length"),
    [
        (FrameRange(), 27),
        (FrameRange(), 70),
        (FrameRange(7, 101), 40),
        (FrameRange(3, None, 2), 30),
        (FrameRange(begin=2.0, until=9.5), 40),
    ],
    ids=["short", "long", "range", "stride", "time"],
)
def test_documents_are_the_bytes_of_an_undivided_run(
    clip, tmp_path, squares, whole, length, frames
):
    record = run(clip, tmp_path, frames, until="action", segment_frames=length)
    assert record["segments"] > 1
    assert len(files(tmp_path)) == 4
    assert files(tmp_path) == whole(frames, until="action")
    assert not (tmp_path / ".segments").exists()


@pytest.mark.parametrize("frames", [FrameRange(), FrameRange(begin=2.5, until=11.0)])
def test_a_variable_rate_is_that_of_the_whole_video(variable, tmp_path, squares, frames):
    run(variable, tmp_path / "whole", frames)
    record = run(variable, tmp_path / "parts", frames, segment_frames=30)
    assert record["segments"] > 1
    assert files(tmp_path / "parts") == files(tmp_path / "whole")
    fps = Document(tmp_path / "parts" / "detect" / "variable.json").header.video.fps
    assert 6 < fps < 9  # neither of the two rates


@pytest.mark.parametrize(
    "sets",
    [["order=track-first"], ["refine.method=one-euro"], ["detect.batch=3"]],
    ids=["track-first", "all before", "batches"],
)
def test_whatever_stages_can_be_parted(clip, tmp_path, squares, whole, sets):
    config = load_chain(None, [], ["detect.segment=20", "pose.window=4", *sets])
    assert run(clip, tmp_path, config=config, until="pose", segment_frames=50)["segments"] == 3
    assert files(tmp_path) == whole(config=config, until="pose")


@pytest.mark.parametrize("until", ["detect", "pose"])
def test_a_run_that_ends_with_what_is_parted(clip, tmp_path, squares, whole, until):
    run(clip, tmp_path, until=until, segment_frames=50)
    assert files(tmp_path) == whole(until=until)


@pytest.mark.parametrize("stop", [1, 71, 200])
def test_an_interrupted_run_goes_on_with_what_its_segments_hold(
    clip, tmp_path, squares, whole, monkeypatch, stop
):
    expected = whole()
    failing = fakes.models(fail_at_call=stop)
    monkeypatch.setattr(networks, "_detector", lambda *_: failing.detectors[0])
    with pytest.raises(KeyboardInterrupt):
        run(clip, tmp_path / "cut", segment_frames=50)
    assert not files(tmp_path / "cut")
    (found,) = status(tmp_path / "cut")
    assert (found.name, found.state) == ("walkers", "interrupted")
    again = fakes.models()
    monkeypatch.setattr(networks, "_detector", lambda *_: again.detectors[0])
    run(clip, tmp_path / "cut", segment_frames=50, retry_failed=True, resume=True)
    assert files(tmp_path / "cut") == expected
    # Each frame is looked at twice, whole and in tiles. Twice run: twelve frames at each of two
    # places to part, and the two blocks at most in which it stopped.
    total = failing.detectors[0].calls + again.detectors[0].calls
    assert total <= 2 * (FRAMES + 2 * 12 + 2 * 20)


def test_a_run_begun_undivided_goes_on_in_segments_and_the_other_way_round(
    clip, tmp_path, squares, whole, monkeypatch
):
    expected = whole()
    for first, then in ((0, 50), (50, 0)):
        out = tmp_path / f"cut-{first}"
        failing = fakes.models(fail_at_call=130)
        monkeypatch.setattr(networks, "_detector", lambda *_, m=failing: m.detectors[0])
        with pytest.raises(KeyboardInterrupt):
            run(clip, out, segment_frames=first)
        monkeypatch.setattr(networks, "_detector", lambda *_: fakes.models().detectors[0])
        run(clip, out, segment_frames=then, resume=True)
        assert files(out) == expected
        assert not (out / ".segments").exists()


def test_a_segment_that_fails_leaves_its_frames_to_the_video(
    clip, tmp_path, squares, whole, monkeypatch
):
    expected = whole()
    good = segment_parts.write_told

    def failing(part, record):
        if not part.folder.name.startswith("0-"):
            raise ConfigError("planted")
        good(part, record)

    monkeypatch.setattr(segment_parts, "write_told", failing)
    record = run(clip, tmp_path / "parts", segment_frames=50)
    assert record["status"] == "ok"
    assert files(tmp_path / "parts") == expected


def test_a_cut_off_video_fails_with_the_error_of_an_undivided_run(tmp_path, squares):
    greys = (np.full((48, 64, 3), t, np.uint8) for t in range(FRAMES))
    path = write_film(tmp_path / "cut.avi", greys)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    whole = run(path, tmp_path / "whole")
    parts = run(path, tmp_path / "parts", segment_frames=50)
    assert whole["status"] == parts["status"] == "failed"
    assert whole["error"] == parts["error"]


def test_finished_videos_are_not_run_again_and_overwrite_makes_them_anew(clip, tmp_path, squares):
    out = tmp_path / "out"
    run(clip, out, segment_frames=50)
    before, calls = files(out), squares.detectors[0].calls
    assert run(clip, out, segment_frames=50, resume=True)["kept"]
    assert squares.detectors[0].calls == calls
    (out / "track" / "walkers.json").write_text("another program's")
    run(clip, out, segment_frames=50, overwrite=True)
    assert files(out) == before
    assert squares.detectors[0].calls >= 2 * calls


def test_a_video_that_somebody_is_at_is_left_alone(clip, tmp_path, squares):
    out = OutputDir(tmp_path / "out")
    with run_records.hold(out, "walkers"):
        record = run(clip, out.folder, segment_frames=50)
    assert record["exit_code"] == 2
    assert "is being written by process" in record["error"]
    assert not (out.folder / ".segments").exists()


def test_what_the_segments_took_is_counted(clip, tmp_path, squares):
    record = run(clip, tmp_path, segment_frames=50)
    assert (record["frames"], record["segments"]) == (FRAMES, 3)
    assert record["stage_seconds"]["detect"] > 0
    assert record["network_seconds"] > 0
    assert record["frames_per_second"] == pytest.approx(FRAMES / record["seconds"], rel=0.01)


def job(path: Path, out: Path) -> VideoJob:
    setup = Setup(("detect", "pose", "track"), OutputDir(out), ChainConfig(), "cpu", recorded=True)
    return VideoJob(path, FrameRange(), setup, path.stem)


def test_videos_are_parted_by_themselves_where_workers_would_be_idle(tmp_path, squares):
    long = tmp_path / "long.avi"
    write_film(long, [np.zeros((32, 32, 3), np.uint8)] * (2 * LEAST_FRAMES + 500), 25.0)
    one, two = job(long, tmp_path / "out"), job(tmp_path / "none.mp4", tmp_path / "out")

    def parts(jobs, length, slots):
        found = BatchSegments(length, slots, len(jobs))
        with found:
            return [len(found.begin(each)) for each in jobs]

    assert parts([one], None, 1) == [0]
    assert parts([one], None, 2) == [2]
    assert parts([one], None, 8) == [3]  # none shorter than LEAST_FRAMES, but for a place to part
    assert parts([one, two], None, 4) == [2, 0]  # the missing one fails by itself
    assert parts([one, two], None, 2) == [0, 0]
    assert parts([one], 0, 8) == [0]
    assert parts([one], 500, 1) == [5]


def test_a_segment_that_was_interrupted_goes_on(clip, tmp_path, squares, whole):
    expected = whole(until="pose")
    setup = Setup(("detect", "pose"), OutputDir(tmp_path / "out"), CONFIG, "cpu", recorded=True)
    parted = split(VideoJob(clip, FrameRange(), setup, "walkers"), 50, 1)
    segments = [SegmentJob(parted, parted.split, each) for each in parted.split.segments]
    squares.detectors[0]._fail_at_call = squares.detectors[0].calls + 30
    with pytest.raises(KeyboardInterrupt):
        run_any(segments[1])
    for each in segments:
        assert run_any(each)["status"] == "ok"
    assert run_any(parted)["status"] == "ok"
    assert files(tmp_path / "out") == expected


def test_other_settings_do_not_take_the_segments(clip, tmp_path, squares, whole, monkeypatch):
    failing = fakes.models(fail_at_call=120)
    monkeypatch.setattr(networks, "_detector", lambda *_: failing.detectors[0])
    with pytest.raises(KeyboardInterrupt):
        run(clip, tmp_path / "cut", segment_frames=50)
    assert list((tmp_path / "cut").glob(".segments/walkers/*/*/segment.json"))
    monkeypatch.setattr(networks, "_detector", lambda *_: fakes.models().detectors[0])
    other = replace(CONFIG, detect=replace(CONFIG.detect, min_score=0.3))
    expected = whole(config=other)
    run(clip, tmp_path / "cut", config=other, segment_frames=50, resume=True)
    assert files(tmp_path / "cut") == expected


def test_the_option():
    assert (parse_segment_frames("auto"), parse_segment_frames("0")) == (None, 0)
    assert parse_segment_frames("3000") == 3000
    for wrong in ("-1", "many", "", "1e3"):
        with pytest.raises(ConfigError, match=r"--segment-frames .*auto, or a number"):
            parse_segment_frames(wrong)
