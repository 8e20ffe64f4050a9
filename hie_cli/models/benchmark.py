"""How fast a model is on this machine: measured when asked, and remembered beside the models."""

import contextlib
import dataclasses
import datetime
import json
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.core.config import build
from hie_cli.core.errors import ConfigError, ModelError
from hie_cli.core.parallel import side_by_side
from hie_cli.core.progress import progress
from hie_cli.core.records import read_record
from hie_cli.core.yaml_files import Origin
from hie_cli.models import registry, user_models
from hie_cli.models.appearance import CropEmbedder
from hie_cli.models.detectors import ImageDetector
from hie_cli.models.importing import picture
from hie_cli.models.runtime import Precision, available_cpus, resolve_device
from hie_cli.models.spec import ModelSpec

_FILE = ".speed.json"
_WARM_UP = 2  # rounds that do not count


@dataclass(frozen=True)
class Speed:
    """Seconds that a model took, and on what.

    ``seconds``: the median of ``rounds``, ``least`` the shortest, for an image (detectors, at
    their own size) or a person (seven in one batch): ``each`` · ``sha256``: of the weights in
    fp32 · ``precision``: the numbers it computed in, fp32, int8 or fp16.
    """

    name: str
    sha256: str
    each: str
    seconds: float
    least: float
    rounds: int
    device: str
    threads: int
    cpu: str
    date: str
    precision: str = "fp32"

    @property
    def text(self) -> str:
        """In words, for a list."""
        return f"{1000 * self.seconds:.1f} ms a{'n' if self.each == 'image' else ''} {self.each}"


def benchmark_model(
    name: str,
    *,
    rounds: int = 20,
    device: str = "auto",
    threads: int | None = None,
    precision: Precision = "auto",
) -> Speed:
    """Run the model ``name`` on the packaged test picture and remember how long it took.

    ``threads``: of the network (None: every CPU this process may use) · ``precision``: auto is what
    the chain runs here unless told otherwise. Raises ModelError, and ConfigError for fewer than one
    round.
    """
    if rounds < 1:
        raise ConfigError(f"--rounds {rounds}: expected 1 or more")
    spec = registry.find(name)
    model = registry.load(name, device, threads, precision)
    image, boxes = picture.read(), picture.BOXES
    together = model.runs if isinstance(model, ImageDetector) else 1  # as the chain's views

    def once() -> None:
        if isinstance(model, ImageDetector):
            side_by_side(lambda _: model.detect([image]), range(together), together)
        elif isinstance(model, CropEmbedder):
            model.embed([image], [boxes])
        else:
            model.estimate([image], [boxes])  # type: ignore[union-attr] # the task that is left

    times = np.array(_times(once, rounds, name))
    each = "image" if spec.task == "detect" else "person"
    times /= together if each == "image" else len(boxes)
    found = Speed(
        name, spec.sha256, each, round(float(np.median(times)), 6), round(float(times.min()), 6),
        rounds, resolve_device(device), threads or available_cpus(), cpu(),
        datetime.date.today().isoformat(), registry.effective_precision(spec, precision, device),
    )  # fmt: skip
    _remember(found)
    return found


def _times(once: Callable[[], None], rounds: int, name: str) -> list[float]:
    times = []
    for _ in progress(range(rounds + _WARM_UP), f"benchmark {name}", unit="round"):
        start = time.perf_counter()
        once()
        times.append(time.perf_counter() - start)
    return times[_WARM_UP:]


def cpu() -> str:
    """The processor's name."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def known() -> Mapping[str, Speed]:
    """What was measured on this processor, by the model's name; nothing of a damaged file."""
    here = cpu()
    found = {}
    for row in _rows():
        with contextlib.suppress(ConfigError):  # a damaged row
            speed = build(Speed, row, Origin(_FILE))
            if speed.cpu == here:
                found[speed.name] = speed
    return found


def of(spec: ModelSpec, measured: Mapping[str, Speed]) -> Speed | None:
    """What was measured of this very model; None where it was another file of that name."""
    speed = measured.get(spec.name)
    return speed if speed is not None and speed.sha256 == spec.sha256 else None


def _rows() -> list[dict[str, Any]]:
    try:
        rows = read_record(user_models.folder() / _FILE)
    except (OSError, ValueError):
        return []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _remember(speed: Speed) -> None:
    others = [r for r in _rows() if (r.get("name"), r.get("cpu")) != (speed.name, speed.cpu)]
    path = user_models.folder() / _FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{path.parent}: cannot be made ({error.strerror})") from None
    text = json.dumps([*others, dataclasses.asdict(speed)], indent=1) + "\n"
    user_models.write(path, text.encode())
