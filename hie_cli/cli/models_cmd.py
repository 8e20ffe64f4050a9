"""``hie models``: the models in the package and those you imported."""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hie_cli.core.errors import EXIT_MODEL

if TYPE_CHECKING:
    from hie_cli.models.spec import ModelSpec

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List, show, verify and import models.",
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.command("list")
def list_models(
    task: Annotated[str | None, typer.Option(help="Only those for this task.")] = None,
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
    from hie_cli.models.spec import TASKS

    if task is not None and task not in TASKS:
        raise ConfigError(f"--task {task}: unknown; use {', '.join(TASKS)}")
    rows = [_row(m) for m in registry.list_models() if task in (None, m.task)]
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
    from hie_cli.models import registry

    row = _row(registry.find(name))
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
        typer.echo(json.dumps(_row(model), indent=2))
    else:
        typer.echo(f"imported {model.name} ({model.task}) into {user_models.folder() / model.name}")


def _row(model: "ModelSpec") -> dict[str, Any]:
    """What is known of a model as plain values, in the order to print: name, task, licence first.

    What is not known is left out.
    """
    values = {
        "name": model.name,
        "task": model.task,
        "licence": model.licence,
        "summary": model.summary,
        "sha256": model.sha256,
        "network": model.architecture,
        "input": dataclasses.asdict(model.input),
        "score": dataclasses.asdict(model.score) if model.score else None,
        "joints": dataclasses.asdict(model.joints) if model.joints else None,
        "cost": model.cost,
        "source": model.source,
        "packaged": model.packaged,
    }
    return {key: value for key, value in values.items() if value not in (None, "")}
