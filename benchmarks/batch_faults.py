"""What a batch of videos survives: workers and drivers killed at random, and a full disk.

    python benchmarks/batch_faults.py [--clips 200] [--kills 20] [--restarts 5] [--engine ray]
    python benchmarks/batch_faults.py --clips 12 --frames 90 --segment-frames 30

Clips of a few frames are made, run undisturbed in one process, and then once more while worker
processes are killed at random, the command itself is killed and started again with --resume (with
--segment-frames every clip in segments, which the undisturbed run knows nothing of), and
(with --disk, as root: a file system of limited size is mounted) the disk fills once. It prints what
was lost, what was done twice, and whether every document is the same bytes as undisturbed; exit
code 1 if anything is not as it should be.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

STAGES = ("detect", "pose", "track")
SETTINGS = (
    "--until", "track", "--preset", "fast", "--set", "detect.models=[nanodet]",
    "--set", "detect.long_sides=[320]", "--set", "detect.segment=10", "--quiet",
)  # fmt: skip


def make_clips(folder: Path, count: int, frames: int) -> None:
    """Short videos of drifting noise; there need be nobody in them."""
    folder.mkdir(parents=True)
    for number in range(count):
        generator = np.random.default_rng(number)
        picture = generator.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        large = cv2.resize(picture, (192, 144), interpolation=cv2.INTER_CUBIC)
        writer = cv2.VideoWriter(
            str(folder / f"clip-{number:04d}.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 25, (160, 120)
        )
        for t in range(frames):
            at = 24 - abs(t % 48 - 24)  # there and back
            writer.write(np.ascontiguousarray(large[at : at + 120, at : at + 160]))
        writer.release()


def start(clips: Path, out: Path, *options: str) -> "subprocess.Popen[bytes]":
    """The command, in a process group of its own."""
    command = [sys.executable, "-m", "hie_cli", "run", str(clips), "-o", str(out)]
    return subprocess.Popen(
        [*command, *SETTINGS, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def workers(driver: int) -> list[int]:
    """The processes that the driver's jobs run in: its Python children, or Ray's actors."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            words = (stat.parent / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        child = int(fields[1]) == driver and "spawn_main" in words
        if child or words.startswith("ray::_Actor"):
            found.append(int(stat.parent.name))
    return found


def documents(out: Path) -> dict[str, bytes]:
    """Every document by its stage and name."""
    return {
        f"{stage}/{path.name}": path.read_bytes()
        for stage in STAGES
        for path in sorted((out / stage).glob("[!.]*.json"))
    }


def attempts(out: Path) -> int:
    """How often a video was begun, over all videos."""
    found = (out / "runs").glob("[!.]*.json")
    return sum(json.loads(path.read_text())["attempts"] for path in found)


def done(out: Path) -> int:
    """How many videos are finished."""
    found = (out / "runs").glob("[!.]*.json")
    return sum(json.loads(path.read_text())["status"] == "done" for path in found)


def disturbed(
    clips: Path, out: Path, options: list[str], kills: int, restarts: int, total: int
) -> tuple[int, int, int]:
    """Run to the end under fire: how many workers and drivers were killed, and runs begun."""
    chance = random.Random(0)
    killed = stopped = runs = 0
    while done(out) < total:
        driver = start(clips, out, "--resume", *options)
        runs += 1
        if runs > 3 * restarts + 10:
            raise SystemExit("it does not come to an end")
        share = total * (stopped + 1) / (restarts + 1)  # of the videos, at the next kill
        while driver.poll() is None:
            time.sleep(chance.uniform(0.2, 0.6))
            finished = done(out)
            if stopped < restarts and finished >= share:
                os.killpg(driver.pid, signal.SIGKILL)
                stopped += 1
                break
            mine = workers(driver.pid)
            if mine and killed < kills and finished >= total * killed / kills:
                os.kill(chance.choice(mine), signal.SIGKILL)
                killed += 1
        driver.communicate()
    return killed, stopped, runs


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A file system of so many megabytes (root only)."""
    place = Path(tempfile.mkdtemp())
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)
        place.rmdir()


def full_disk(clips: Path, options: list[str], total: int) -> list[str]:
    """Run on a disk that is nearly full, make room, go on: what is wrong then."""
    with small_disk(8) as place:
        ballast = place / "ballast"
        ballast.write_bytes(bytes(shutil.disk_usage(place).free - 3000 * total))
        out = place / "out"
        first = start(clips, out, "--resume", *options)
        _, told = first.communicate()
        wrong = [] if first.returncode in (1, 2) else [f"full disk: exit code {first.returncode}"]
        wrong += ["full disk: a traceback"] if b"Traceback" in told else []
        ballast.unlink()
        second = start(clips, out, "--resume", *options)
        second.communicate()
        if second.returncode or done(out) != total:
            wrong.append(f"after room was made: {done(out)} of {total} done")
        return wrong


def main() -> None:
    """Run the proof."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--restarts", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--engine", default="local")
    parser.add_argument("--segment-frames", type=int, default=0)
    parser.add_argument("--disk", action="store_true", help="fill a disk, too (root)")
    wish = parser.parse_args()
    options = ["--workers", str(wish.workers), "--engine", wish.engine]
    options += ["--segment-frames", str(wish.segment_frames)]
    with tempfile.TemporaryDirectory() as place:
        clips, calm, out = Path(place) / "clips", Path(place) / "calm", Path(place) / "out"
        make_clips(clips, wish.clips, wish.frames)
        began = time.monotonic()
        start(clips, calm, "--segment-frames", "0").communicate()
        single = time.monotonic() - began
        began = time.monotonic()
        killed, stopped, runs = disturbed(
            clips, out, options, wish.kills, wish.restarts, wish.clips
        )
        took = time.monotonic() - began
        expected, found = documents(calm), documents(out)
        again = attempts(out) - wish.clips
        lost = [name for name in expected if found.get(name) != expected[name]]
        wrong = [f"{len(lost)} documents are missing or other bytes"] if lost else []
        allowed = killed + stopped * wish.workers
        wrong += [f"{again} attempts too many, {allowed} explained"] if again > allowed else []
        left = [*out.rglob("*partial*"), *out.glob(".segments")]
        wrong += [f"{len(left)} unfinished files are left"] if left else []
        if wish.disk:
            wrong += full_disk(clips, options, wish.clips)
    print(f"{wish.clips} clips, {wish.engine}, {wish.workers} workers: {len(expected)} documents")
    print(f"undisturbed, one process: {single:.0f} s; under fire: {took:.0f} s in {runs} runs")
    print(f"workers killed: {killed}, drivers killed: {stopped}, jobs begun again: {again}")
    print("; ".join(wrong) or "nothing lost, nothing done twice without need, same bytes")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
