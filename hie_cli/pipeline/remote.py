"""Inputs and results at addresses: what lies between a job, which knows files alone, and a store.

An input is fetched when its video begins, and removed when that ends. Results are made in a work
folder of the video's own and published whole: what they hold first, the record of the run last.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from hie_cli.core.errors import ConfigError, HieError, InputError
from hie_cli.formats.files import file_name
from hie_cli.pipeline import run_records, summary
from hie_cli.pipeline.inputs import Source, VideoInput
from hie_cli.pipeline.output import OutputDir
from hie_cli.storage import objects


@contextmanager
def own_folder(output: OutputDir, name: str) -> Iterator[OutputDir]:
    """Where a video's results go while it runs; what was fetched or published is removed after it.

    ``output`` itself where it is a folder of this machine. Raises InputError for a name that cannot
    name a file.
    """
    own = output
    if output.address:
        own = replace(output, folder=output.folder / file_name(name))
    try:
        yield own
    finally:
        shutil.rmtree(own.folder if own.address else own.fetched(name), ignore_errors=True)
        with suppress(OSError):
            own.fetched(name).parent.rmdir()  # another video may be there


def fetched(video: VideoInput, address: str, path: Path) -> VideoInput:
    """``video``, a file ``path``, fetched from ``address`` when it is opened."""

    def opened() -> Source:
        objects.fetch(address, path)
        return video.open()

    return replace(video, open=opened)


def fingerprint(path: Path, address: str) -> str:
    """What tells an input, a file or one at an address, from another; "" where it is not there."""
    if not address:
        return run_records.fingerprint(path)
    try:
        return objects.fingerprint(address)
    except HieError:
        return ""  # fetching it will say why


def published(output: OutputDir) -> set[str]:
    """The addresses of all files of results at an address."""
    if not output.address:
        return set()
    return {f"{output.address}/{name}" for name in objects.beneath(output.address)}


def bring_record(output: OutputDir, name: str) -> None:
    """The published record of a video, if there is one, to where it is read."""
    if output.address:
        _bring(output, output.run_record(name))


def bring_documents(output: OutputDir, name: str, stages: Sequence[str]) -> None:
    """What is published of a video that is gone on with."""
    if output.address:
        for path in output.files(name, stages):
            _bring(output, path)


def _bring(output: OutputDir, path: Path) -> None:
    with suppress(InputError):  # nothing there
        objects.fetch(output.place(path), path)


def bring_records(output: OutputDir) -> None:
    """All published records, to where they are read."""
    if not output.address:
        return
    names = [name for name in objects.beneath(f"{output.address}/runs") if name.endswith(".json")]
    folder = output.folder / "runs"
    objects.fetch_all(f"{output.address}/runs", [n for n in names if "/" not in n], folder)


def publish(output: OutputDir) -> None:
    """A video's documents, pictures and tables; its record and log aside (``run_records``)."""
    if output.address:
        for folder in sorted(output.folder.iterdir()):
            if folder.is_dir() and folder.name != "runs" and not folder.name.startswith("."):
                objects.publish_all(folder, output.place(folder))


def publish_or_remove(output: OutputDir, path: Path) -> None:
    """A file that is there or not, so at the address of results, too."""
    if output.address and path.exists():
        objects.publish(path, output.place(path))
    elif output.address:
        objects.remove(output.place(path))


def is_there(output: OutputDir, path: Path) -> bool:
    """Whether a file of results is there, or published."""
    return objects.is_there(output.place(path)) if output.address else path.exists()


def check_free(output: OutputDir, names: Sequence[str], stages: Sequence[str]) -> None:
    """Raise ConfigError where results cannot be published, or would silently replace others."""
    if not output.address:
        return
    if output.overwrite or output.resume:
        objects.require(output.address)
        return
    taken = {
        f"{folder}/{name}"
        for folder in {path.parent.name for path in output.files("video", stages)}
        for name in objects.beneath(f"{output.address}/{folder}")
    }
    for name in names:
        with suppress(InputError):  # one that cannot name a file fails by itself
            for path in output.files(name, stages):
                if "/".join(path.relative_to(output.folder).parts) in taken:
                    raise ConfigError(
                        f"{output.place(path)}: exists already; --overwrite replaces it"
                    )


@contextmanager
def work_folder(output: OutputDir) -> Iterator[None]:
    """Leave nothing in the work folder of results at an address."""
    try:
        yield
    finally:
        if output.address:
            shutil.rmtree(output.folder, ignore_errors=True)


def write_summary(output: OutputDir, run: dict[str, Any]) -> None:
    """``summary.json`` of a run, where the results are; see ``summary.write_summary``."""
    path = output.folder / summary.NAME
    if output.address:
        _bring(output, path)
    summary.write_summary(output.folder, run)
    if output.address:
        objects.publish(path, output.place(path))
