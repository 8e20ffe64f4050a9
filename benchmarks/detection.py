"""Detection on a video with ground truth: accuracy and speed of each preset.

    python benchmarks/detection.py VIDEO TRUTH [--preset fast balanced accurate] [--every N]
    python benchmarks/detection.py VIDEO TRUTH --document DETECT.json

TRUTH is box ground truth of any layout that ``hie eval`` reads. Only frames with truth count; rows
that it marks as ignored count neither way. The judge is pycocotools. ``cpu s/frame`` is processor
time, which other programs on the machine hardly change; ``network`` is the networks' share of it.
"""

import argparse
import time
from pathlib import Path
from typing import Any

from stills import box_figures

from hie_cli.core.types import People
from hie_cli.detection.stage import detect
from hie_cli.formats.documents.document import Document
from hie_cli.formats.truth import read_truth
from hie_cli.models import registry
from hie_cli.pipeline.settings import load_chain
from hie_cli.video.frame_range import FrameRange
from hie_cli.video.sources import VideoSource


class Timed:
    """A detector that adds up its processor time."""

    def __init__(self, model: Any) -> None:
        self.model, self.name, self.sha256, self.seconds = model, model.name, model.sha256, 0.0
        self.spec = model.spec

    def detect(self, images: Any, long_side: int | None = None) -> list[People]:
        """As the model does, timed."""
        start = time.process_time()
        found = self.model.detect(images, long_side)
        self.seconds += time.process_time() - start
        return found


def run(video: Path, preset: str, every: int, sets: list[str]) -> tuple[dict[int, People], str]:
    """People by frame index, and a line of speed."""
    config = load_chain(preset, [], sets).detect
    models = [Timed(registry.load_detector(name, "cpu")) for name in config.models]
    frames = list(VideoSource(video, FrameRange(0, None, every)))
    wall, cpu = time.perf_counter(), time.process_time()
    found = {item.index: item.people for item in detect(frames, config, models)}
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    network = sum(model.seconds for model in models)
    return found, (
        f"{len(frames) / wall:6.2f} fps  {cpu / len(frames):.3f} cpu s/frame  "
        f"network {network / cpu:.0%}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--document", type=Path)
    parser.add_argument("--preset", nargs="+", default=["fast", "balanced", "accurate"])
    parser.add_argument("--every", type=int, default=1, help="take every N-th frame only")
    parser.add_argument("--set", action="append", default=[], help="as in hie detect")
    args = parser.parse_args()
    (truth,) = read_truth(args.truth).values()

    def report(name: str, found: dict[int, People], speed: str) -> None:
        frames = [t for t in sorted(found) if t < len(truth.frames) and len(truth.frames[t])]
        labels = [(truth.frames[t].boxes, truth.frames[t].ignore) for t in frames]
        figures = box_figures([found[t] for t in frames], labels)
        shown = "  ".join(f"{k} {v:.3f}" for k, v in figures.items())
        print(f"{name:10s} {len(frames):4d} frames  {shown}  {speed}", flush=True)

    if args.document:
        report("document", {i.index: i.people for i in Document(args.document)}, "")
        return
    for preset in args.preset:
        report(preset, *run(args.video, preset, args.every, args.set))


if __name__ == "__main__":
    main()
