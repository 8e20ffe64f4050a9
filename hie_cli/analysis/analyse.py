"""Figures of one or many tracked videos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from hie_cli.analysis.measured import find_tracked, measure
from hie_cli.analysis.rows import COLUMNS, Row, rows_of
from hie_cli.analysis.settings import DEFAULTS
from hie_cli.analysis.zones import Zones, read_zones
from hie_cli.core.config import Files, Sets, load

_OF_ZONES = ("crossings", "lines", "zones", "visits")  # there only where zones are given


@dataclass(frozen=True)
class Analysis:
    """Tables by name, each a list of rows of plain values; ``COLUMNS`` lists what they hold.

    Seconds count from the video's beginning; speeds are in body heights a second, and in metres a
    second where the ground is measured.
    """

    tables: Mapping[str, list[Row]]

    def to_record(self) -> dict[str, list[Row]]:
        """The tables as plain values that JSON can hold."""
        return {name: list(rows) for name, rows in self.tables.items()}


def analyse(
    results: PathLike[str] | str | Sequence[PathLike[str] | str],
    *,
    zones: PathLike[str] | str | Zones | None = None,
    config: Files = None,
    set: Sets = None,
) -> Analysis:
    """Measure tracked people: counts, dwell times, crossings, speeds, groups, actions.

    results: a folder that ``hie run`` wrote, documents with identities, or folders of them · zones:
    lines, areas and the ground (``hie zones`` writes the file) · config, set: settings
    (``AnalysisConfig``). Where documents hold the camera's motion, all places are those of the
    zones' frame. Raises InputError for documents without identities or a header, and for broken
    zones.
    """
    settings = load(DEFAULTS, config, set)
    shapes = zones if isinstance(zones, Zones) or zones is None else read_zones(Path(zones))
    names = [name for name in COLUMNS if shapes is not None or name not in _OF_ZONES]
    tables: dict[str, list[Row]] = {name: [] for name in names}
    for path in find_tracked(results):
        measured = measure(path, shapes or Zones(), settings)
        rows = rows_of(measured, settings)
        for name, table in tables.items():
            table.extend({"video": measured.tracks.video.name, **row} for row in rows[name])
    return Analysis(tables)
