"""Building blocks of a layout's writers: one file a sequence, or one file of them all."""

from collections.abc import Callable, Sequence
from pathlib import Path

from hie_cli.core.errors import ConfigError
from hie_cli.formats.files import atomic_write, taken
from hie_cli.formats.layout import Writer
from hie_cli.formats.sequence import VideoSequence

WriteFile = Callable[[Sequence[VideoSequence], Path], None]
TextOf = Callable[[VideoSequence], str]


def fresh(path: Path, overwrite: bool) -> Path:
    """``path``, if it may be written. Raises ConfigError for an existing file."""
    if not overwrite and taken(path):
        raise ConfigError(f"{path}: exists already; remove it or add --overwrite")
    return path


def write_text(path: Path, text: str, overwrite: bool) -> Path:
    """Write a whole text file; ConfigError as :func:`fresh`."""
    with atomic_write(fresh(path, overwrite)) as file:
        file.write(text)
    return path


def texts(text: TextOf, ending: str, shared: bool = False) -> Writer:
    """A writer of text files; with ``shared`` one file can hold several sequences."""

    def write_file(sequences: Sequence[VideoSequence], path: Path) -> None:
        with atomic_write(path) as file:
            for sequence in sequences:
                file.write(text(sequence))

    return files(write_file, ending, shared)


def files(write_file: WriteFile, ending: str, shared: bool = False) -> Writer:
    """A writer of a folder of ``NAME{ending}``, or of the one file that is named.

    Raises ConfigError for several sequences in one file that is not ``shared``.
    """

    def write(sequences: Sequence[VideoSequence], out: Path, overwrite: bool) -> list[Path]:
        if out.suffix.lower() != ending:
            parts = [([sequence], out / f"{sequence.name}{ending}") for sequence in sequences]
        elif len(sequences) > 1 and not shared:
            raise ConfigError(
                f"{out}: this layout keeps one sequence a file; give a folder instead"
            )
        else:
            parts = [(list(sequences), out)]
        for part, path in parts:
            write_file(part, fresh(path, overwrite))
        return [path for _, path in parts]

    return write
