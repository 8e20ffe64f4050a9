"""Whether this installation works on this machine, and where it does not, why."""

import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.core.errors import HieError
from hie_cli.core.version import __version__
from hie_cli.models import registry, user_models
from hie_cli.models.runtime import resolve_device
from hie_cli.rendering.encoder import h264_encoder

NEEDED = ("numpy", "opencv-python-headless", "onnxruntime", "torch", "scipy", "matplotlib", "typer")
OPTIONAL = ("av", "pyarrow", "supervision")
LEAST_FREE = 1 << 30  # bytes that results of a few videos need


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found, and if it is not ``ok`` what to do."""

    name: str
    ok: bool
    detail: str
    fix: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """All findings, in the order in which they were made."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether everything that hie needs works."""
        return all(finding.ok for finding in self.findings)


def diagnose(output: Path | str = "out", *, device: str = "auto") -> Diagnosis:
    """Look at versions, codecs, device, weights and folders, and run every detector once.

    output: where results would go; nothing is left there. Takes about two seconds. What is wrong
    is a finding, never an exception.
    """
    return Diagnosis(tuple(_findings(Path(output), device)))


def _findings(output: Path, device: str) -> Iterator[Finding]:
    yield Finding("hie", True, f"{__version__} in {Path(__file__).parents[1]}")
    yield Finding("python", True, f"{platform.python_version()}, {platform.platform()}")
    for name in NEEDED:
        yield _package(name)
    for name in OPTIONAL:
        found = _version(name)
        yield Finding(name, True, found or "not installed (optional)")
    yield _attempt("codecs", _codecs, "reinstall opencv-python-headless")
    yield Finding("overlays", True, _overlays())
    yield _attempt("device", lambda: _device(device), "use --device cpu")
    yield from _weights()
    yield from _folders(output)
    for name in registry.names("detect"):
        yield _attempt(
            f"run {name}",
            lambda name=name: _one_image(name, device),  # type: ignore[misc] # bound at once
            "hie models verify says more",
        )


def _attempt(name: str, work: Callable[[], str], fix: str) -> Finding:
    """What ``work`` says, or what it raised."""
    try:
        return Finding(name, True, work())
    except Exception as error:  # a finding, whatever it is
        text = str(error) if isinstance(error, HieError) else f"{type(error).__name__}: {error}"
        return Finding(name, False, " ".join(text.split()), fix)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _package(name: str) -> Finding:
    found = _version(name)
    if found is None and name == "opencv-python-headless":
        found = _version("opencv-python")  # serves as well
    if found is None:
        return Finding(name, False, "not installed", f"pip install {name}")
    return Finding(name, True, found)


def _overlays() -> str:
    """How overlay videos would be written."""
    encoder = h264_encoder()
    if encoder is None:
        return "MPEG-4 part 2, which browsers do not play; pip install 'hie[video]' for H.264"
    return f"H.264 ({encoder}), which browsers play"


def _codecs() -> str:
    """Write a video and read it back."""
    import cv2

    with tempfile.TemporaryDirectory(prefix="hie-doctor-") as folder:
        path = str(Path(folder) / "test.mp4")
        writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"mp4v"), 10.0, (64, 64))
        for grey in range(10):
            writer.write(np.full((64, 64, 3), grey * 20, np.uint8))
        writer.release()
        capture = cv2.VideoCapture(path)
        count = 0
        while capture.read()[0]:
            count += 1
        capture.release()
    if count != 10:
        raise OSError(f"of 10 frames written as mp4, {count} could be read back")
    return "mp4 is written and read"


def _device(device: str) -> str:
    chosen = resolve_device(device)
    memory = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        memory = f", {size / 2**30:.0f} GiB of memory"
    return f"{chosen}; {os.cpu_count()} CPUs{memory}"


def _weights() -> Iterator[Finding]:
    rows = registry.verify()
    bad = [row for row in rows if row["error"]]
    for row in bad:
        yield Finding(f"weights {row['name']}", False, str(row["error"]), "reinstall hie")
    if not bad:
        yield Finding("weights", True, f"{len(rows)} files are intact")


def _folders(output: Path) -> Iterator[Finding]:
    places = {
        "results": output,
        "imported models": user_models.folder(),
        "temporary files": Path(tempfile.gettempdir()),
    }
    for name, place in places.items():
        yield _attempt(name, lambda place=place: _writable(place), "choose another folder")  # type: ignore[misc] # bound at once


def _writable(place: Path) -> str:
    """Write a file into the folder, or into the one in which it would be made."""
    there = place.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        raise OSError(f"{there} is a file, not a folder")
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"hie")
    except OSError as error:
        raise OSError(f"{there} cannot be written ({error.strerror})") from None
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE:
        raise OSError(f"{there} has {free / 2**20:.0f} MiB left; results may not fit")
    return f"{place} ({free / 2**30:.0f} GiB free)"


def _one_image(name: str, device: str) -> str:
    model: Any = registry.load_detector(name, device)
    image = np.full((480, 640, 3), 127, np.uint8)
    model.detect([image])
    start = time.perf_counter()
    model.detect([image])
    return f"{1000 * (time.perf_counter() - start):.0f} ms for 640x480 pixels"
