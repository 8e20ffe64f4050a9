"""Work for worker processes, which import it anew."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from hie_cli.core.progress import note, progress


def work(job: tuple[str, str]) -> dict[str, Any]:
    """Do what the job (name, action) says; the record names the process that did it."""
    name, action = job
    if action == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "exit":
        os._exit(7)
    if action.startswith("wait "):  # says that it runs, and does so until it is stopped
        Path(action.removeprefix("wait ")).write_text(str(os.getpid()))
        time.sleep(600)
    for _ in progress(range(3), name):
        note(f"{name} speaks")
    return {"name": name, "status": "ok", "process": os.getpid()}
