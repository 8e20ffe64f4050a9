"""``hie track``."""

from pathlib import Path
from typing import Annotated

import typer

from hie_cli.cli import options
from hie_cli.cli.commands import CHAIN, command


@command("track", CHAIN)
def track(
    documents: options.Documents,
    video: options.VideoOf = None,
    output: options.Output = Path("out"),
    online: Annotated[
        bool, typer.Option("--online", help="Decide each frame from the past alone (streams).")
    ] = False,
    preset: options.Preset = None,
    config: options.Config = None,
    sets: options.Set = None,
    overwrite: options.Overwrite = False,
    resume: options.Resume = False,
    json: options.Json = False,
) -> None:
    """Give every person an identity that lasts through the video, to DIR/track/NAME.json.

    Reads detect or pose documents. Without --video no appearance is used and no pixel is read.

    \b
    Examples:
      hie track out/pose --video clips/ -o out
      hie track out/pose/crowd.json -o out --set track.lost_seconds=4
    """
    from hie_cli.cli.runner import Session

    session = Session(output, preset, config, sets, "cpu", overwrite, resume, json)
    if online:
        session.choose("track", {"online": True})
    session.run_documents(documents, video or [], "track")
