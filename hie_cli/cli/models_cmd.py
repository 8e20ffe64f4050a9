"""``hie models list``, ``show`` and ``verify``: the models in the package and your own."""

import dataclasses
from typing import TYPE_CHECKING, Any

import typer

from hie_cli.cli import options
from hie_cli.cli.commands import SET_UP, command
from hie_cli.cli.model_rows import Name, OfTask, checked_task, megabytes, model_row
from hie_cli.cli.terminal import show, show_json
from hie_cli.core.errors import EXIT_MODEL

if TYPE_CHECKING:
    from hie_cli.pipeline.model_list import Listed


@command("models list", SET_UP)
def list_models(
    task: OfTask = None,
    json: options.Json = False,
) -> None:
    """List every model: name, task, licence, size, speed here if measured, and what it is.

    \b
    Examples:
      hie models list
      hie models list --task pose --json
    """
    from hie_cli.pipeline.model_list import listed

    rows = [model_row(each.spec) | _measured(each) for each in listed(checked_task(task))]
    if json:
        show_json(rows)
        return
    columns = ("name", "task", "licence", "size", "speed", "summary")
    lines = []
    for row in rows:
        speed = row["speed"]["text"] if "speed" in row else ""
        known = row | {"size": megabytes(row.get("bytes")), "speed": speed}
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

    row = model_row(model_list.find(name))
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


def _measured(listed: "Listed") -> dict[str, Any]:
    """Size and speed, where they are known."""
    found: dict[str, Any] = {} if listed.bytes is None else {"bytes": listed.bytes}
    if listed.speed is not None:
        found["speed"] = dataclasses.asdict(listed.speed) | {"text": listed.speed.text}
    return found
