"""What the chain costs beyond its networks, whether its memory grows, and how fast each preset is.

    python benchmarks/chain.py time [CLIP] [--frames 100] [--preset balanced]
    python benchmarks/chain.py memory [CLIP] [--lengths 200 2000] [--preset fast]
    python benchmarks/chain.py presets [CLIP] [--frames 100]

time: wall time of the whole chain (decoding to actions) over the summed time of its network calls,
the same calls on the same shapes run alone, one after the other, in the same process.
memory: peak memory of `hie run --until action` on the clip repeated to each length, as the
operating system counts it. presets: frames per second of the same.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from hie_cli.models import runtime
from hie_cli.pipeline.networks import Models
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.run import run_video
from hie_cli.pipeline.settings import PRESETS, STAGES, load_chain
from hie_cli.video.frame_range import FrameRange
from hie_cli.video.sources import VideoSource

SAMPLE = Path(__file__).parent.parent / "data" / "pets09-sample.mp4"


def time_over_networks(clip: Path, frames: int, preset: str) -> dict[str, Any]:
    """Run the chain noting every network call, then make the same calls alone."""
    config = load_chain(preset, [], [])
    models = Models(config, "cpu")
    assert models.detectors  # loaded now, so that loading is not counted
    _ = models.pose
    calls: list[tuple[runtime.OnnxNetwork, tuple[int, ...]]] = []
    plain = runtime.OnnxNetwork.__call__

    def noted(network: runtime.OnnxNetwork, images: np.ndarray) -> Any:
        calls.append((network, images.shape))
        return plain(network, images)

    runtime.OnnxNetwork.__call__ = noted  # type: ignore[method-assign, assignment] # a probe
    source = VideoSource(clip, FrameRange(0, frames))
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        result = run_video(source, STAGES[:4], OutputDir(Path(folder)), config, models)
        wall = time.perf_counter() - start
    runtime.OnnxNetwork.__call__ = plain  # type: ignore[method-assign]
    alone = 0.0
    rng = np.random.default_rng(0)
    for network, shape in calls:
        images = rng.integers(0, 255, shape, np.uint8)
        start = time.perf_counter()
        network(images)
        alone += time.perf_counter() - start
    return {
        "preset": preset,
        "frames": len(result),
        "network_calls": len(calls),
        "chain_seconds": round(wall, 2),
        "networks_alone_seconds": round(alone, 2),
        "ratio": round(wall / alone, 3),
    }


def repeated(clip: Path, length: int, path: Path) -> None:
    """``clip`` forwards and backwards until it has ``length`` frames."""
    frames = [frame.image for frame in VideoSource(clip)]
    loop = frames + frames[-2:0:-1]
    size = (frames[0].shape[1], frames[0].shape[0])
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, size)
    for t in range(length):
        writer.write(loop[t % len(loop)])
    writer.release()


def run_apart(clip: Path, preset: str, frames: str = ":") -> tuple[float, float]:
    """Seconds and peak MiB of ``hie run --until action`` in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "hie_cli", "run", str(clip), "-o", folder]
        command += ["--until", "action", "--preset", preset, "--frames", frames]
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"{' '.join(command)} failed")
        return time.perf_counter() - start, usage.ru_maxrss / 1024


def memory(clip: Path, lengths: list[int], preset: str) -> dict[str, Any]:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for length in lengths:
            path = Path(folder) / f"{length}.mp4"
            repeated(clip, length, path)
            seconds, peak = run_apart(path, preset)
            rows.append(
                {"frames": length, "peak_mib": round(peak, 1), "seconds": round(seconds, 1)}
            )
    ratio = rows[-1]["peak_mib"] / rows[0]["peak_mib"]
    return {"preset": preset, "rows": rows, "last_over_first": round(ratio, 3)}


def presets(clip: Path, frames: int) -> dict[str, Any]:
    rows = []
    for preset in PRESETS:
        seconds, peak = run_apart(clip, preset, f"0:{frames}")
        rows.append(
            {"preset": preset, "fps": round(frames / seconds, 2), "peak_mib": round(peak, 1)}
        )
    return {"frames": frames, "rows": rows}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("time", "memory", "presets"))
    parser.add_argument("clip", nargs="?", type=Path, default=SAMPLE)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--lengths", type=int, nargs="+", default=[200, 2000])
    parser.add_argument("--preset", choices=PRESETS)
    options = parser.parse_args()
    if options.what == "time":
        found = time_over_networks(options.clip, options.frames, options.preset or "balanced")
    elif options.what == "memory":
        found = memory(options.clip, options.lengths, options.preset or "fast")
    else:
        found = presets(options.clip, options.frames)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
