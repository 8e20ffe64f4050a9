"""``hie models import``, ``available`` and ``pull``: models of your own and published ones."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import SET_UP, command
from hie_cli.cli.model_rows import OfTask, checked_task, megabytes, model_row
from hie_cli.cli.terminal import show, show_json
from hie_cli.core.errors import ConfigError

if TYPE_CHECKING:
    from hie_cli.models.catalogue.entries import Entry
    from hie_cli.models.importing.importer import Imported

_AcceptDoubts = Annotated[
    bool,
    typer.Option("--accept-doubts", help="Import what sees nobody, or may be read otherwise."),
]


@command("models import", SET_UP)
def import_model(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An .onnx file, or weights.")],
    manifest: Annotated[
        Path | None,
        typer.Option("--manifest", metavar="YAML", help="What the model is: docs/models.md."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Default: the file's name.")
    ] = None,
    licence: Annotated[
        str, typer.Option("--licence", metavar="TEXT", help="For `hie models list`.")
    ] = "not stated",
    sets: options.Set = None,
    accept_doubts: _AcceptDoubts = False,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", metavar="PNG", help="Draw what it saw, imported or not."),
    ] = None,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Import your own model, to be used as --model NAME. It is tried before it is stored.

    An ONNX file without a manifest is tried on a picture with people to find out what it is:
    detectors, pose and appearance networks. What stays in doubt is asked about: exit code 2 and
    the options that answer. Weights (safetensors, or a torch state dict) for the networks of the
    packaged models need a manifest.

    \b
    Examples:
      hie models import rtmdet-nano.onnx
      hie models import osnet.onnx --name osnet --licence MIT --set colour=rgb
      hie models import rtmpose-m.onnx --manifest rtmpose-m.yaml
      hie models import tuned.safetensors --manifest tuned.yaml --overwrite
    """
    from hie_cli.core.config import parse_set

    known: dict[str, Any] = {}
    for assignment in sets or ():
        known |= parse_set(assignment)
    if manifest is not None and (name or known):
        raise ConfigError("--manifest says it all: --name and --set go without it")
    model = hie_cli.import_model(
        file, manifest, name=name, licence=licence, set=known, accept_doubts=accept_doubts,
        overwrite=overwrite, picture_file=picture,
    )  # fmt: skip
    if json:
        show_json(model_row(model.spec) | _told(model))
        return
    _show_imported(model)


@command("models available", SET_UP)
def available(
    task: OfTask = None,
    json: options.Json = False,
) -> None:
    """List well-known published models that `hie models pull` gets. Nothing is downloaded.

    \b
    Examples:
      hie models available --task detect
      hie models available --json
    """
    wanted = checked_task(task, ("flow",))
    entries = [each for each in hie_cli.available_models() if wanted in (None, each.task)]
    if json:
        show_json([_entry(each) for each in entries])
        return
    for each in entries:
        size = megabytes(each.bytes) if each.bytes else "size not stated"
        show(f"{each.name}  ({each.task}, {each.licence}, {size})")
        show(f"  {each.summary}; {each.figures}")
        show(f"  {each.address}")
        show(f"  sha256: {each.checksum}" + (f"; {each.terms}" if each.terms else ""))


@command("models pull", SET_UP)
def pull(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A model of `hie models available`.",
            autocompletion=options.beginning(options.catalogue_names),
        ),
    ],
    mirror: Annotated[
        str | None,
        typer.Option(
            "--mirror",
            metavar="DIR|URL",
            help="Take the file from there (default: HIE_MODELS_MIRROR).",
        ),
    ] = None,
    accept_doubts: _AcceptDoubts = False,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Download a published model from its official address, check it and import it.

    A transfer that is cut off is continued by the same command. With --mirror, a folder or an
    http(s) address, the file is taken from there under its own name.

    \b
    Examples:
      hie models pull rtmpose-m
      hie models pull rtmdet-nano-person --mirror /media/usb/models
      HIE_MODELS_MIRROR=http://files.example/models hie models pull rtmo-s
    """
    done = hie_cli.pull_model(name, mirror=mirror, accept_doubts=accept_doubts, overwrite=overwrite)
    got = {"origin": done.origin, "sha256": done.sha256, "checked": done.checked}
    if json:
        told = (
            model_row(done.imported.spec) | _told(done.imported)
            if done.imported
            else {"name": name}
        )
        show_json(told | got | {"path": str(done.path)})
        return
    checked = f"as {done.entry.checksum}" if done.checked else "no checksum is published"
    show(f"got {done.origin}")
    show(f"sha256 {done.sha256} ({checked})")
    if done.imported is None:
        show(f"{done.path}; use it with: {done.entry.use.replace('FILE', str(done.path))}")
    else:
        _show_imported(done.imported)


def _told(model: "Imported") -> dict[str, Any]:
    """How an imported model was understood."""
    return {
        "layout": model.layout,
        "assumptions": model.assumptions,
        "doubts": model.doubts,
        "seen": model.seen,
        "picture": None if model.picture is None else str(model.picture),
    }


def _show_imported(model: "Imported") -> None:
    for line in model.assumptions:
        show(f"assumed: {line}")
    for line in model.doubts:
        show(f"doubtful: {line}")
    if model.picture is not None:
        show(f"saw {model.seen}: {model.picture}")
    show(f"imported {model.spec.name} ({model.spec.task}); use it by that name")


def _entry(entry: "Entry") -> dict[str, Any]:
    """An entry of the catalogue as plain values; what is not known is left out."""
    values = dataclasses.asdict(entry) | {"checksum": entry.checksum}
    return {key: value for key, value in values.items() if value not in ("", 0, (), {})}
