"""``hie analyse``."""

from pathlib import Path
from typing import Annotated, Any

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import LOOK, command
from hie_cli.cli.terminal import show, show_json
from hie_cli.core.progress import note


@command("analyse", LOOK)
def analyse(
    results: Annotated[
        list[Path],
        typer.Argument(metavar="DIR...", help="Folders of results, or documents with identities."),
    ],
    zones: Annotated[
        Path | None,
        typer.Option("--zones", metavar="YAML", help="Lines, areas and ground (hie zones)."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Folder of tables. Default: none."),
    ] = None,
    to: Annotated[
        str, typer.Option("--to", metavar="KINDS", help="Of csv, json and parquet.")
    ] = "csv",
    config: options.Config = None,
    sets: options.Set = None,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Count and measure tracked people: how many, where, how long, how fast, with whom.

    \b
    Tables: videos people actions groups timeline; with --zones also lines crossings zones visits.
    Speeds are in body heights a second; with four points of the ground in metres a second, and
    people a square metre. Moving cameras: places are those of the zones' frame.

    \b
    Examples:
      hie analyse out
      hie analyse out --zones zones.yaml -o out/analysis --to csv,json
      hie analyse out/track/hall.json --json --set bin_seconds=10
    """
    from hie_cli.analysis.tables import write_tables

    found = hie_cli.analyse(results, zones=zones, config=config or [], set=sets or [])
    if output is not None:
        kinds = [kind.strip() for kind in to.split(",")]
        files = write_tables(found, output, kinds, overwrite)
        note(f"{len(files)} files are in {output}")
    if json:
        show_json(found.to_record())
        return
    for name in ("videos", "lines", "zones"):
        for line in _table(name, found.tables.get(name, [])):
            show(line)


def _table(name: str, rows: list[dict[str, Any]]) -> list[str]:
    """A table as aligned lines; nothing of an empty one."""
    if not rows:
        return []
    names = list(dict.fromkeys(key for row in rows for key in row))
    cells = [names] + [["" if row.get(n) is None else str(row[n]) for n in names] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    texts = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    return [f"{name}:", *texts]
