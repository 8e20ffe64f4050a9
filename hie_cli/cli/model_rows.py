"""What the commands of models share: their argument, and how a model is shown."""

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hie_cli.cli import options
from hie_cli.core.errors import ConfigError, nearest

if TYPE_CHECKING:
    from hie_cli.models.spec import ModelSpec

OfTask = Annotated[
    str | None, typer.Option("--task", metavar="TASK", help="Only those for this task.")
]
Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A model of `hie models list`.",
        autocompletion=options.beginning(options.model_names),
    ),
]


def checked_task(task: str | None, more: tuple[str, ...] = ()) -> Any:
    """``task`` if it is one; ConfigError otherwise."""
    from hie_cli.models.spec import TASKS

    names = [*TASKS, *more]
    if task is not None and task not in names:
        raise ConfigError(
            f"--task {task}: unknown{nearest(task, names)} (known: {', '.join(names)})"
        )
    return task


def megabytes(size: int | None) -> str:
    """A file's size in words; nothing where it is not known."""
    return "" if size is None else f"{size / 1e6:.1f} MB"


def model_row(model: "ModelSpec") -> dict[str, Any]:
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
