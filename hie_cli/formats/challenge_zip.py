"""A challenge submission made from results, or an existing one checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hie_cli.core.errors import ConfigError
from hie_cli.formats import submission
from hie_cli.formats.files import taken


@dataclass(frozen=True)
class Submission:
    """A submission zip: its track, the sequences it must hold, and what is wrong with it."""

    path: Path
    track: int
    sequences: tuple[str, ...]
    problems: tuple[str, ...] = ()


def submit(
    documents: Path | str | Sequence[Path | str],
    output: Path | str,
    *,
    track: int = 1,
    sequences: str | None = None,
    overwrite: bool = False,
) -> Submission:
    """Write the zip ``output`` for a challenge track from stage documents or result files.

    documents: files, or folders of them · sequences: which ones it must hold, such as "20-32" (the
    default), "20,21" or "clip:300" (a name with its number of frames). Raises ConfigError for wrong
    usage or an existing file, ``UnsoundError`` with every problem of the results; nothing is then
    written.
    """
    path = Path(output)
    expected = _expected(track, sequences)
    if path.suffix.lower() != ".zip":
        raise ConfigError(f"-o {path}: expected the name of a .zip to write")
    if not overwrite and taken(path):
        raise ConfigError(f"{path}: exists already; remove it or add --overwrite")
    given = [documents] if isinstance(documents, Path | str) else documents
    found, problems = submission.gather(Path(one) for one in given)
    submission.write_submission(found, track, expected, path, problems)
    return Submission(path, track, tuple(expected))


def check_submission(
    path: Path | str, *, track: int = 1, sequences: str | None = None
) -> Submission:
    """Check the existing zip ``path``; ``problems`` of what is returned lists all that is wrong.

    Raises ConfigError for wrong usage, InputError for a file that is no zip.
    """
    expected = _expected(track, sequences)
    problems = submission.check_file(Path(path), track, expected)
    return Submission(Path(path), track, tuple(expected), tuple(problems))


def _expected(track: int, sequences: str | None) -> dict[str, int | None]:
    if track not in submission.TRACKS:
        raise ConfigError(f"--track {track}: expected 1, 2, 3 or 4")
    return submission.parse_sequences(sequences)
