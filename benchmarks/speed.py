"""`hie run` of this checkout against that of other ones, side by side on one machine.

    python benchmarks/speed.py VIDEO --against CHECKOUT [CHECKOUT ...] [--preset fast balanced]
                               [--frames 0:60] [--rounds 2] [--until action] [--json FILE]

Each checkout is a folder with its own ``hie_cli`` (``git worktree add FOLDER COMMIT``); all run
under this Python. They take turns, round by round, so that what else the machine does meets all of
them alike. ``frames/s`` is by the clock, from the first frame to the last, of the fastest round;
``CPU s`` is processor time of the whole command, starting included, of the cheapest one, and hardly
changes with what else runs; ``MiB`` the most memory held. The ratios are over the first CHECKOUT.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Speed:
    """One preset in one checkout: frames a second, processor seconds, MiB at most."""

    preset: str
    checkout: str
    frames_per_second: float
    cpu_seconds: float
    memory_mib: float


def run_once(checkout: Path, options: list[str], preset: str) -> Speed:
    """One call of ``hie run`` in a process of its own; SystemExit where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "hie_cli", "run", *options, "--preset", preset]
        environment = {**os.environ, "PYTHONPATH": str(checkout)}
        with subprocess.Popen(
            [*command, "-o", folder, "--quiet"], cwd=checkout, env=environment,
            stdout=subprocess.DEVNULL,
        ) as child:  # fmt: skip
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"{checkout}: hie run ended with exit code {child.returncode}")
        (record,) = json.loads((Path(folder) / "summary.json").read_text())["videos"]
    return Speed(
        preset,
        str(checkout),
        record["frames"] / record["seconds"],
        used.ru_utime + used.ru_stime,
        used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10),
    )


def best(rounds: list[Speed]) -> Speed:
    """Of several rounds the highest speed, the least processor time and the most memory."""
    return Speed(
        rounds[0].preset,
        rounds[0].checkout,
        max(each.frames_per_second for each in rounds),
        min(each.cpu_seconds for each in rounds),
        max(each.memory_mib for each in rounds),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("--against", type=Path, nargs="+", required=True, metavar="CHECKOUT")
    parser.add_argument("--preset", nargs="+", default=["fast", "balanced", "accurate"])
    parser.add_argument("--frames", default=":")
    parser.add_argument("--until", default="action")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    options = [str(args.video.resolve()), "--frames", args.frames, "--until", args.until]
    checkouts = [path.resolve() for path in args.against] + [ROOT]
    found: list[Speed] = []
    print(
        f"{'preset':10s}{'checkout':28s}{'frames/s':>9s}{'x':>6s}{'CPU s':>8s}{'x':>6s}{'MiB':>7s}"
    )
    for preset in args.preset:
        rounds: dict[Path, list[Speed]] = {path: [] for path in checkouts}
        for _ in range(args.rounds):
            for path in checkouts:
                rounds[path].append(run_once(path, options, preset))
        speeds = [best(rounds[path]) for path in checkouts]
        for each in speeds:
            print(
                f"{preset:10s}{each.checkout[-26:]:28s}{each.frames_per_second:9.2f}"
                f"{each.frames_per_second / speeds[0].frames_per_second:6.2f}"
                f"{each.cpu_seconds:8.1f}{speeds[0].cpu_seconds / each.cpu_seconds:6.2f}"
                f"{each.memory_mib:7.0f}",
                flush=True,
            )
        found += speeds
    if args.json:
        args.json.write_text(json.dumps([asdict(each) for each in found], indent=1))


if __name__ == "__main__":
    main()
