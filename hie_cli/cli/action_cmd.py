"""``hie action``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hie_cli.cli import options
from hie_cli.cli.commands import CHAIN, command

if TYPE_CHECKING:
    from hie_cli.recognition.kinematic.explanation import Explanation
    from hie_cli.recognition.settings import ActionConfig

SHOWN = 5  # measures of an explanation that are printed


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
    explain: Annotated[
        int | None,
        typer.Option("--explain", metavar="ID", help="Only say why an identity is judged so."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Score the 14 actions of every tracked person, to DIR/action/NAME.json.

    \b
    Examples:
      hie action out/track -o out
      hie action out/track/crowd.json -o out --set action.every=10
      hie action out/track/crowd.json --explain 7
    """
    from hie_cli.cli.runner import Session

    session = Session(output, preset, config, sets, device, overwrite, resume, json)
    if model:
        session.choose_models("action", model)
    if explain is None:
        session.run_documents(documents, video or [], "action")
    else:
        _explain(documents, session.config.action, explain, json)


def _explain(documents: list[str], config: "ActionConfig", track_id: int, as_json: bool) -> None:
    """Print, for every sampled frame of one identity, what speaks for its action."""
    import dataclasses
    import json

    from hie_cli.core.errors import InputError
    from hie_cli.formats.documents.document import Document
    from hie_cli.pipeline.document_inputs import find_documents, video_info
    from hie_cli.recognition.kinematic.explanation import explain

    for path in find_documents(documents):
        document = Document(path)
        found = list(explain(document, video_info(document, None), config, track_id))
        if not found:
            raise InputError(f"{path}: no sampled frame shows identity {track_id}; give another")
        if as_json:
            frames = [dataclasses.asdict(one) for one in found]
            for part in (part for frame in frames for part in frame["parts"]):
                part["value"] = None if part["value"] != part["value"] else part["value"]
            print(json.dumps({"name": path.stem, "frames": frames}))
        else:
            print("\n".join([path.stem, *(line for one in found for line in _lines(one))]))


def _lines(found: "Explanation") -> list[str]:
    """One explanation as text."""
    parts = [
        f"{part.measure} {part.value:.2f} ({part.speaks_for:+.1f})"
        if part.value == part.value
        else f"{part.measure} unknown ({part.speaks_for:+.1f})"
        for part in found.parts[:SHOWN]
    ]
    return [
        f"  frame {found.frame}: {found.first} {found.first_score:.2f}, then {found.second} "
        f"{found.second_score:.2f}; the rules alone: {found.rules}",
        f"    {', '.join(parts)}",
    ]
