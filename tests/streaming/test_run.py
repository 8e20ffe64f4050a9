"""Live sources through the chain with stand-in networks: segments, identities, ends, losses."""

import json
import threading
import time
from itertools import pairwise

import numpy as np
import pytest

import hie_cli
from hie_cli.core.errors import ConfigError, HieError
from hie_cli.formats.documents.document import Document
from hie_cli.reporting.people_table import read_people
from hie_cli.streaming import pace
from hie_cli.streaming import run as module
from tests.support import fakes, streams

pytest.importorskip("av", reason="PyAV is not installed")
STAGES = ("detect", "pose", "track", "action")
QUICK = {"video.timeout": 3, "video.rate": 10, "refine.method": "none"}


@pytest.fixture(autouse=True)
def _stand_ins(monkeypatch):
    made = fakes.models()
    monkeypatch.setattr(module, "Models", lambda *_: made)
    monkeypatch.setattr(module, "check_models", lambda *_: None)


def test_segments_hold_every_frame_and_identities_go_on(tmp_path):
    with streams.serving({"/cam.ts": streams.live(64)}) as server:
        run = hie_cli.stream(
            server.url + "/cam.ts", output=tmp_path, segment="1s", name="cam", set=QUICK
        )
        seen = [(item.video.name, item.index, len(item.people)) for item in run]
    assert run.stride == 2  # ten of twenty frames a second
    assert run.ending == "ended"
    names = [record["name"] for record in run.records]
    assert names[:2] == ["cam-0001", "cam-0002"]
    assert [s[0] for s in seen] == sorted(s[0] for s in seen)
    for name, record in zip(names, run.records, strict=True):
        wanted = [index for title, index, _ in seen if title == name]
        assert all(index % 2 == 0 and index < 20 for index in wanted)
        for stage in STAGES:
            document = Document(tmp_path / stage / f"{name}.json")
            assert [item.index for item in document] == wanted
            assert document.header.video.name == name
            assert document.header.frames == (0, None, 2)
        assert record["frames"] == len(wanted)
        assert record["missing"] == wanted[-1] // 2 + 1 - len(wanted)
        assert (tmp_path / "render" / f"{name}.mp4").exists()
        assert (tmp_path / "render" / f"{name}.png").exists()
    kept = {r["name"]: r for r in json.loads((tmp_path / "summary.json").read_text())["videos"]}
    assert set(kept) == set(names)
    begun = [kept[name]["started"] for name in names]
    assert begun == sorted(begun)
    first, second = (read_people(tmp_path / "track" / f"{name}.json") for name in names[:2])
    assert set(first.track_ids) & set(second.track_ids)  # who stays keeps the number
    assert not list(tmp_path.rglob("*.partial*"))


def test_other_commands_read_a_segment(tmp_path):
    with streams.serving({"/cam.ts": streams.live(44)}) as server:
        hie_cli.stream(
            server.url + "/cam.ts", output=tmp_path, segment="1s", name="cam", set=QUICK
        ).finish()
    analysis = hie_cli.analyse(tmp_path)
    assert "cam-0001" in {row["video"] for row in analysis.tables["videos"]}
    assert hie_cli.write_report(tmp_path)
    hie_cli.convert(tmp_path / "track" / "cam-0001.json", to="mot", output=tmp_path / "mot")
    truth = tmp_path / "mot" / "cam-0001.txt"
    report = hie_cli.evaluate(tmp_path / "track" / "cam-0001.json", truth=truth)
    assert report


def test_stop_completes_the_last_segment(tmp_path):
    with streams.serving({"/cam.ts": streams.live(400)}) as server:
        run = hie_cli.stream(
            server.url + "/cam.ts", output=tmp_path, name="cam", set=QUICK, until="track"
        )
        threading.Timer(0.6, run.stop).start()
        begun = time.monotonic()
        records = run.finish()
    assert time.monotonic() - begun < 3
    assert run.ending == "stopped"
    assert [record["name"] for record in records] == ["cam-0001"]
    assert len(list(Document(tmp_path / "track" / "cam-0001.json"))) == records[0]["frames"] > 0


