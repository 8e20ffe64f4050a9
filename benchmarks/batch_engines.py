"""What engines and workers make of a batch of videos: time, and memory over many of them.

    python benchmarks/batch_engines.py time [--clips 100] [--frames 8]
    python benchmarks/batch_engines.py long [--frames 2000] [--preset fast] [--video FILE]
    python benchmarks/batch_engines.py memory [--clips 2000] [--frames 2] [--engine ray]

``time``: the same clips on the local workers and on Ray, one worker on one processor and two on
two. ``long``: one video, undivided on one processor, undivided on two, and in segments on two
workers. ``memory``: the resident memory of the command and of its workers as the videos go by; exit
code 1 if either grows by more than a fifth after the first quarter. Stages run as in
``batch_faults``, from where the clips are.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from batch_faults import documents, done, make_clips, start, workers

CORES = sorted(os.sched_getaffinity(0))


def seconds(clips: Path, out: Path, cores: int, *options: str) -> float:
    """How long the command takes on so many processors."""
    os.sched_setaffinity(0, CORES[:cores])  # for the command, which inherits it
    try:
        began = time.monotonic()
        process = start(clips, out, *options)
        _, told = process.communicate()
    finally:
        os.sched_setaffinity(0, CORES)
    if process.returncode:
        raise SystemExit(told.decode(errors="replace"))
    return time.monotonic() - began


def measure_time(place: Path, clips: int, frames: int) -> None:
    """Engines and numbers of workers, on the same clips; and what a start of each takes."""
    make_clips(place / "clips", clips, frames)
    make_clips(place / "two", 2, frames)
    print(f"{clips} clips of {frames} frames; seconds, of which the first two clips")
    expected = None
    for engine in ("local", "ray"):
        for count in (1, 2):
            options = ("--workers", str(count), "--engine", engine)
            begin = seconds(place / "two", place / f"{engine}-{count}-two", count, *options)
            out = place / f"{engine}-{count}"
            whole = seconds(place / "clips", out, count, *options)
            expected = expected or documents(out)
            same = "" if documents(out) == expected else ", OTHER BYTES"
            print(f"{engine:<6} {count} workers on {count} processors: "
                  f"{whole:6.1f} {begin:5.1f}{same}", flush=True)  # fmt: skip


def measure_long(place: Path, frames: int, preset: str, video: Path | None) -> None:
    """One video, undivided and in segments."""
    clips = video or place / "clips"
    if video is None:
        make_clips(clips, 1, frames)
    command = [sys.executable, "-m", "hie_cli", "run", str(clips), "--until", "track"]
    command += ["--preset", preset, "--frames", f":{frames}", "--quiet"]
    half = str(frames // 2)
    cases = (("one processor", 1, "1", "0"), ("two processors", 2, "1", "0"),
             ("two workers, segments", 2, "2", half))  # fmt: skip
    expected = None
    for name, cores, count, length in cases:
        out = place / name.replace(" ", "-")
        os.sched_setaffinity(0, CORES[:cores])
        began = time.monotonic()
        options = ["-o", str(out), "--workers", count, "--segment-frames", length]
        subprocess.run(command + options, check=True, stdout=subprocess.DEVNULL)
        took = time.monotonic() - began
        os.sched_setaffinity(0, CORES)
        expected = expected or documents(out)
        same = "" if documents(out) == expected else ", OTHER BYTES"
        print(f"{name}: {took:.1f} s{same}", flush=True)


def resident(process: int) -> float:
    """Resident memory of a process in MB; 0 where it is gone."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure_memory(place: Path, clips: int, frames: int, engine: str) -> bool:
    """Whether memory stays flat: the command's and the largest worker's, at each tenth."""
    make_clips(place / "clips", clips, frames)
    out = place / "out"
    began = time.monotonic()
    process = start(place / "clips", out, "--workers", "2", "--engine", engine)
    seen: list[tuple[int, float, float]] = []
    while process.poll() is None:
        time.sleep(0.5)
        count = done(out)
        if count >= clips * len(seen) / 20:
            held = max(map(resident, workers(process.pid)), default=0.0)
            seen.append((count, resident(process.pid), held))
    print(f"{clips} clips of {frames} frames, {engine}: {time.monotonic() - began:.0f} s")
    print("done      " + " ".join(f"{count:>5}" for count, _, _ in seen[::2]))
    print("command MB" + " ".join(f"{own:>5.0f}" for _, own, _ in seen[::2]))
    print("worker MB " + " ".join(f"{held:>5.0f}" for _, _, held in seen[::2]))
    quarter = [each for each in seen if each[0] >= clips / 4]
    return (
        not process.returncode
        and flat([each[1] for each in quarter])
        and flat([each[2] for each in quarter])
    )


def flat(megabytes: Sequence[float]) -> bool:
    """Whether the last values exceed the first by a fifth at most."""
    known = [each for each in megabytes if each]
    return bool(known) and max(known) <= 1.2 * known[0]


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("time", "long", "memory"))
    parser.add_argument("--clips", type=int)
    parser.add_argument("--frames", type=int)
    parser.add_argument("--engine", default="local")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--video", type=Path)
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if wish.what == "time":
            measure_time(place, wish.clips or 100, wish.frames or 8)
        elif wish.what == "long":
            measure_long(place, wish.frames or 2000, wish.preset, wish.video)
        elif not measure_memory(place, wish.clips or 2000, wish.frames or 2, wish.engine):
            sys.exit(1)


if __name__ == "__main__":
    main()
