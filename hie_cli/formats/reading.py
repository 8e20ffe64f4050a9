"""Building blocks of a layout's readers: which file is which sequence, and when it is read."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TypeVar

from hie_cli.core.errors import InputError
from hie_cli.formats.files import no_garbage_collection
from hie_cli.formats.layout import Loaders, ReadOptions
from hie_cli.formats.sources import Source

T = TypeVar("T")


class Sequences(Mapping[str, T]):
    """Sequences by name, each read when asked for, so that memory holds one at a time."""

    def __init__(self, loaders: Loaders[T]) -> None:
        self._loaders = loaders
        self._last: tuple[str, T] | None = None

    def __getitem__(self, name: str) -> T:
        if self._last is None or self._last[0] != name:
            self._last = None  # let go of the previous one first
            self._last = name, self._loaders[name]()
        return self._last[1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaders)

    def __len__(self) -> int:
        return len(self._loaders)


def per_file(
    load: Callable[[Source, str, ReadOptions], T],
) -> Callable[[list[Source], ReadOptions], Loaders[T]]:
    """A reader of layouts that keep one sequence in a file named like it."""

    def read(files: list[Source], options: ReadOptions) -> Loaders[T]:
        named = by_name(files).items()
        return {name: partial(_parsed_once, load, source, name, options) for name, source in named}

    return read


def _parsed_once(
    load: Callable[[Source, str, ReadOptions], T], source: Source, name: str, options: ReadOptions
) -> T:
    """Load a sequence, then let go of the file's parsed content."""
    with no_garbage_collection():
        try:
            return load(source, name, options)
        finally:
            source.forget()


def per_folder(
    load: Callable[[list[Source], str], T],
) -> Callable[[list[Source], ReadOptions], Loaders[T]]:
    """A reader of layouts that keep a frame in a file, and a sequence in a folder."""

    def read(files: list[Source], options: ReadOptions) -> Loaders[T]:
        return {name: partial(load, part, name) for name, part in by_folder(files).items()}

    return read


def per_video(
    open_file: Callable[[Source, ReadOptions], Loaders[T]],
) -> Callable[[list[Source], ReadOptions], Loaders[T]]:
    """A reader of layouts whose files hold several sequences each, read at once."""

    def read(files: list[Source], options: ReadOptions) -> Loaders[T]:
        loaders: dict[str, Callable[[], T]] = {}
        for source in files:
            found = open_file(source, options)
            source.forget()
            again = sorted(loaders.keys() & found.keys())
            if again:
                raise InputError(
                    f"{source.label}: sequence {again[0]!r} is also in another file; "
                    "give one of them"
                )
            loaders |= found
        return loaders

    return read


def sequence_name(source: Source) -> str:
    """The sequence a one-file-per-sequence layout keeps in ``source``.

    ``20.json`` -> 20; ``MOT16-04/gt/gt.txt`` -> MOT16-04; ``pets/gt.txt`` -> pets.
    """
    if source.name not in ("gt", "det") or not source.folders:
        return source.name
    if source.folder in ("gt", "det") and len(source.folders) > 1:
        return source.folders[-2]
    return source.folder


def by_name(files: list[Source]) -> dict[str, Source]:
    """One file per sequence. Raises InputError if two files claim the same sequence."""
    named: dict[str, Source] = {}
    for source in files:
        name = sequence_name(source)
        if name in named:
            raise InputError(
                f"{source.label}: sequence {name!r} is also in {named[name].label}; "
                "give the folder or file of one of them"
            )
        named[name] = source
    return named


def by_folder(files: list[Source]) -> dict[str, list[Source]]:
    """Per-frame files by the folder they lie in; those at an archive's root by its name."""
    folders: dict[str, list[Source]] = {}
    for source in files:
        folders.setdefault(source.folder or source.archive, []).append(source)
    return folders
