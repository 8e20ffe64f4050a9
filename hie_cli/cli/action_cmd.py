"""``hie action``."""

from pathlib import Path

from hie_cli.cli import options
from hie_cli.cli.commands import CHAIN, command


@command("action", CHAIN)
def action(
    documents: options.Documents,
    video: options.VideoOf = None,
    output: options.Output = Path("out"),
    model: options.Model = None,
    preset: options.Preset = None,
    config: options.Config = None,
    sets: options.Set = None,
    device: options.Device = "auto",
    overwrite: options.Overwrite = False,
    resume: options.Resume = False,
    json: options.Json = False,
) -> None:
    """Score the 14 actions of every tracked person, to DIR/action/NAME.json.

    \b
    Examples:
      hie action out/track -o out
      hie action out/track/crowd.json -o out --set action.every=10
    """
    from hie_cli.cli.runner import Session

    session = Session(output, preset, config, sets, device, overwrite, resume, json)
    if model:
        session.choose_models("action", model)
    session.run_documents(documents, video or [], "action")
