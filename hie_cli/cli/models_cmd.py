"""``hie models``: the models in the package and those you imported."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import SET_UP, command
from hie_cli.cli.terminal import show, show_json
from hie_cli.core.errors import EXIT_MODEL, ConfigError, nearest

if TYPE_CHECKING:
    from hie_cli.models.spec import ModelSpec

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A model of `hie models list`.",
        autocompletion=options.beginning(options.model_names),
    ),
]


@command("models list", SET_UP)
def list_models(
    task: Annotated[
        str | None, typer.Option("--task", metavar="TASK", help="Only those for this task.")
    ] = None,
    json: options.Json = False,
) -> None:
    """List every model by name, task, licence and what it is.

    \b
    Examples:
      hie models list
      hie models list --task pose --json
    """
    from hie_cli.models.spec import TASKS

    if task is not None and task not in TASKS:
        known = f"(known: {', '.join(TASKS)})"
        raise ConfigError(f"--task {task}: unknown{nearest(task, list(TASKS))} {known}")
    rows = [_row(model) for model in hie_cli.list_models() if task in (None, model.task)]
    if json:
        show_json(rows)
        return
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        line = f"{row['name']:<{width}}  {row['task']:<6}  {row['licence']:<10}  {row['summary']}"
        show(line.rstrip())


@command("models show", SET_UP)
def show_model(name: Name, json: options.Json = False) -> None:
    """Show everything known about one model.

    \b
    Examples:
      hie models show nanodet
      hie models show my-rtmpose --json
    """
    from hie_cli.models import registry

    row = _row(registry.find(name))
    if json:
        show_json(row)
        return
    width = max(len(key) for key in row)
    for key, value in row.items():
        show(f"{key:<{width}}  {value}")


@command("models verify", SET_UP)
def verify(json: options.Json = False) -> None:
    """Check every model's files against their sha256; exit 4 if any is missing or damaged.

    \b
    Examples:
      hie models verify
      hie models verify --json
    """
    from hie_cli.models import registry

    rows = registry.verify()
    if json:
        show_json(rows)
    else:
        for row in rows:
            show(f"{row['name']}: {row['error'] or 'ok'}")
    if any(row["error"] for row in rows):
        raise typer.Exit(EXIT_MODEL)


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
    accept_doubts: Annotated[
        bool,
        typer.Option("--accept-doubts", help="Import what sees nobody, or may be read otherwise."),
    ] = False,
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
        told = {
            "layout": model.layout,
            "assumptions": model.assumptions,
            "doubts": model.doubts,
            "seen": model.seen,
            "picture": None if model.picture is None else str(model.picture),
        }
        show_json(_row(model.spec) | told)
        return
    for line in model.assumptions:
        show(f"assumed: {line}")
    for line in model.doubts:
        show(f"doubtful: {line}")
    if model.picture is not None:
        show(f"saw {model.seen}: {model.picture}")
    show(f"imported {model.spec.name} ({model.spec.task}); use it by that name")


@command("models calibrate", SET_UP)
def calibrate(
    name: Name,
    truth: Annotated[
        Path, typer.Option("--truth", metavar="GT", help="Ground truth: file, folder or zip.")
    ],
    video: Annotated[
        list[str], typer.Option("--video", metavar="VIDEO", help="Its videos; repeatable.")
    ],
    frames: Annotated[
        int, typer.Option("--frames", metavar="N", help="Labelled frames of each video.")
    ] = 60,
    device: options.Device = "auto",
    json: options.Json = False,
) -> None:
    """Fit what an imported model's scores mean to labelled videos, and store it with the model.

    Of a detector: scores, recall by height, widths of boxes, cost; of whatever sees poses: joint
    scores. With several videos, log losses of videos left out of the fit are shown beside those of
    the raw scores.

    \b
    Examples:
      hie models calibrate rtmdet-nano --truth gt.txt --video street.mp4
    """
    done = hie_cli.calibrate_model(name, truth, video, frames=frames, device=device)
    if json:
        show_json(_row(done.spec) | {"frames": done.frames, "losses": dict(done.losses)})
        return
    show(f"calibrated {name} on {done.frames} frames with {done.people} people")
    for kind, (left_out, raw) in done.losses.items():
        if left_out is not None:
            show(f"{kind}: log loss {left_out:.3f} on videos left out, raw {raw:.3f}")


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
        "boxes": dataclasses.asdict(model.boxes) if model.boxes else None,
        "joints": dataclasses.asdict(model.joints) if model.joints else None,
        "cost": model.cost,
        "source": model.source,
        "packaged": model.packaged,
    }
    return {key: value for key, value in values.items() if value not in (None, "")}
