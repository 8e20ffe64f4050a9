"""Pixels kept on disk while a training runs, so that memory stays flat whatever the data's size."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Self

import numpy as np

from hie_cli.core.errors import InputError
from hie_cli.core.types import Image


@dataclass(frozen=True)
class Stored:
    """A uint8 array on disk; ``np.asarray`` reads it, so it stands in for the array itself."""

    store: "PixelFile"
    offset: int
    shape: tuple[int, ...]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Image:
        image = self.store.read(self.offset, self.shape)
        return image if dtype is None else image.astype(dtype)


class PixelFile:
    """One temporary file in ``folder``, as large as what is put there; gone when closed.

    Several threads may read at once.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.size = 0
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115 # closed by __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # what a full disk did not take; all of it is thrown away here
            self._file.close()

    def put(self, image: Any) -> Stored:
        """Write an array. Raises InputError where the disk is full."""
        stored = Stored(self, self.size, image.shape)
        try:
            self._file.seek(self.size)
            self.size += self._file.write(np.asarray(image).tobytes())
            self._file.flush()
        except OSError as error:
            fix = "give an --output on another disk"
            raise InputError(f"{self.folder}: {error.strerror}; {fix}") from None
        return stored

    def read(self, offset: int, shape: tuple[int, ...]) -> Image:
        """The array written there."""
        data = os.pread(self._file.fileno(), int(np.prod(shape)), offset)
        return np.frombuffer(data, np.uint8).reshape(shape)
