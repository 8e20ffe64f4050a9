"""``hie models``: the models in the package and those you imported."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import SET_UP, command
from hie_cli.cli.terminal import show, show_json
from hie_cli.core.errors import EXIT_MODEL, ConfigError, nearest

if TYPE_CHECKING:
    from hie_cli.models.catalogue.entries import Entry
    from hie_cli.models.importing.importer import Imported
    from hie_cli.models.runtime import Precision
    from hie_cli.models.spec import ModelSpec
    from hie_cli.pipeline.model_list import Listed

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
    """List every model: name, task, licence, size, speed here if measured, and what it is.

    \b
    Examples:
      hie models list
      hie models list --task pose --json
    """
    from hie_cli.pipeline.model_list import listed

    rows = [_row(each.spec) | _measured(each) for each in listed(_task(task))]
    if json:
        show_json(rows)
        return
    columns = ("name", "task", "licence", "size", "speed", "summary")
    lines = []
    for row in rows:
        speed = row["speed"]["text"] if "speed" in row else ""
        known = row | {"size": _size(row.get("bytes")), "speed": speed}
        lines.append([known.get(key, "") for key in columns])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = zip(line, widths, strict=True)
        show("  ".join(f"{cell:<{width}}" for cell, width in cells).rstrip())


@command("models show", SET_UP)
def show_model(name: Name, json: options.Json = False) -> None:
    """Show everything known about one model.

    \b
    Examples:
      hie models show nanodet
      hie models show my-rtmpose --json
    """
    from hie_cli.pipeline import model_list

    row = _row(model_list.find(name))
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
    from hie_cli.pipeline import model_list

    rows = model_list.verify()
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
        show_json(_row(model.spec) | _told(model))
        return
    _show_imported(model)


@command("models available", SET_UP)
def available(
    task: Annotated[
        str | None, typer.Option("--task", metavar="TASK", help="Only those for this task.")
    ] = None,
    json: options.Json = False,
) -> None:
    """List well-known published models that `hie models pull` gets. Nothing is downloaded.

    \b
    Examples:
      hie models available --task detect
      hie models available --json
    """
    wanted = _task(task, ("flow",))
    entries = [each for each in hie_cli.available_models() if wanted in (None, each.task)]
    if json:
        show_json([_entry(each) for each in entries])
        return
    for each in entries:
        size = _size(each.bytes) if each.bytes else "size not stated"
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
    accept_doubts: Annotated[
        bool,
        typer.Option("--accept-doubts", help="Import what sees nobody, or may be read otherwise."),
    ] = False,
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
        told = _row(done.imported.spec) | _told(done.imported) if done.imported else {"name": name}
        show_json(told | got | {"path": str(done.path)})
        return
    checked = f"as {done.entry.checksum}" if done.checked else "no checksum is published"
    show(f"got {done.origin}")
    show(f"sha256 {done.sha256} ({checked})")
    if done.imported is None:
        show(f"{done.path}; use it with: {done.entry.use.replace('FILE', str(done.path))}")
    else:
        _show_imported(done.imported)


@command("models benchmark", SET_UP)
def benchmark(
    name: Name,
    rounds: Annotated[int, typer.Option("--rounds", metavar="N", help="Runs that are timed.")] = 20,
    threads: Annotated[
        int | None, typer.Option("--threads", metavar="N", help="CPU threads. Default: all.")
    ] = None,
    device: options.Device = "auto",
    precision: options.Precision = None,
    json: options.Json = False,
) -> None:
    """Measure a model's speed on this machine; `hie models list` shows it from then on.

    Of a detector the time for the packaged test picture at its own size, of pose and appearance
    models the time for a person, seven at once; in the numbers that `hie run` would use here.

    \b
    Examples:
      hie models benchmark nanodet
      hie models benchmark rtmpose-m --threads 1 --json
    """
    found = hie_cli.benchmark_model(
        name, rounds=rounds, device=device, threads=threads,
        precision=cast("Precision", precision or "auto"),
    )  # fmt: skip
    if json:
        show_json(dataclasses.asdict(found))
        return
    show(
        f"{name}: {found.text} (median of {found.rounds}, least {1000 * found.least:.1f} ms; "
        f"{found.device}, {found.precision}, {found.threads} threads, {found.cpu})"
    )


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
    sizes: Annotated[
        bool,
        typer.Option("--sizes", help="Let the detect stage choose its sizes within the budget."),
    ] = False,
    device: options.Device = "auto",
    json: options.Json = False,
) -> None:
    """Fit what an imported model's scores mean to labelled videos, and store it with the model.

    Of a detector: scores, recall by height, the size that suits it; of whatever sees poses: joint
    scores. With several videos, the fit leaves what was known so far only as far as videos left out
    confirm, and their log losses are shown beside those of the raw scores.

    \b
    Examples:
      hie models calibrate rtmdet-nano --truth gt.txt --video street.mp4
    """
    done = hie_cli.calibrate_model(name, truth, video, frames=frames, sizes=sizes, device=device)
    if json:
        told = {"frames": done.frames, "losses": dict(done.losses)}
        precision = {str(side or "own"): value for side, value in done.precision.items()}
        show_json(_row(done.spec) | told | {"precision": precision})
        return
    show(f"calibrated {name} on {done.frames} frames with {done.people} people")
    for kind, (left_out, raw) in done.losses.items():
        if left_out is not None:
            show(f"{kind}: log loss {left_out:.3f} on videos left out, raw {raw:.3f}")
    for side, value in done.precision.items():
        show(f"AP50 {value:.3f} at {side or 'its own size'}")


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


def _task(task: str | None, more: tuple[str, ...] = ()) -> Any:
    """``task`` if it is one; ConfigError otherwise."""
    from hie_cli.models.spec import TASKS

    names = [*TASKS, *more]
    if task is not None and task not in names:
        raise ConfigError(
            f"--task {task}: unknown{nearest(task, names)} (known: {', '.join(names)})"
        )
    return task


def _size(size: int | None) -> str:
    return "" if size is None else f"{size / 1e6:.1f} MB"


def _measured(listed: "Listed") -> dict[str, Any]:
    """Size and speed, where they are known."""
    found: dict[str, Any] = {} if listed.bytes is None else {"bytes": listed.bytes}
    if listed.speed is not None:
        found["speed"] = dataclasses.asdict(listed.speed) | {"text": listed.speed.text}
    return found


def _entry(entry: "Entry") -> dict[str, Any]:
    """An entry of the catalogue as plain values; what is not known is left out."""
    values = dataclasses.asdict(entry) | {"checksum": entry.checksum}
    return {key: value for key, value in values.items() if value not in ("", 0, (), {})}


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
