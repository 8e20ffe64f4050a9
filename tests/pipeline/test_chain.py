"""The chain in memory: what it gives equals what the documents hold, and nothing is written."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import hie_cli
from hie_cli.cli.app import run as cli
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.types import FramePeople, VideoInfo
from hie_cli.formats.documents.document import Document
from hie_cli.pipeline import chain, single_stages
from hie_cli.pipeline.document_inputs import match_video
from hie_cli.pipeline.settings import ChainConfig, load_chain
from hie_cli.pipeline.video_selection import Selection
from hie_cli.video.frame_range import FrameRange

ONLINE = load_chain(None, [], ["track.online=true"])


def pictures(count: int = 16) -> list[np.ndarray]:
    """Two bright squares that walk past each other on black."""
    made = []
    for t in range(count):
        image = np.zeros((120, 160, 3), np.uint8)
        image[20:60, 10 + 2 * t : 30 + 2 * t] = 255
        image[60:110, 120 - 2 * t : 145 - 2 * t] = 255
        made.append(image)
    return made


@pytest.fixture(autouse=True)
def unchecked(squares, monkeypatch):
    monkeypatch.setattr(chain, "check_models", lambda *_: None)


@pytest.fixture
def clip(tmp_path) -> Path:
    folder = tmp_path / "walkers"
    folder.mkdir()
    for t, image in enumerate(pictures()):
        cv2.imwrite(str(folder / f"{t}.png"), image)
    return folder


def people(items) -> list[FramePeople]:
    return [FramePeople(item.index, item.people) for item in items]


def same(found, expected) -> None:
    for a, b in zip(found, expected, strict=True):
        assert a.index == b.index
        for name in ("boxes", "scores", "track_ids", "keypoints", "action_scores"):
            x, y = getattr(a.people, name), getattr(b.people, name)
            if name == "action_scores" and y is None and x is not None:
                assert np.isnan(x).all()  # a frame that was not scored: the document says nothing
                continue
            assert (x is None) == (y is None), name
            if x is not None:
                np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("until", ["detect", "pose", "track", "action"])
def test_without_output_it_gives_what_the_document_holds_and_writes_nothing(
    clip, tmp_path, until, monkeypatch
):
    place = tmp_path / "empty"
    place.mkdir()
    monkeypatch.chdir(place)
    found = list(chain.run(clip, until=until))
    assert not list(place.iterdir())
    written = list(chain.run(clip, until=until, output=tmp_path / "out"))
    same(found, list(Document(tmp_path / "out" / until / "walkers.json")))
    same(written, found)
    for item, image in zip(found, pictures(), strict=True):
        np.testing.assert_array_equal(item.image, image)
        assert item.video == VideoInfo("walkers", 160, 120, 25.0, 16)


@pytest.mark.parametrize("config", [ChainConfig(), ONLINE], ids=["offline", "online"])
def test_pictures_files_and_generators_give_the_same(clip, config):
    expected = people(chain.run(clip, until="action", config=config))
    files = sorted(clip.iterdir(), key=lambda p: int(p.stem))
    same(chain.run(files, until="action", config=config), expected)
    same(chain.run(pictures(), until="action", config=config, fps=25), expected)
    same(chain.run(np.stack(pictures()), until="action", config=config), expected)
    same(chain.run(iter(pictures()), until="action", config=config), expected)


def test_a_generator_streams_and_keeps_its_images_where_identities_come_at_once():
    taken = []

    def camera():
        for t, image in enumerate(pictures(40)):
            taken.append(t)
            yield image

    stream = chain.run(camera(), until="track", config=ONLINE, fps=10)
    first = next(stream)
    assert first.image is not None
    assert len(taken) < 40
    stream.close()
    offline = list(chain.run(iter(pictures()), until="track"))
    assert all(item.image is None for item in offline)


def test_a_generator_cannot_be_read_twice():
    config = load_chain(None, [], ["order=track-first"])
    with pytest.raises(ConfigError, match="read once only"):
        list(chain.run(iter(pictures()), until="pose", config=config))


def test_collected_failures_let_the_others_go_on(clip, tmp_path):
    (tmp_path / "bad.mp4").write_text("not a video")
    both = [tmp_path / "bad.mp4", clip]
    with pytest.raises(InputError, match=r"bad\.mp4"):
        list(chain.run(both, until="detect"))
    stream = chain.run(both, until="detect", errors="collect")
    assert len(list(stream)) == 16
    assert [failure.name for failure in stream.failures] == ["bad"]
    assert [record["name"] for record in stream.records] == ["walkers"]
    assert stream.records[0]["frames"] == 16


def test_wrong_use_is_refused_at_once(clip, tmp_path):
    with pytest.raises(ConfigError, match="needs an output folder"):
        chain.run(clip, until="render")
    with pytest.raises(ConfigError, match="empty list"):
        chain.run([])
    with pytest.raises(ConfigError, match="one image to detect"):
        chain.run(pictures()[0])
    with pytest.raises(InputError, match=r"frame 0: shape \(120, 160\)"):
        next(chain.run([pictures()[0][..., 0]]))
    with pytest.raises(InputError, match="frame 1: 80x120 pixels"):
        list(chain.run([pictures()[0], pictures()[0][:, :80]], until="detect"))
    chain.run(clip, until="detect", output=tmp_path / "out").finish()
    with pytest.raises(ConfigError, match="exists already"):
        chain.run(clip, until="detect", output=tmp_path / "out")


def test_single_images_and_the_stages_on_their_own(clip):
    image = pictures()[0]
    found = single_stages.detect_image(image)
    posed = single_stages.pose_image(image, found)
    assert len(found) == len(posed) == 2
    assert posed.keypoints is not None
    frames = [FramePeople(t, single_stages.detect_image(i), i) for t, i in enumerate(pictures())]
    tracked = list(single_stages.track_frames(single_stages.pose_frames(frames), fps=25))
    assert {i for item in tracked for i in item.people.track_ids.tolist()} == {1, 2}
    scored = list(single_stages.recognise_frames(tracked))
    assert scored[0].people.action_scores.shape == (2, 14)
    with pytest.raises(InputError, match=r"expected \(H, W, 3\) uint8"):
        single_stages.detect_image(image[..., 0])
    with pytest.raises(InputError, match="give video="):
        list(single_stages.track_frames(people(frames)))


def cut_list(path: Path, *cuts: tuple[str, list[int]]) -> Path:
    path.write_text(json.dumps({"cuts": [{"video": name, "frames": f} for name, f in cuts]}))
    return path


def test_cuts_are_videos_of_their_own_with_the_frame_numbers_of_the_source(clip, tmp_path):
    cuts = cut_list(tmp_path / "cuts.json", ("walkers", [2, 6]), ("walkers", [8, 16]))
    pieces = Selection(cuts=cuts)
    found = list(chain.run(clip, pieces, until="detect", output=tmp_path / "out"))
    assert [item.index for item in found] == [2, 3, 4, 5, *range(8, 16)]
    assert [item.video.name for item in found] == ["walkers-2-6"] * 4 + ["walkers-8-16"] * 8
    document = Document(tmp_path / "out" / "detect" / "walkers-8-16.json")
    assert document.header is not None
    assert (document.header.frames, document.header.video.num_frames) == ((8, 16, 1), 16)
    whole = list(chain.run(clip, Selection(frames=FrameRange(8, 16)), until="detect"))
    same(list(document), whole)
    assert match_video(document, [clip]) == clip
    by_path = cut_list(tmp_path / "paths.json", (str(clip), [2, 6]))
    assert len(list(chain.run((), Selection(cuts=by_path), until="detect"))) == 4


def test_cuts_say_which_frames_themselves(clip, tmp_path):
    cuts = cut_list(tmp_path / "cuts.json", ("walkers", [2, 6]))
    for more in ({"frames": "1:3"}, {"stills": True}, {"begin": 0.1}):
        with pytest.raises(ConfigError, match="--cuts"):
            hie_cli.run(clip, cuts=cuts, until="detect", **more)
    with pytest.raises(ConfigError, match="as paths"):
        chain.run(pictures(), Selection(cuts=cuts))
    late = cut_list(tmp_path / "late.json", ("walkers", [20, 26]))
    with pytest.raises(InputError, match="16 frames"):
        list(chain.run(clip, Selection(cuts=late), until="detect"))


def test_the_command_runs_the_pieces(clip, tmp_path, capsys):
    cuts = cut_list(tmp_path / "cuts.json", ("walkers", [2, 6]), ("walkers", [8, 9]))
    out = tmp_path / "out"
    line = ["run", str(clip), "--cuts", str(cuts), "-o", str(out), "--until", "detect", "--json"]
    assert cli(line) == 0
    names = [video["name"] for video in json.loads(capsys.readouterr().out)["videos"]]
    assert names == ["walkers-2-6", "walkers-8-9"]
    with pytest.raises(ConfigError, match="give a video"):
        cli(["run", "-o", str(out)])
