"""What is measured of one tracked video, before it is put into tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from hie_cli.analysis.actions import action_seconds
from hie_cli.analysis.crossings import Crossing, crossings
from hie_cli.analysis.groups import Groups, groups
from hie_cli.analysis.motion import Motion, motion
from hie_cli.analysis.places import Occupancy, occupancy
from hie_cli.analysis.settings import AnalysisConfig
from hie_cli.analysis.tracks import Tracks, gather
from hie_cli.analysis.zones import Zones
from hie_cli.core.errors import InputError, input_error
from hie_cli.formats.documents.document import Document

_STAGES = ("action", "track")  # of a folder of results, the richest first


@dataclass(frozen=True)
class Measured:
    """What was measured of one video, before it is put into tables."""

    tracks: Tracks
    motion: Motion
    groups: Groups
    actions: dict[int, dict[str, float]]
    crossings: tuple[Crossing, ...]
    places: tuple[Occupancy, ...]
    lines: tuple[str, ...]


def find_tracked(results: PathLike[str] | str | Sequence[PathLike[str] | str]) -> list[Path]:
    """Documents with identities, by the folders or files that hold them.

    Raises InputError where there are none.
    """
    many = [results] if isinstance(results, str | PathLike) else list(results)
    found: list[Path] = []
    for path in map(Path, many):
        if not path.is_dir():
            found.append(path)
            continue
        inside: dict[str, Path] = {}
        for folder in [path / stage for stage in _STAGES if (path / stage).is_dir()] or [path]:
            for each in sorted(folder.glob("[!.]*.json")):
                if each != path / "summary.json":
                    inside.setdefault(each.stem, each)
        if not inside:
            raise input_error(path, "holds no tracks", "give what hie run -o or hie track -o wrote")
        found += [inside[name] for name in sorted(inside)]
    return found


def measure(path: Path, zones: Zones, settings: AnalysisConfig) -> Measured:
    """Everything that is measured of one document."""
    document = Document(path)
    if document.header is None:
        raise InputError(
            f"{document.label}: has no header that states size and frame rate; give a document of "
            "hie track (hie convert --to document --size --fps makes one)"
        )
    video = document.header.video
    zones = zones.scaled(video)
    ground = None if zones.ground is None else zones.ground.matrix()
    tracks = gather(document, video, document.label, settings.min_action_score, zones.frame)
    found = [
        crossing
        for name, line in zones.lines.items()
        for crossing in crossings(tracks, name, line, settings.line_margin)
    ]
    return Measured(
        tracks,
        motion(tracks, settings.speed_seconds, ground),
        groups(tracks, settings.group_distance, settings.group_seconds),
        action_seconds(tracks),
        tuple(sorted(found, key=lambda each: each.seconds)),
        tuple(
            occupancy(tracks, name, polygon, settings.leave_seconds, ground)
            for name, polygon in zones.zones.items()
        ),
        tuple(zones.lines),
    )
