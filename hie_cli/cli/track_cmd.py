"""``hie track``."""

from pathlib import Path

from hie_cli.cli import options
from hie_cli.cli.commands import CHAIN, command


@command("track", CHAIN)
def track(
    documents: options.Documents,
    video: options.VideoOf = None,
    output: options.Output = Path("out"),
    online: options.Online = False,
    appearance: options.Appearance = None,
    device: options.Device = "auto",
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
      hie track out/pose --video clips/ -o out --appearance osnet-x0.25-msmt17
    """
    from hie_cli.cli.runner import Session

    session = Session(output, preset, config, sets, device, overwrite, resume, json)
    if online:
        session.choose("track", {"online": True})
    session.choose_appearance(appearance)
    session.run_documents(documents, video or [], "track")
