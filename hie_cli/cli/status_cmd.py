"""``hie status``."""

from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import CHAIN, command
from hie_cli.cli.terminal import show, show_json
from hie_cli.core.text import brief

_WIDEST_NAME = 40  # characters of a video's name in a table


@command("status", CHAIN)
def status(
    output: Annotated[
        str, typer.Argument(metavar="DIR", help="Folder or address of results (hie run -o).")
    ],
    videos: Annotated[
        list[str] | None,
        typer.Option("--videos", metavar="PATH", help="Videos, to see those not begun or changed."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="List the finished ones, too.")] = False,
    json: options.Json = False,
) -> None:
    """Say how far the videos of a batch are: done, running, failed and why, interrupted, stale.

    \b
    Stale: finished, but documents are missing or replaced, or (with --videos) the video is another
    one now. hie run --resume makes stale and interrupted ones anew, --retry-failed those that
    failed.

    \b
    Examples:
      hie status out
      hie status out --videos clips/ --all
      hie status out --json
      hie status s3://bucket/out
    """
    found = hie_cli.status(output, videos=videos or [])
    counts = Counter(each.state for each in found)
    if json:
        show_json({"counts": counts, "videos": [asdict(each) for each in found]})
        return
    listed = [each for each in found if every or each.state != "done"]
    width = max((len(brief(each.name, _WIDEST_NAME)) for each in listed), default=0)
    for each in listed:
        log = f"  ({each.log})" if each.log else ""
        show(f"{brief(each.name, _WIDEST_NAME):<{width}}  {each.state:<11}  {each.reason}{log}")
    told = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    show(f"{len(found)} videos: {told}" if found else "no videos were run here by hie run")