def test_a_duration_ends_it_on_the_frame(tmp_path):
    with streams.serving({"/cam.ts": streams.live(400)}) as server:
        run = hie_cli.stream(server.url + "/cam.ts", duration="0.8s", set=QUICK, until="detect")
        frames = [item.index for item in run]
    assert frames[-1] <= 14  # the grid's frames 0, 2, ... 14 lie before 0.8 s
    assert run.ending == "duration"


def test_a_lost_source_ends_with_what_came_before(tmp_path):
    lost = []
    with streams.serving({"/cam.ts": streams.live(60, cut_after=34)}) as server:
        run = hie_cli.stream(
            server.url + "/cam.ts", output=tmp_path, name="cam", told=lost.append, until="detect",
            set=QUICK | {"video.patience": 0.3},
        )  # fmt: skip
        server.pages.clear()
        with pytest.raises(HieError, match=r"lost for 0.3 s .*answer 404.* is complete"):
            run.finish()
    assert run.ending == "lost"
    assert [news.kind for news in lost] == ["lost"]
    assert len(list(Document(tmp_path / "detect" / "cam-0001.json"))) == run.records[0]["frames"]


def test_late_frames_are_dropped_and_delay_and_memory_stay_bounded(monkeypatch):
    """A network that takes 0.15 s for frames that come every 0.05 s."""
    slow = fakes.models()
    detect = slow.detectors[0].detect

    def slowly(*arguments, **more):
        time.sleep(0.15)
        return detect(*arguments, **more)

    slow.detectors[0].detect = slowly
    monkeypatch.setattr(module, "Models", lambda *_: slow)
    with streams.serving({"/cam.ts": streams.live(90)}) as server:
        run = hie_cli.stream(server.url + "/cam.ts", until="detect", set=QUICK | {"video.rate": 20})
        delays, frames = [], []
        for item in run:
            delays.append(run.delay)
            frames.append(item.index)
    assert run.dropped > len(frames)  # two of three
    assert max(delays[3:]) < 2.0
    assert np.median([b - a for a, b in pairwise(frames)]) >= 2


def test_the_rate_follows_from_what_the_machine_can_do(monkeypatch):
    monkeypatch.setattr(pace, "seconds_a_frame", lambda *_: 0.2)
    settings = {key: value for key, value in QUICK.items() if key != "video.rate"}
    with streams.serving({"/cam.ts": streams.live(24)}) as server:
        run = hie_cli.stream(server.url + "/cam.ts", until="detect", set=settings)
        assert run.stride == 5  # 20 frames a second, each 0.2 s and a quarter
        run.close()


def test_giving_up_leaves_no_document(tmp_path):
    with streams.serving({"/cam.ts": streams.live(200)}) as server:
        run = hie_cli.stream(server.url + "/cam.ts", output=tmp_path, until="detect", set=QUICK)
        next(run)
        run.close()
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize(
    ("source", "options", "words"),
    [
        ("crowd.mp4", {}, "not a live source"),
        ("http://cam/x", {"until": "render"}, "needs an output folder"),
        ("http://cam/x", {"overwrite": True}, "give output as well"),
        ("http://cam/x", {"output": "out", "segment": "soon"}, "--segment soon: expected a length"),
        ("http://cam/x", {"duration": 0}, "--for 0: expected a length"),
        ("http://cam/x", {"name": "../x"}, "cannot name a file"),
        ("http://cam/x", {"set": {"render.blur": "heads"}}, "need a whole video"),
    ],
)
def test_wrong_wishes_are_told_before_anything_is_opened(source, options, words, monkeypatch):
    monkeypatch.setattr(module, "LiveSource", lambda *_: pytest.fail("opened"))
    with pytest.raises(HieError, match=words):
        hie_cli.stream(source, **options)


def test_run_says_who_reads_live_sources():
    with pytest.raises(ConfigError, match=r"http://cam/x: a live source, .* \(hie_cli\.stream\)"):
        hie_cli.run("http://me:secret@cam/x")
