"""Work for worker processes, which import it anew."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hie_cli.core.errors import InputError
from hie_cli.core.progress import note, progress


@dataclass(frozen=True)
class Job:
    """A job by name, and what it is to do."""

    name: str
    action: str

    def again(self) -> "Job":
        """The same."""
        return self


def work(job: Job) -> dict[str, Any]:
    """Do what the job (name, action) says; the record names the process that did it."""
    name, action = job.name, job.action
    if action.startswith("die once "):
        mark = Path(action.removeprefix("die once "))
        if not mark.exists():
            mark.write_text(str(os.getpid()))
            action = "die"
    if action.startswith("die and meet "):  # once; then two of the kind wait for each other
        folder = Path(action.removeprefix("die and meet "))
        if not (folder / name).exists():
            (folder / name).write_text("")
            action = "die"
        else:
            (folder / f"{name}.again").write_text("")
            deadline = time.monotonic() + 30
            while len(list(folder.glob("*.again"))) < 2 and time.monotonic() < deadline:
                time.sleep(0.01)
    if action == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "exit":
        os._exit(7)
    if action.startswith("wait "):  # says that it runs, and does so until it is stopped
        Path(action.removeprefix("wait ")).write_text(str(os.getpid()))
        time.sleep(600)
    for _ in progress(range(3), name):
        note(f"{name} speaks")
    held = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return {"name": name, "status": "ok", "process": os.getpid(), "processors": held}


def called(name: str, action: str) -> str | int:
    """A plain function for a worker: gives the action, or does what it says."""
    if action == "slow":
        time.sleep(0.5)
    if action == "bad":
        raise InputError(f"{name}: bad input")
    if action == "bug":
        raise ZeroDivisionError(name)
    if action == "die":
        os._exit(7)
    if action == "gpu":
        time.sleep(0.5)  # so that every job has a worker of its own
        return os.environ.get("CUDA_VISIBLE_DEVICES", "")
    return os.getpid() if action == "process" else action
