"""``hie pose``."""

from pathlib import Path

from hie_cli.cli import options


def pose(
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
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Estimate the 14 joints of every detected person, to DIR/pose/NAME.json.

    \b
    Examples:
      hie pose out/detect/crowd.json --video crowd.mp4 -o out
      hie pose out/detect --video clips/ -o out --model movenet-thunder
    """
    from hie_cli.cli.session import Session

    session = Session(output, preset, config, sets, device, overwrite, resume, quiet, json)
    if model:
        session.choose_models("pose", model)
    session.run_documents(documents, video or [], "pose")
