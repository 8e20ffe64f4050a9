"""Sequences written in any layout, and what each layout cannot hold."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hie_cli.formats.files import file_name
from hie_cli.formats.layout import Layout
from hie_cli.formats.layouts import find, known
from hie_cli.formats.sequence import VideoSequence, contents


@dataclass(frozen=True)
class Written:
    """Files written, and counts of what the layout could not hold."""

    files: tuple[Path, ...]
    lost: Counter[str]


def targets() -> tuple[str, ...]:
    """Names of the layouts that can be written, sorted."""
    return tuple(sorted(layout.name for layout in known() if layout.write is not None))


def target(name: str) -> Layout:
    """The layout to write. Raises ConfigError for one that is unknown or only read."""
    return find(name, tuple(find(known_name) for known_name in targets()))


def write(
    sequences: VideoSequence | Iterable[VideoSequence],
    path: Path | str,
    layout: str,
    *,
    overwrite: bool = False,
) -> Written:
    """Write one or several sequences in ``layout`` to ``path``: a folder, or a file by its ending.

    Returns the files written and counts of what the layout cannot hold. Raises ConfigError for an
    unknown layout, an existing file without ``overwrite``, several sequences in a file that holds
    one, or a layout that needs what the sequences do not say (such as their image size).
    """
    chosen = target(layout)
    assert chosen.write is not None
    many = [sequences] if isinstance(sequences, VideoSequence) else list(sequences)
    for sequence in many:
        file_name(sequence.name)
    files = chosen.write(many, Path(path), overwrite)
    total: Counter[str] = Counter()
    for sequence in many:
        total += lost(sequence, chosen)
    return Written(tuple(files), total)


def lost(sequence: VideoSequence, layout: Layout) -> Counter[str]:
    """Counts of what a sequence holds and ``layout`` cannot, the reader's own losses included."""
    kept = layout.kept(sequence)
    missing = Counter({what: n for what, n in contents(sequence).items() if what not in kept})
    missing.pop("noses" if "joints" in missing else "", None)
    missing.pop("chests" if "joints" in missing else "", None)
    return missing + Counter(dict(sequence.dropped))
