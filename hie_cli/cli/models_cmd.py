"""``hie models``: the models in the package and those you imported."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from hie_cli.core.errors import EXIT_MODEL

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List, show, verify and import models.",
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.command("list")
def list_models(
    task: Annotated[str | None, typer.Option(help="Only those for detect or pose.")] = None,
    as_json: Json = False,
) -> None:
    """List every model by name, task, licence and what it is.

    \b
    Examples:
      hie models list
      hie models list --task pose --json
    """
    from hie_cli.core.errors import ConfigError
    from hie_cli.models import registry

    if task not in (None, "detect", "pose"):
        raise ConfigError(f"--task {task}: unknown; use detect or pose")
    rows = [_row(name) for name in registry.names(task)]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        line = f"{row['name']:<{width}}  {row['task']:<6}  {row['licence']:<10}  {row['summary']}"
        typer.echo(line.rstrip())


@app.command()
def show(name: str, as_json: Json = False) -> None:
    """Show everything known about one model.

    \b
    Examples:
      hie models show nanodet
      hie models show my-rtmpose --json
    """
    row = _row(name)
    if as_json:
        typer.echo(json.dumps(row, indent=2))
        return
    width = max(len(key) for key in row)
    for key, value in row.items():
        typer.echo(f"{key:<{width}}  {value}")


@app.command()
def verify(as_json: Json = False) -> None:
    """Check every model's files against their sha256; exit 4 if any is missing or damaged.

    \b
    Examples:
      hie models verify
      hie models verify --json
    """
    from hie_cli.models import registry

    rows = registry.verify()
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    else:
        for row in rows:
            typer.echo(f"{row['name']}: {row['error'] or 'ok'}")
    if any(row["error"] for row in rows):
        raise typer.Exit(EXIT_MODEL)


@app.command("import")
def import_model(
    file: Annotated[Path, typer.Argument(help="An .onnx file, or .safetensors, .pt or .pth.")],
    manifest: Annotated[Path, typer.Option(help="YAML; what it holds: docs/models.md.")],
    replace: Annotated[bool, typer.Option("--replace", help="Over one of that name.")] = False,
    as_json: Json = False,
) -> None:
    """Import your own model, to be used as --model NAME. It is tried once before it is stored.

    ONNX files: YOLOX, NanoDet, RTMO, RTMPose (SimCC), MoveNet. Weights (safetensors, or a torch
    state dict): for the networks of the packaged models.

    \b
    Examples:
      hie models import rtmpose-m.onnx --manifest rtmpose-m.yaml
      hie models import tuned.safetensors --manifest tuned.yaml --replace
    """
    from hie_cli.models import user_models

    model = user_models.install(file, manifest, replace=replace)
    if as_json:
        typer.echo(json.dumps(_row(model.name), indent=2))
    else:
        typer.echo(f"imported {model.name} ({model.task}) into {user_models.file_of(model).parent}")


def _row(name: str) -> dict[str, Any]:
    """What is known of a model, in the order to print: name, task, licence, summary first."""
    from hie_cli.models import registry, user_models
    from hie_cli.models.packaged import NETWORKS, Packaged

    model = registry.find(name)
    first: dict[str, Any] = {"name": name, "task": model.task, "licence": model.licence}
    if isinstance(model, Packaged):
        first |= {"summary": model.summary, "sha256": NETWORKS[model.network].weights}
    else:
        kind = f"like {model.like}" if model.like else f"{model.decoder} ONNX"
        first |= {"summary": f"imported, {kind}", "file": str(user_models.file_of(model))}
    return first | {k: v for k, v in dataclasses.asdict(model).items() if k not in first}
