"""Memory over many videos: a batch keeps a record of each, and no more."""

import gc
import tracemalloc

import cv2

from hie_cli.pipeline import networks
from hie_cli.pipeline.output import OutputDir
from tests.support import fakes
from tests.support.batches import run_on_cpu
from tests.support.films import one_square


def test_a_video_more_costs_its_record_only(tmp_path, monkeypatch):
    made = fakes.models()
    monkeypatch.setattr(networks, "_detector", lambda *_: made.detectors[0])
    monkeypatch.setattr(networks, "_estimator", lambda *_: made.pose)
    videos = []
    for number in range(90):
        folder = tmp_path / "clips" / f"{number:03d}"
        folder.mkdir(parents=True)
        for t in range(2):
            cv2.imwrite(str(folder / f"{t}.png"), one_square(10 + number + t))
        videos.append(str(folder))

    def held(count: int, out: str) -> int:
        """Bytes that are more after so many videos than before, their records aside."""
        before = tracemalloc.get_traced_memory()[0]
        records = run_on_cpu(videos[:count], OutputDir(tmp_path / out), "track")
        assert all(record["status"] == "ok" for record in records)
        del records
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before

    tracemalloc.start()
    try:
        held(10, "first")  # what is loaded once
        few, many = held(10, "few"), held(90, "many")
    finally:
        tracemalloc.stop()
    # Bytes a video: Python's own, bounded caches of path patterns take some; one image has 57,600.
    assert (many - few) / 80 < 5000
