"""Where the results of a chain go."""

import os
import re
import secrets
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.formats.files import file_name, taken
from hie_cli.formats.layouts import people_dataset
from hie_cli.storage.addresses import is_address, join, local_path


@dataclass(frozen=True)
class OutputDir:
    """Where results go and what may happen to those already there.

    ``joined``: stages whose documents were just put together (``segment_parts``), and are gone on
    with even where ``resume`` is not asked for · ``address``: where results are published
    (``remote``); ``folder`` is then a work folder of this machine. A video's name comes from a
    file: one that would lead out of ``folder`` raises InputError.
    """

    folder: Path
    overwrite: bool = False
    resume: bool = False
    joined: tuple[str, ...] = ()
    address: str = ""

    def __str__(self) -> str:
        """What messages call it."""
        return self.address or str(self.folder)

    def place(self, path: Path) -> str:
        """What messages and records call one of its files: its path, or where it is published."""
        if not self.address:
            return str(path)
        return join(self.address, *path.relative_to(self.folder).parts)

    def resumes(self, stage: str) -> bool:
        """Whether a document of ``stage`` that is there is gone on with."""
        return self.resume or stage in self.joined

    def document(self, stage: str, name: str) -> Path:
        """``DIR/STAGE/NAME.json``."""
        return self.folder / stage / f"{file_name(name)}.json"

    def overlay(self, name: str) -> Path:
        """``DIR/render/NAME.mp4``."""
        return self.folder / "render" / f"{file_name(name)}.mp4"

    def contact_sheet(self, name: str) -> Path:
        """``DIR/render/NAME.png``."""
        return self.folder / "render" / f"{file_name(name)}.png"

    def run_record(self, name: str) -> Path:
        """``DIR/runs/NAME.json``: what became of a video of a batch (``run_records``)."""
        return self.folder / "runs" / f"{file_name(name)}.json"

    def failure_log(self, name: str) -> Path:
        """``DIR/runs/NAME.log``: where in the program a video of a batch failed."""
        return self.folder / "runs" / f"{file_name(name)}.log"

    def segments(self, name: str) -> Path:
        """``DIR/.segments/NAME``: the segments of a long video, as long as it is not finished."""
        return self.folder / ".segments" / file_name(name)

    def fetched(self, name: str) -> Path:
        """``DIR/.fetched/NAME``: a folder for the input of a video at an address, while it runs."""
        return self.folder / ".fetched" / file_name(name)

    def people_table(self, name: str) -> Path:
        """The video's part of the data set ``DIR/people`` (``people_dataset``)."""
        return people_dataset.part(self.folder / "people", file_name(name))

    def cutouts(self, name: str) -> Path:
        """``DIR/cutouts/NAME``, a folder."""
        return self.folder / "cutouts" / file_name(name)

    def clips(self, name: str) -> list[Path]:
        """The clips in ``cutouts(name)``, by identity."""
        found = [path for path in self.cutouts(name).glob("*.mp4") if path.stem.isdigit()]
        return sorted(found, key=lambda path: int(path.stem))

    def files(self, name: str, stages: Sequence[str]) -> list[Path]:
        """The files that ``stages`` write for the video NAME."""
        documents = [self.document(stage, name) for stage in stages if stage != "render"]
        pictures = [self.overlay(name), self.contact_sheet(name)] if "render" in stages else []
        return documents + pictures

    def existing(self, name: str, stages: Sequence[str], clips: bool = False) -> list[Path]:
        """Those of a video's files that are there; none for a name that cannot name a file."""
        try:
            files = self.files(name, stages) + (self.clips(name) if clips else [])
        except InputError:
            return []
        return [path for path in files if path.exists()]

    def check_video(self, name: str, stages: Sequence[str]) -> None:
        """``check`` of a video's files, before any video is run.

        One whose name cannot name a file has none: it fails by itself, when its turn comes.
        """
        with suppress(InputError):
            self.check(self.files(name, stages))

    def check(self, paths: Iterable[Path]) -> None:
        """Refuse to overwrite silently. Raises ConfigError naming the file."""
        for path in paths:
            if taken(path) and not (self.overwrite or self.resume):
                raise ConfigError(f"{path}: exists already; --overwrite replaces it")


def output_dir(
    place: Path | str,
    overwrite: bool,
    resume: bool,
    retry_failed: bool = False,
    stored: bool = False,
) -> OutputDir:
    """Where results go as options say it: a folder, or (``stored``) an address.

    Raises ConfigError for options that contradict each other, for a folder that is a file or cannot
    be looked at, and for an address where none can be taken.
    """
    asked = "--retry-failed" if retry_failed else "--resume"
    if overwrite and (resume or retry_failed):
        raise ConfigError(f"--overwrite and {asked} contradict each other; give one")
    text = local_path(str(place))
    if stored and is_address(text):
        work = Path(tempfile.gettempdir()) / f"hie-{secrets.token_hex(8)}"
        return OutputDir(work, overwrite, resume or retry_failed, address=text.rstrip("/"))
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", text) and not os.path.lexists(text):
        raise ConfigError(f"-o {text}: an address; hie run (hie_cli.run_batch) alone writes there")
    path = Path(text)
    try:
        if path.exists() and not path.is_dir():
            raise ConfigError(f"-o {path}: is a file; give a folder")
    except OSError as error:
        raise ConfigError(f"-o {path}: cannot be written ({error.strerror})") from None
    return OutputDir(path, overwrite, resume or retry_failed)
