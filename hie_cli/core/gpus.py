"""Which NVIDIA GPUs this process may use, told without loading a library."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

VARIABLE = "CUDA_VISIBLE_DEVICES"


def visible(devices: Path = Path("/dev")) -> list[str]:
    """The GPUs of this process, as ``CUDA_VISIBLE_DEVICES`` names them: numbers or UUIDs.

    devices: where Linux shows them; elsewhere nothing is known without that variable.
    """
    given = os.environ.get(VARIABLE)
    if given is not None:
        names = [name.strip() for name in given.split(",")]
        end = next((i for i, name in enumerate(names) if name in ("", "-1")), len(names))
        return names[:end]  # CUDA itself stops at the first that is none
    found = [re.fullmatch(r"nvidia(\d+)", path.name) for path in devices.glob("nvidia*")]
    return [str(number) for number in sorted(int(match[1]) for match in found if match)]


def least_used(gpus: Sequence[str], used: Sequence[str]) -> str:
    """The GPU for another process: the first of those that fewest of ``used`` name; "": none."""
    return min(gpus, key=used.count, default="")
