"""Any files read as sequences and written in another layout."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.formats.layout import Kind, Size
from hie_cli.formats.readers import read_sequences
from hie_cli.formats.sequence import VideoSequence
from hie_cli.formats.writers import Written, target, write


def convert(
    sources: Path | str | Iterable[Path | str],
    output: Path | str,
    *,
    to: str,
    layout: str | None = None,
    kind: Kind | None = None,
    size: Size | None = None,
    fps: float | None = None,
    images: Path | str | None = None,
    overwrite: bool = False,
) -> Written:
    """Read every sequence of ``sources``, one or several, and write it to ``output`` in the layout
    ``to``.

    ``output`` is a folder, or one file by its ending; into a folder the sequences go one at a time,
    so that memory holds one. ``layout`` and ``kind`` override what the content says; ``size``
    (width, height), ``fps`` and ``images`` are told where the files do not say them
    (:func:`hie_cli.formats.readers.read_sequences`). Returns the files written and counts of what
    ``to`` cannot hold. Raises ConfigError for an unknown layout or an existing file, InputError for
    bad data or a sequence that two sources hold.
    """
    target(to)
    if fps is not None and not 0 < fps < float("inf"):
        raise ConfigError(f"--fps {fps:g}: expected a rate above 0")
    output = Path(output)
    sequences = (
        _completed(sequence, size, fps)
        for source in ([sources] if isinstance(sources, Path | str) else sources)
        for sequence in read_sequences(source, layout, kind, size=size, fps=fps, images=images)
    )
    if output.suffix:
        return write(list(_unique(sequences)), output, layout=to, overwrite=overwrite)
    files: list[Path] = []
    lost: Counter[str] = Counter()
    for sequence in _unique(sequences):
        written = write(sequence, output, layout=to, overwrite=overwrite)
        files += written.files
        lost += written.lost
    return Written(tuple(files), lost)


def _completed(sequence: VideoSequence, size: Size | None, fps: float | None) -> VideoSequence:
    """A sequence with the image size and frame rate that it does not state itself."""
    if sequence.width is None and size is not None:
        sequence = replace(sequence, width=size[0], height=size[1])
    return sequence if sequence.fps is not None else replace(sequence, fps=fps)


def _unique(sequences: Iterable[VideoSequence]) -> Iterator[VideoSequence]:
    """The sequences; InputError where a name comes a second time."""
    names: set[str] = set()
    for sequence in sequences:
        if sequence.name in names:
            raise InputError(f"sequence {sequence.name!r} occurs in two sources; give one")
        names.add(sequence.name)
        yield sequence
