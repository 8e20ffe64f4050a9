"""Runs mutants in worker processes, watches for hangs, and counts what happened."""

import json
import os
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
CPU_SECONDS = 10.0
WALL_SECONDS = 60.0  # waiting without working, for example on a pipe
BROKEN = ("traceback", "hang", "memory", "crash")


@dataclass
class Tally:
    """Counts by outcome and by subject; of each way to break, its mutants, and the latest one."""

    outcomes: Counter[str] = field(default_factory=Counter)
    subjects: dict[str, Counter[str]] = field(default_factory=dict)
    broken: dict[str, list[int]] = field(default_factory=dict)
    last: str = ""

    def add(self, number: int, subject: str, outcome: str, said: str) -> None:
        """Count one mutant."""
        self.outcomes[outcome] += 1
        self.subjects.setdefault(subject, Counter())[outcome] += 1
        if outcome in BROKEN:
            self.last = f"{outcome}: {subject}: {said}"
            self.broken.setdefault(self.last, []).append(number)

    def table(self) -> str:
        """Outcomes by subject, then every way to break with the first mutants that did."""
        columns = ("read", "refused", *BROKEN)
        rows = [f"{'subject':28}" + "".join(f"{c:>11}" for c in columns)]
        for name, counts in sorted(self.subjects.items()):
            rows.append(f"{name:28}" + "".join(f"{counts[c]:>11}" for c in columns))
        rows.append(f"{'all':28}" + "".join(f"{self.outcomes[c]:>11}" for c in columns))
        for said, numbers in sorted(self.broken.items(), key=lambda item: -len(item[1])):
            rows.append(f"{len(numbers)} x {said} (mutants {', '.join(map(str, numbers[:3]))})")
        return "\n".join(rows)


def fuzz(
    first: int,
    last: int,
    seed: int,
    only: str | None = None,
    progress: Callable[[int, Tally], None] | None = None,
) -> Tally:
    """Run mutants ``first`` to ``last`` - 1 of a seed; a worker that hangs or dies is replaced."""
    tally = Tally()
    while first < last:
        first = _run_worker(first, last, seed, only, tally, progress)
    return tally


def _run_worker(
    first: int,
    last: int,
    seed: int,
    only: str | None,
    tally: Tally,
    progress: Callable[[int, Tally], None] | None,
) -> int:
    """One worker until it ends; the mutant to go on with."""
    command = [sys.executable, "-m", "tests.fuzz.worker", str(first), str(last), str(seed)]
    with subprocess.Popen(
        [*command, only or ""], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
    ) as worker:
        assert worker.stdout is not None
        number, subject, done = first, "start", True
        buffer, used, since = b"", 0.0, time.monotonic()
        while True:
            ready, _, _ = select.select([worker.stdout], [], [], 1.0)
            if ready:
                data = os.read(worker.stdout.fileno(), 1 << 16)
                if not data:
                    break
                *lines, buffer = (buffer + data).split(b"\n")
                for line in lines:
                    record = json.loads(line)
                    if "start" in record:
                        number, subject, done = record["start"], record["subject"], False
                    else:
                        tally.add(number, subject, record["outcome"], record["said"])
                        done = True
                        if progress is not None:
                            progress(number, tally)
                used, since = _cpu(worker.pid), time.monotonic()
            elif not done and (
                _cpu(worker.pid) - used > CPU_SECONDS or time.monotonic() - since > WALL_SECONDS
            ):
                worker.kill()
                tally.add(number, subject, "hang", "")
                return number + 1
        code = worker.wait()
    if not done:
        tally.add(number, subject, "crash", f"exit code {code}")
        return number + 1
    if code:
        raise RuntimeError(f"the fuzzer itself failed with {code}; run `{' '.join(command)} ''`")
    return last


def _cpu(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
