"""Pixels of training samples kept on disk, so that memory stays flat whatever the data's size."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, TypeVar

import numpy as np

from hie_cli.core.errors import InputError
from hie_cli.core.types import Image
from hie_cli.recognition.learned.network_specs import Pixels, Portraits, VideoClip

View = TypeVar("View")


@dataclass(frozen=True)
class Stored:
    """A uint8 array on disk; ``np.asarray`` reads it, so it stands in for the array itself."""

    store: "PixelStore"
    offset: int
    shape: tuple[int, ...]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Image:
        image = self.store.read(self.offset, self.shape)
        return image if dtype is None else image.astype(dtype)


class PixelStore:
    """One temporary file in ``folder``, as large as what is put there; gone when closed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.size = 0
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115 # closed by __exit__
        self._last: list[tuple[Pixels, Stored]] = []

    def __enter__(self) -> "PixelStore":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def put(self, image: Pixels) -> Stored:
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
        self._file.seek(offset)
        data = self._file.read(int(np.prod(shape)))
        return np.frombuffer(data, np.uint8).reshape(shape)

    def kept(self, view: View) -> View:
        """``view`` with its pixels on disk; images shared with the view before are there once."""
        if isinstance(view, Portraits):
            return dataclasses.replace(view, crops=self.put(view.crops))
        if isinstance(view, VideoClip):
            known = self._last
            self._last = []
            for image in view.images:
                same = [pair for pair in known + self._last if pair[0] is image]
                self._last.append(same[0] if same else (image, self.put(image)))
            return dataclasses.replace(view, images=tuple(stored for _, stored in self._last))
        return view
